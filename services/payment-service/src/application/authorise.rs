//! Use case: authorise a payment.

use super::{
    PaymentError, Payments,
    payments::{CALL_TIMEOUT, Known, commit_failed, stream_name},
};
use crate::{
    domain::{AuthorisationOutcome, Payment, PaymentIntent, PaymentState, Rejection},
    ports::{AuthorisationRequest, Processor, TokenValidity},
};
use identifiers::{OrderId, PaymentId};
use kernel::Money;
use std::sync::Arc;
use storage::durability;
use tokio::time::{error::Elapsed, timeout};

/// Request for a payment.
#[derive(Clone, Debug)]
pub(crate) struct NewPayment {
    pub(crate) order_id: OrderId,
    pub(crate) amount: Money,
    pub(crate) method: String,
    pub(crate) token: String,
}

impl Payments {
    /// Authorises the payment. The same request again returns the same payment, also after its method is no longer
    /// offered; a payment that the bank declines has failed.
    pub(crate) async fn authorise(
        &self,
        id: PaymentId,
        new: NewPayment,
    ) -> Result<Arc<Payment>, PaymentError> {
        let known = self.repository.load(&stream_name(id)).await?.state;
        let processor = match &known {
            Some(_) => self.processors.get(new.method.as_str()).map(Arc::clone),
            None => Some(self.processor_for_new(&new)?),
        };
        let at = self.ids.now();
        let NewPayment { order_id, amount, method, token } = new;
        let intent = PaymentIntent { amount, method, token, at };
        let create = |payment: Option<&Payment>| Payment::create(payment, order_id, intent.clone());

        if let Some(known) = &known {
            create(Some(known))?;
            if known.state() != PaymentState::Created {
                return Ok(Arc::clone(known));
            }
        }
        let processor = processor.ok_or_else(|| PaymentError::MethodGone(intent.method.clone()))?;
        let mut absent = if known.is_none() { Known::Absent } else { Known::Unread };
        if known.is_none() && processor.is_external() {
            // A crash must not lose the fact that the bank was called.
            self.execute_on(absent, id, create).await?;
            durability::wait().await.map_err(commit_failed)?;
            absent = Known::Unread;
        }
        let request = authorisation_request(id, &intent);
        let outcome = timeout(CALL_TIMEOUT, processor.authorise(&request)).await;
        let outcome = outcome.unwrap_or(AuthorisationOutcome::Unknown);
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
        self.execute_on(absent, id, decide).await
    }

    /// Processor for a payment that does not exist yet, after the checks of what is requested.
    fn processor_for_new(&self, new: &NewPayment) -> Result<Arc<dyn Processor>, PaymentError> {
        let processor = self.offered_processor(&new.method)?;
        if let TokenValidity::Invalid(message) = processor.validate_token(&new.token) {
            return Err(PaymentError::InvalidToken(message));
        }
        if !new.amount.is_positive() {
            return Err(Rejection::AmountNotPositive.into());
        }
        Ok(processor)
    }

    /// Asks the processor about a payment that has no outcome yet: authorises it when the call may never have been made,
    /// otherwise queries the outcome. `None` where there is nothing to ask.
    pub(super) async fn query_outcome(
        &self,
        id: PaymentId,
        payment: &Payment,
        processor: &dyn Processor,
    ) -> Option<Result<AuthorisationOutcome, Elapsed>> {
        let request = authorisation_request(id, payment.intent()?);
        match payment.state() {
            PaymentState::Created => {
                Some(timeout(CALL_TIMEOUT, processor.authorise(&request)).await)
            }
            PaymentState::Unknown => Some(timeout(CALL_TIMEOUT, processor.look_up(&request)).await),
            PaymentState::RequiresAction
            | PaymentState::Authorised
            | PaymentState::PartiallyCaptured
            | PaymentState::Captured
            | PaymentState::Refunded
            | PaymentState::Voided
            | PaymentState::Failed => None,
        }
    }
}

fn authorisation_request(payment: PaymentId, intent: &PaymentIntent) -> AuthorisationRequest {
    let PaymentIntent { amount, token, at, .. } = intent.clone();
    AuthorisationRequest { payment, amount, token, at }
}
