//! Step: close the cart. The order is valid whatever the cart service answers, so this step is never undone.

use crate::{application::checkout_input::CheckoutInput, ports::carts::Carts};
use async_trait::async_trait;
use saga::{Progress, Step, StepError};
use std::sync::Arc;

/// Step that marks the cart as ordered.
pub(crate) struct CloseCart {
    pub(crate) carts: Arc<dyn Carts>,
}

#[async_trait]
impl Step<CheckoutInput> for CloseCart {
    fn name(&self) -> &'static str {
        "close_cart"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, input: &CheckoutInput) -> Result<Progress, StepError> {
        if let Some(cart) = input.cart_id() {
            self.carts.ordered(cart, input.order_id).await?;
        }
        Ok(Progress::Done)
    }
}
