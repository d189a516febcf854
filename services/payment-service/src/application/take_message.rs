//! What a processor tells by itself, later.

use super::{Payments, Refused};
use crate::{
    domain::{Outcome, Payment, Rejection},
    ports::PaymentId,
};
use std::sync::Arc;

/// A message of a processor whose signature was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The processor's id of it.
    pub(crate) id: String,
    pub(crate) payment: PaymentId,
    pub(crate) outcome: Outcome,
}

impl Payments {
    /// Takes a message of the processor of `method` in, once. Whoever sends messages about the payments of another
    /// processor finds none.
    pub(crate) async fn take_message(
        &self,
        method: &str,
        message: &Message,
    ) -> Result<Arc<Payment>, Refused> {
        let processor = self.processor(method)?;
        let at_once = |instruction: &_| processor.at_once(instruction);
        let take = |payment: &Payment| {
            if payment.intent.as_ref().is_none_or(|intent| intent.method != method) {
                return Err(Rejection::UnknownPayment);
            }
            payment.take_message(&message.id, &message.outcome, &at_once)
        };
        let payment = self.change(message.payment, take).await?;
        match self.carry_out(message.payment, Arc::clone(&payment), &*processor).await {
            // What is still under way is the resolver's.
            Err(Refused::Rejected(Rejection::OutcomeUnknown)) => Ok(payment),
            carried_out => carried_out,
        }
    }
}
