//! The cart has become the order. The order stands whatever the cart says, so there is no way back from here.

use crate::{application::checkout_case::CheckoutCase, ports::carts::Carts};
use async_trait::async_trait;
use saga::{Progress, Step, StepError};
use std::sync::Arc;

pub(crate) struct CloseCart {
    pub(crate) carts: Arc<dyn Carts>,
}

#[async_trait]
impl Step<CheckoutCase> for CloseCart {
    fn name(&self) -> &'static str {
        "close_cart"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, case: &CheckoutCase) -> Result<Progress, StepError> {
        if let Some(cart) = case.cart_id() {
            self.carts.ordered(cart, case.order_id).await?;
        }
        Ok(Progress::Done)
    }
}
