//! Step: hold stock for all lines or none. Undo: the hold is released.

use crate::{
    application::{checkout_input::CheckoutInput, orders::Orders},
    ports::stock::Stock,
};
use async_trait::async_trait;
use identifiers::Sku;
use kernel::Problem;
use saga::{Progress, Step, StepError};
use std::sync::Arc;

/// Step that holds stock.
pub(crate) struct HoldStock {
    pub(crate) orders: Arc<Orders>,
    pub(crate) stock: Arc<dyn Stock>,
}

#[async_trait]
impl Step<CheckoutInput> for HoldStock {
    fn name(&self) -> &'static str {
        "hold"
    }

    async fn execute(&self, input: &CheckoutInput) -> Result<Progress, StepError> {
        let found = super::find_order(&self.orders, input.order_id).await?;
        if found.order.was_confirmed() {
            return Ok(Progress::Done);
        }
        let lines = found.order.placed.lines.iter().map(|line| (line.sku.clone(), line.quantity));
        let lines: Vec<(Sku, i64)> = lines.collect();
        self.stock.hold(input.hold_id(), input.order_id, &lines).await?;
        Ok(Progress::Done)
    }

    async fn undo(&self, input: &CheckoutInput, _: &Problem) -> Result<(), StepError> {
        Ok(self.stock.release(input.hold_id()).await?)
    }
}
