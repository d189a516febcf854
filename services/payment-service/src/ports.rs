//! What payments need from outside, in their own words.

mod processor;
mod unsettled;

pub(crate) use processor::{Authorising, Means, PaymentId, Processor};
pub(crate) use unsettled::Unsettled;
