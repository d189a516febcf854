//! Use cases of the payment service, one per file.

mod authorise;
mod cancel;
mod capture;
mod customer_action;
mod error;
mod handle_webhook;
mod offer;
mod payments;
mod reconcile;
mod refund;

pub(crate) use authorise::NewPayment;
pub(crate) use customer_action::CustomerAction;
pub(crate) use error::PaymentError;
pub(crate) use handle_webhook::WebhookMessage;
pub(crate) use offer::Offer;
pub(crate) use payments::{Payments, STREAM_PREFIX};
pub(crate) use reconcile::{ReconcileLimits, Reconciler};
