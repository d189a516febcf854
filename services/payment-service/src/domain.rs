//! A payment intent, from the wish to set money aside until all of it is taken, given back or set free.
//!
//! Pure and synchronous. What the processor says is a fact that comes in, and what it is to do is a fact that goes
//! out: an instruction stands in the payment until its answer is known.

mod events;
mod intent;
mod learning;
mod moving;
mod payment;
mod rejection;

pub(crate) use events::{Event, Happening, Instruction, Intent, Move, State};
pub(crate) use learning::{Ask, Outcome};
pub(crate) use moving::{Answer, RefundOrder};
pub(crate) use payment::{Payment, Refund};
pub(crate) use rejection::Rejection;

kernel::id! {
    /// What is paid for.
    OrderId
}
kernel::id! {
    /// Money given back, under the caller's own id.
    RefundId
}

/// The most captures, and the most refunds, of one payment.
pub(crate) const MOVES_MAX: usize = 1_000;
/// How many messages of the processor a payment remembers, so that a repeated one changes nothing.
pub(crate) const MESSAGES_REMEMBERED_MAX: usize = 64;
