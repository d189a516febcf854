//! What the customer does where the bank wants to see the customer, as with 3-D Secure.

use super::{Payments, Refused};
use crate::{
    domain::{Outcome, Payment, Rejection, State},
    ports::PaymentId,
};
use std::sync::Arc;

/// What the customer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Approve,
    Decline,
}

impl Payments {
    /// Takes in what the customer did. A payment that does not wait for it is refused by its state, unless it
    /// stands where the action would have led.
    pub(crate) async fn act(&self, id: PaymentId, action: Action) -> Result<Arc<Payment>, Refused> {
        let processor = self.processor_of(id).await?;
        let at_once = |instruction: &_| processor.at_once(instruction);
        let act = |payment: &Payment| match (payment.state, action) {
            (State::RequiresAction, Action::Approve) => {
                payment.learn(&Outcome::Authorised, &at_once)
            }
            (State::RequiresAction, Action::Decline) => {
                let reason = "declined_by_customer".to_owned();
                payment.learn(&Outcome::Declined { reason }, &at_once)
            }
            (State::Authorised | State::PartiallyCaptured | State::Captured, Action::Approve)
            | (State::Failed, Action::Decline) => Ok(Vec::new()),
            (State::Unknown, _) => Err(Rejection::OutcomeUnknown),
            (State::Created, _) => Err(Rejection::NotAuthorised),
            (state, _) => Err(Rejection::Already(state)),
        };
        self.change(id, act).await
    }
}
