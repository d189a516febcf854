//! Step: hold stock for all lines or none. Undo: the hold is released.

use crate::{
    application::{checkout_input::CheckoutInput, orders::Orders},
    ports::stock::Stock,
};
use async_trait::async_trait;
use identifiers::Sku;
use kernel::Problem;
use saga::{Progress, Step, StepError};
use std::{sync::Arc, time::Duration};

/// Time for which stock is held after the deadline of a prepayment, so that money that arrives at the last moment finds it.
const GRACE: Duration = Duration::from_hours(1);

/// Step that holds stock.
pub(crate) struct HoldStock {
    pub(crate) orders: Arc<Orders>,
    pub(crate) stock: Arc<dyn Stock>,
    /// Lifetime of a hold, unless the order waits for its prepayment.
    pub(crate) lifetime: Duration,
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
        let placed = &found.order.placed;
        let lines = placed.lines.iter().map(|line| (line.sku.clone(), line.quantity));
        let lines: Vec<(Sku, i64)> = lines.collect();
        let lifetime = self.lifetime(input);
        self.stock.hold(placed.hold_id, input.order_id, &lines, lifetime).await?;
        Ok(Progress::Done)
    }

    async fn undo(&self, input: &CheckoutInput, _: &Problem) -> Result<(), StepError> {
        Ok(self.stock.release(input.hold_id()).await?)
    }
}

impl HoldStock {
    fn lifetime(&self, input: &CheckoutInput) -> Duration {
        match input.pay_by {
            Some(pay_by) if input.terms.is_prepayment() => {
                let left = Duration::try_from(pay_by.duration_since(self.orders.now()));
                left.unwrap_or_default() + GRACE
            }
            _ => self.lifetime,
        }
    }
}
