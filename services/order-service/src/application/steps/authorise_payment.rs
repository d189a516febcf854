//! Step: authorise the payment, or wait for the customer or the bank. Undo: the payment is cancelled.

use crate::{
    application::{checkout_input::CheckoutInput, orders::Orders},
    domain::{order::OrderCommand, order_state::PendingPayment},
    ports::payments::{AuthorisationRequest, AuthorisationStatus, Payments},
};
use async_trait::async_trait;
use contracts::codes;
use kernel::Problem;
use saga::{Progress, Step, StepError};
use std::{sync::Arc, time::Duration};

/// Step that authorises the payment.
pub(crate) struct AuthorisePayment {
    pub(crate) orders: Arc<Orders>,
    pub(crate) payments: Arc<dyn Payments>,
    /// Limit of the time that a payment may wait for the customer or the bank.
    pub(crate) wait_max: Duration,
}

#[async_trait]
impl Step<CheckoutInput> for AuthorisePayment {
    fn name(&self) -> &'static str {
        "authorise"
    }

    async fn execute(&self, input: &CheckoutInput) -> Result<Progress, StepError> {
        let found = super::find_order(&self.orders, input.order_id).await?;
        if found.order.was_confirmed() {
            return Ok(Progress::Done);
        }
        let amount = found.order.placed.totals.total;
        if amount.is_zero() {
            return Ok(Progress::Done);
        }
        let request = AuthorisationRequest {
            payment: input.payment_id(),
            order: input.order_id,
            amount,
            method: &input.payment_method,
            token: &input.payment_token,
        };
        match self.payments.authorise(request).await? {
            AuthorisationStatus::Authorised => Ok(Progress::Done),
            AuthorisationStatus::Declined { reason } => Err(StepError::refused(declined(reason))),
            AuthorisationStatus::Waiting { reason, action_url } => {
                self.wait(input, PendingPayment { reason, action_url }).await
            }
        }
    }

    async fn undo(&self, input: &CheckoutInput, _: &Problem) -> Result<(), StepError> {
        Ok(self.payments.cancel(input.payment_id(), input.order_id).await?)
    }
}

impl AuthorisePayment {
    async fn wait(
        &self,
        input: &CheckoutInput,
        pending: PendingPayment,
    ) -> Result<Progress, StepError> {
        let until = input.begun_at.checked_add(self.wait_max).ok();
        if until.is_none_or(|until| self.orders.now() >= until) {
            return Err(StepError::refused(timed_out()));
        }
        let reason = pending.reason.clone();
        self.orders.execute(input.order_id, &OrderCommand::AwaitPayment(pending)).await?;
        Ok(Progress::Waiting { reason, until })
    }
}

fn declined(reason: String) -> Problem {
    let title = "the payment was declined and nothing was charged; try another payment method";
    Problem::new(402, codes::PAYMENT_DECLINED, title).fact("failure", reason)
}

fn timed_out() -> Problem {
    let title = "the payment was not completed in time; nothing was charged";
    Problem::new(402, codes::PAYMENT_DECLINED, title).fact("failure", "not_completed_in_time")
}
