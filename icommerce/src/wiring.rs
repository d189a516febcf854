//! The only place that knows which engines exist.

mod embedded;
mod figures;
mod forgetful;
mod remote;

pub(crate) use embedded::Embedded;
pub(crate) use forgetful::Forgetful;
pub(crate) use remote::way_to;
