//! Sets the goods aside, all lines or none. Undo: they are given back.

use crate::{
    application::{checkout_case::CheckoutCase, orders::Orders},
    ports::stock::Stock,
};
use async_trait::async_trait;
use kernel::{Problem, defects};
use saga::{Progress, Step, StepError};
use std::sync::Arc;

pub(crate) struct Hold {
    pub(crate) orders: Arc<Orders>,
    pub(crate) stock: Arc<dyn Stock>,
}

#[async_trait]
impl Step<CheckoutCase> for Hold {
    fn name(&self) -> &'static str {
        "hold"
    }

    async fn execute(&self, case: &CheckoutCase) -> Result<Progress, StepError> {
        let found = super::placed(&self.orders, case.order_id).await?;
        if found.order.was_confirmed() {
            return Ok(Progress::Done);
        }
        let lines = found.order.placed.lines.iter().map(|line| (line.sku.clone(), line.quantity));
        let lines: Vec<(String, i64)> = lines.collect();
        self.stock.hold(case.hold_id(), case.order_id, &lines).await?;
        Ok(Progress::Done)
    }

    async fn undo(&self, case: &CheckoutCase, _: &Problem) -> Result<(), StepError> {
        if defects::planted("hold_not_released") {
            return Ok(());
        }
        Ok(self.stock.release(case.hold_id()).await?)
    }
}
