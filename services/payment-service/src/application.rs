//! What can be asked of payments.

mod act;
mod authorise;
mod cancel;
mod capture;
mod payments;
mod refund;
mod resolve;
mod take_message;

pub(crate) use act::Action;
pub(crate) use authorise::Wish;
pub(crate) use payments::{Payments, Refused};
pub(crate) use resolve::Resolver;
pub(crate) use take_message::Message;
