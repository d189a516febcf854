//! Has the money set aside, or waits for whoever has to act. Undo: it is set free, or given back.

use crate::{
    application::{checkout_case::CheckoutCase, orders::Orders},
    domain::order::{Command, Waiting},
    ports::payments::{Authorisation, Authorise as Wanted, Payments},
};
use async_trait::async_trait;
use contracts::codes;
use kernel::Problem;
use saga::{Progress, Step, StepError};
use std::{sync::Arc, time::Duration};

pub(crate) struct Authorise {
    pub(crate) orders: Arc<Orders>,
    pub(crate) payments: Arc<dyn Payments>,
    /// How long a payment may wait for the customer or the bank.
    pub(crate) wait_max: Duration,
}

#[async_trait]
impl Step<CheckoutCase> for Authorise {
    fn name(&self) -> &'static str {
        "authorise"
    }

    async fn execute(&self, case: &CheckoutCase) -> Result<Progress, StepError> {
        let found = super::placed(&self.orders, case.order_id).await?;
        if found.order.was_confirmed() {
            return Ok(Progress::Done);
        }
        let amount = found.order.placed.totals.total;
        if amount.is_zero() {
            return Ok(Progress::Done);
        }
        let wanted = Wanted {
            payment: case.payment_id(),
            order: case.order_id,
            amount,
            method: &case.payment_method,
            token: &case.payment_token,
        };
        match self.payments.authorise(wanted).await? {
            Authorisation::Authorised => Ok(Progress::Done),
            Authorisation::Declined { why } => Err(StepError::refused(declined(why))),
            Authorisation::Waiting { reason, action_url } => {
                self.wait(case, Waiting { reason, action_url }).await
            }
        }
    }

    async fn undo(&self, case: &CheckoutCase, _: &Problem) -> Result<(), StepError> {
        if kernel::defects::planted("payment_not_cancelled") {
            return Ok(());
        }
        Ok(self.payments.cancel(case.payment_id(), case.order_id).await?)
    }
}

impl Authorise {
    async fn wait(&self, case: &CheckoutCase, waiting: Waiting) -> Result<Progress, StepError> {
        let until = case.begun_at.checked_add(self.wait_max).ok();
        if until.is_none_or(|until| self.orders.now() >= until) {
            return Err(StepError::refused(too_late()));
        }
        let reason = waiting.reason.clone();
        self.orders.execute(case.order_id, &Command::AwaitPayment(waiting)).await?;
        Ok(Progress::Waiting { reason, until })
    }
}

fn declined(why: String) -> Problem {
    let title = "the payment was declined; nothing was charged; try another means of payment";
    Problem::new(402, codes::PAYMENT_DECLINED, title).fact("failure", why)
}

fn too_late() -> Problem {
    let title = "the payment was not completed in time; nothing was charged";
    Problem::new(402, codes::PAYMENT_DECLINED, title).fact("failure", "not_completed_in_time")
}
