//! Makes it final: the goods are sold, the money is taken unless it is to be taken when they leave, the order is
//! confirmed. Undo: there is nothing of its own;
//! the undos of the steps before take goods and money back from here as well.

use crate::{
    application::{
        checkout_case::{CapturePolicy, CheckoutCase},
        orders::Orders,
    },
    domain::order::Command,
    ports::{payments::Payments, stock::Stock},
};
use async_trait::async_trait;
use kernel::Money;
use saga::{Progress, Step, StepError};
use std::sync::Arc;

pub(crate) struct Confirm {
    pub(crate) orders: Arc<Orders>,
    pub(crate) stock: Arc<dyn Stock>,
    pub(crate) payments: Arc<dyn Payments>,
}

#[async_trait]
impl Step<CheckoutCase> for Confirm {
    fn name(&self) -> &'static str {
        "confirm"
    }

    async fn execute(&self, case: &CheckoutCase) -> Result<Progress, StepError> {
        let found = super::placed(&self.orders, case.order_id).await?;
        if found.order.was_confirmed() {
            return Ok(Progress::Done);
        }
        let due = found.order.placed.totals.total;
        if kernel::defects::planted("confirmed_before_goods") {
            self.orders.execute(case.order_id, &Command::Confirm { captured: due }).await?;
        }
        // The goods first: no money is taken for what is gone.
        self.stock.commit(case.hold_id()).await?;
        let captured = match case.capture {
            _ if due.is_zero() => due,
            CapturePolicy::AtConfirmation => self.payments.capture(case.payment_id()).await?,
            CapturePolicy::AtFulfilment => Money::zero(due.currency),
        };
        self.orders.execute(case.order_id, &Command::Confirm { captured }).await?;
        Ok(Progress::Done)
    }
}
