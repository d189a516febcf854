//! Time limit around a step: an unavailable service ends the checkout once the limit has passed, so that the customer
//! does not wait for ever.

use crate::application::{checkout_input::CheckoutInput, orders::Orders};
use async_trait::async_trait;
use kernel::Problem;
use saga::{Progress, Step, StepError};
use std::{sync::Arc, time::Duration};

/// Decorator of a step with a time limit.
pub(crate) struct TimeLimit<S> {
    pub(crate) step: S,
    pub(crate) orders: Arc<Orders>,
    /// Limit of the time since the checkout began in which the step is retried, where the checkout has no deadline.
    pub(crate) elapsed_max: Duration,
}

#[async_trait]
impl<S: Step<CheckoutInput>> Step<CheckoutInput> for TimeLimit<S> {
    fn name(&self) -> &'static str {
        self.step.name()
    }

    async fn execute(&self, input: &CheckoutInput) -> Result<Progress, StepError> {
        match self.step.execute(input).await {
            Err(StepError::Unavailable(reason)) if self.has_elapsed(input) => {
                let problem = Problem::unavailable("the checkout").detail(reason);
                Err(StepError::refused(problem))
            }
            other => other,
        }
    }

    async fn undo(&self, input: &CheckoutInput, because: &Problem) -> Result<(), StepError> {
        self.step.undo(input, because).await
    }
}

impl<S> TimeLimit<S> {
    fn has_elapsed(&self, input: &CheckoutInput) -> bool {
        let until = input.deadline(self.elapsed_max);
        until.is_none_or(|until| self.orders.now() >= until)
    }
}
