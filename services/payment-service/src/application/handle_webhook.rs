//! Use case: handle a webhook, by which a processor reports an outcome later.

use super::{PaymentError, Payments};
use crate::domain::{AuthorisationOutcome, Payment, Rejection};
use identifiers::PaymentId;
use std::sync::Arc;

/// Message of a processor, with a verified signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebhookMessage {
    /// The processor's id of the message.
    pub(crate) id: String,
    pub(crate) payment: PaymentId,
    pub(crate) outcome: AuthorisationOutcome,
}

impl Payments {
    /// Handles a message of the processor of `method`, once. Payments of other processors are unknown to it.
    pub(crate) async fn handle_webhook(
        &self,
        method: &str,
        message: &WebhookMessage,
    ) -> Result<Arc<Payment>, PaymentError> {
        let processor = self.processor(method)?;
        let execute_inline = |transfer: &_| processor.execute_inline(transfer);
        let receive = |payment: &Payment| {
            if payment.intent().is_none_or(|intent| intent.method != method) {
                return Err(Rejection::UnknownPayment);
            }
            payment.receive_message(&message.id, &message.outcome, &execute_inline)
        };
        let payment = self.update(message.payment, receive).await?;
        match self.execute_transfers(message.payment, Arc::clone(&payment), &*processor).await {
            // Pending transfers are left to the reconciler.
            Err(PaymentError::Rejected(Rejection::OutcomeUnknown)) => Ok(payment),
            settled => settled,
        }
    }
}
