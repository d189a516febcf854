//! Use case: record money that arrived by bank transfer.

use super::{
    checkout_input::{CheckoutInput, checkout_id},
    ending::require_effect,
    error::OrderError,
    orders::{Orders, VersionedOrder},
    receipt_saga::ReceiptInput,
};
use crate::domain::rejection::Rejection;
use identifiers::OrderId;
use kernel::{Money, Uuid};
use saga::Runner;
use std::sync::Arc;

/// Use case that records a receipt.
#[derive(Clone)]
pub(crate) struct RecordReceipt {
    pub(crate) orders: Arc<Orders>,
    pub(crate) receipts: Runner<ReceiptInput>,
    pub(crate) checkouts: Runner<CheckoutInput>,
}

impl RecordReceipt {
    /// Records the receipt, once per `operation`. An order that waited for its prepayment is confirmed on return, once all
    /// of it has arrived.
    pub(crate) async fn execute(
        &self,
        order_id: OrderId,
        operation: Uuid,
        amount: Money,
        reference: String,
    ) -> Result<VersionedOrder, OrderError> {
        let found = self.find(order_id).await?;
        found.order.check_paid_by_transfer()?;
        let payment_id = found.order.placed.payment_id;
        let input = ReceiptInput { order_id, payment_id, operation, amount, reference };
        let status = self.receipts.begin(operation, input).await?;
        require_effect(&status, "the payment")?;
        // An order that waits for no payment has no checkout to wake.
        self.checkouts.wake_and_settle(checkout_id(order_id).into()).await;
        self.find(order_id).await
    }

    async fn find(&self, id: OrderId) -> Result<VersionedOrder, OrderError> {
        Ok(self.orders.find(id).await?.ok_or(Rejection::Unknown)?)
    }
}
