//! Port to the inventory service.

use super::PortError;
use async_trait::async_trait;
use identifiers::{HoldId, OrderId, RefundId, Sku};
use std::time::Duration;

/// Stock that can be held for an order.
#[async_trait]
pub(crate) trait Stock: Send + Sync {
    /// Holds stock for all lines or none, for `lifetime`. Repeated under the same id: the same hold, in whatever state it is.
    async fn hold(
        &self,
        hold: HoldId,
        order: OrderId,
        lines: &[(Sku, i64)],
        lifetime: Duration,
    ) -> Result<(), PortError>;

    /// Units on hand of each SKU.
    async fn on_hand(&self, skus: Vec<Sku>) -> Result<Vec<i64>, PortError>;

    /// Commits a hold: its units are sold, also after it expired while they are still available; otherwise refuses with
    /// `hold_expired`. Idempotent.
    async fn commit(&self, hold: HoldId) -> Result<(), PortError>;

    /// Releases a hold, or returns its sold units. Idempotent; a hold that does not exist is no error, and can never be
    /// committed afterwards.
    async fn release(&self, hold: HoldId) -> Result<(), PortError>;

    /// Returns some of the sold units to stock, once per refund id.
    async fn restock(
        &self,
        hold: HoldId,
        refund: RefundId,
        lines: &[(Sku, i64)],
        reason: &str,
    ) -> Result<(), PortError>;
}
