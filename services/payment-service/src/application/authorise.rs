//! Use case: authorise a payment.

use super::{
    PaymentError, Payments,
    payments::{CALL_TIMEOUT, commit_failed, stream_name},
};
use crate::{
    domain::{AuthorisationOutcome, Payment, PaymentIntent, PaymentState, Rejection},
    ports::{AuthorisationRequest, Processor, TokenValidity},
};
use identifiers::{OrderId, PaymentId};
use kernel::Money;
use std::sync::Arc;
use storage::durability;

/// Request for a payment.
#[derive(Clone, Debug)]
pub(crate) struct NewPayment {
    pub(crate) order_id: OrderId,
    pub(crate) amount: Money,
    pub(crate) method: String,
    pub(crate) token: String,
}

impl Payments {
    /// Authorises the payment. The same request again returns the same payment; a payment that the bank declines has
    /// failed.
    pub(crate) async fn authorise(
        &self,
        id: PaymentId,
        new: NewPayment,
    ) -> Result<Arc<Payment>, PaymentError> {
        let processor = self.processor(&new.method)?;
        if let TokenValidity::Invalid(message) = processor.validate_token(&new.token) {
            return Err(PaymentError::InvalidToken(message));
        }
        if !new.amount.is_positive() {
            return Err(Rejection::AmountNotPositive.into());
        }
        let at = self.ids.now();
        let NewPayment { order_id, amount, method, token } = new;
        let intent = PaymentIntent { amount, method, token, at };
        let create = |payment: Option<&Payment>| Payment::create(payment, order_id, intent.clone());

        let known = self.repository.load(&stream_name(id)).await?.state;
        if let Some(known) = known {
            create(Some(&known))?;
            if known.state != PaymentState::Created {
                return Ok(known);
            }
        } else if processor.is_external() {
            // A crash must not lose the fact that the bank was called.
            self.execute(id, create).await?;
            durability::wait().await.map_err(commit_failed)?;
        }
        let outcome = authorise(id, &intent, &*processor).await;
        let execute_inline = |transfer: &_| processor.execute_inline(transfer);
        let decide = |payment: Option<&Payment>| {
            let mut events = create(payment)?;
            let created = Payment::after(payment, &events).ok_or(Rejection::UnknownPayment)?;
            match created.apply_outcome(&outcome, &execute_inline) {
                Ok(applied) => events.extend(applied),
                // A concurrent writer has recorded a later outcome.
                Err(Rejection::Already(_)) => {}
                Err(other) => return Err(other),
            }
            Ok(events)
        };
        self.execute(id, decide).await
    }

    /// Asks the processor about a payment that has no outcome yet: authorises it when the call may never have been made,
    /// otherwise queries the outcome.
    pub(super) async fn query_outcome(
        &self,
        id: PaymentId,
        payment: &Payment,
        processor: &dyn Processor,
    ) -> Option<AuthorisationOutcome> {
        let intent = payment.intent.as_ref()?;
        match payment.state {
            PaymentState::Created => Some(authorise(id, intent, processor).await),
            PaymentState::Unknown => {
                let request = authorisation_request(id, intent);
                Some(with_timeout(processor.look_up(&request)).await)
            }
            _ => None,
        }
    }
}

/// Calls the processor to authorise.
async fn authorise(
    id: PaymentId,
    intent: &PaymentIntent,
    processor: &dyn Processor,
) -> AuthorisationOutcome {
    with_timeout(processor.authorise(&authorisation_request(id, intent))).await
}

/// Call with a time limit, after which the outcome is unknown.
async fn with_timeout(call: impl Future<Output = AuthorisationOutcome>) -> AuthorisationOutcome {
    tokio::time::timeout(CALL_TIMEOUT, call).await.unwrap_or(AuthorisationOutcome::Unknown)
}

fn authorisation_request(payment: PaymentId, intent: &PaymentIntent) -> AuthorisationRequest {
    let PaymentIntent { amount, token, at, .. } = intent.clone();
    AuthorisationRequest { payment, amount, token, at }
}
