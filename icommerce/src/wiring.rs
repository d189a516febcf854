//! The only place that knows which engines exist.

mod embedded;
mod remote;

pub(crate) use embedded::Embedded;
pub(crate) use remote::way_to;
