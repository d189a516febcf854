//! Requests of shoppers in, pages out: what every address of the shop has in common.

mod compress;
mod cookie;
mod dress;
mod fields;
mod reply;
mod trouble;
mod visit;

pub(crate) use compress::{Compressed, Encoding, brotli, gzip};
use cookie::cart_cookie;
pub(crate) use dress::dress;
pub(crate) use fields::Fields;
pub(crate) use reply::{CartMemory, Kept, Reply, moved, see_other};
pub(crate) use trouble::Trouble;
pub(crate) use visit::{Purpose, Visit, Wants};

use axum::response::Response;

/// What a page handler returns.
pub(crate) type Answer = Result<Response, Trouble>;
