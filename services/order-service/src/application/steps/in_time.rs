//! A step that is given up when nobody answered for too long: the customer is not left waiting for ever.

use crate::application::{checkout_case::CheckoutCase, orders::Orders};
use async_trait::async_trait;
use kernel::Problem;
use saga::{Progress, Step, StepError};
use std::{sync::Arc, time::Duration};

pub(crate) struct InTime<S> {
    pub(crate) step: S,
    pub(crate) orders: Arc<Orders>,
    /// How long after its beginning a checkout may still be tried.
    pub(crate) tried_max: Duration,
}

#[async_trait]
impl<S: Step<CheckoutCase>> Step<CheckoutCase> for InTime<S> {
    fn name(&self) -> &'static str {
        self.step.name()
    }

    async fn execute(&self, case: &CheckoutCase) -> Result<Progress, StepError> {
        match self.step.execute(case).await {
            Err(StepError::Unavailable(reason)) if self.is_over(case) => {
                let problem = Problem::unavailable("the checkout").detail(reason);
                Err(StepError::refused(problem))
            }
            other => other,
        }
    }

    async fn undo(&self, case: &CheckoutCase, because: &Problem) -> Result<(), StepError> {
        self.step.undo(case, because).await
    }
}

impl<S> InTime<S> {
    fn is_over(&self, case: &CheckoutCase) -> bool {
        let until = case.begun_at.checked_add(self.tried_max).ok();
        until.is_none_or(|until| self.orders.now() >= until)
    }
}
