//! A product and everything that may happen to it. Nothing here waits, reads a clock or knows how it is stored.

mod changes;
mod checks;
mod create;
pub(crate) mod draft;
pub(crate) mod events;
pub(crate) mod limits;
pub(crate) mod prior_price;
mod product;
mod reduction;
mod rejection;
pub(crate) mod words;

pub(crate) use draft::{Changes, Command, Draft, StatusWish, VariantDraft};
pub(crate) use events::ProductEvent;
pub(crate) use product::{Product, Status, Variant};
pub(crate) use reduction::Reduction;
pub(crate) use rejection::Rejection;
