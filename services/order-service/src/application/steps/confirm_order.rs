//! Step: commit the hold, capture the payment unless the policy captures at fulfilment, and confirm the order. Undo:
//! nothing of its own; the undo of the earlier steps also reverts a committed hold and a captured payment.

use crate::{
    application::{
        checkout_input::{CapturePolicy, CheckoutInput},
        orders::Orders,
        unpaid_orders::UnpaidOrders,
    },
    domain::{events::PaymentTerms, order::OrderCommand},
    ports::{payments::Payments, stock::Stock},
};
use async_trait::async_trait;
use kernel::Money;
use saga::{Progress, Step, StepError};
use std::sync::Arc;

/// Step that confirms the order.
pub(crate) struct ConfirmOrder {
    pub(crate) orders: Arc<Orders>,
    pub(crate) stock: Arc<dyn Stock>,
    pub(crate) payments: Arc<dyn Payments>,
    pub(crate) unpaid: Arc<UnpaidOrders>,
}

#[async_trait]
impl Step<CheckoutInput> for ConfirmOrder {
    fn name(&self) -> &'static str {
        "confirm"
    }

    async fn execute(&self, input: &CheckoutInput) -> Result<Progress, StepError> {
        let found = super::find_order(&self.orders, input.order_id).await?;
        if found.order.was_confirmed() {
            return Ok(Progress::Done);
        }
        let placed = &found.order.placed;
        let due = placed.totals.total;
        // Stock first: no payment is captured for units that are gone.
        self.stock.commit(placed.hold_id).await?;
        let captured = match (&placed.terms, input.capture) {
            _ if due.is_zero() => due,
            // All of it has arrived.
            (PaymentTerms::Prepayment { .. }, _) => due,
            (PaymentTerms::Invoice { .. }, _)
            | (PaymentTerms::Processor, CapturePolicy::AtFulfilment) => Money::zero(due.currency),
            (PaymentTerms::Processor, CapturePolicy::AtConfirmation) => {
                self.payments.capture(placed.payment_id).await?
            }
        };
        self.orders.execute(input.order_id, &OrderCommand::Confirm { captured }).await?;
        self.unpaid.remove(input.order_id);
        Ok(Progress::Done)
    }
}
