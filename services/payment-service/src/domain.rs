//! Payment aggregate: a payment intent from its authorisation until everything is captured, refunded or voided.
//!
//! Pure and synchronous. What the processor reports comes in as an outcome; what it is to do goes out as a transfer,
//! which stays pending in the payment until its outcome is known.

mod events;
mod intent;
mod outcome;
mod payment;
mod rejection;
mod transfers;

pub(crate) use events::{
    PaymentEvent, PaymentEventKind, PaymentIntent, PaymentState, Transfer, TransferKind,
};
pub(crate) use outcome::{AuthorisationOutcome, InlineProcessor};
#[cfg(feature = "defects")]
pub(crate) use payment::Progress;
pub(crate) use payment::{Payment, Refund};
pub(crate) use rejection::Rejection;
pub(crate) use transfers::{RefundRequest, TransferOutcome};

/// Limit of captures, and of refunds, of one payment.
pub(crate) const TRANSFERS_MAX: usize = 1_000;
/// Number of message ids that a payment remembers, so that a redelivered message changes nothing.
pub(crate) const MESSAGE_IDS_MAX: usize = 64;
