//! Outbound ports of the payment service.

mod processor;
mod unsettled;

pub(crate) use processor::{AuthorisationRequest, Processor, TokenValidity};
pub(crate) use unsettled::UnsettledPayments;
