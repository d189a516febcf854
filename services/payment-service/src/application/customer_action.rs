//! Use case: the customer's action where the bank requires one, as with 3-D Secure.

use super::{PaymentError, Payments};
use crate::domain::{AuthorisationOutcome, Payment, PaymentState, Rejection};
use identifiers::PaymentId;
use std::sync::Arc;

/// Action of the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CustomerAction {
    Approve,
    Decline,
}

impl Payments {
    /// Applies the customer's action. A payment that does not wait for one is rejected with its state, unless it is
    /// already where the action would have led.
    pub(crate) async fn apply_customer_action(
        &self,
        id: PaymentId,
        action: CustomerAction,
    ) -> Result<Arc<Payment>, PaymentError> {
        let processor = self.processor_of(id).await?;
        let execute_inline = |transfer: &_| processor.execute_inline(transfer);
        let apply = |payment: &Payment| match (payment.state(), action) {
            (PaymentState::RequiresAction, CustomerAction::Approve) => {
                payment.apply_outcome(&AuthorisationOutcome::Authorised, &execute_inline)
            }
            (PaymentState::RequiresAction, CustomerAction::Decline) => {
                let reason = "declined_by_customer".to_owned();
                payment.apply_outcome(&AuthorisationOutcome::Declined { reason }, &execute_inline)
            }
            (
                PaymentState::Authorised | PaymentState::PartiallyCaptured | PaymentState::Captured,
                CustomerAction::Approve,
            )
            | (PaymentState::Failed, CustomerAction::Decline) => Ok(Vec::new()),
            (PaymentState::Unknown, _) => Err(Rejection::OutcomeUnknown),
            (PaymentState::Created, _) => Err(Rejection::NotAuthorised),
            (state, _) => Err(Rejection::Already(state)),
        };
        self.update(id, apply).await
    }
}
