//! Port to the inventory service.

use super::PortError;
use async_trait::async_trait;
use kernel::Uuid;

/// Stock that can be held for an order.
#[async_trait]
pub(crate) trait Stock: Send + Sync {
    /// Holds stock for all lines or none. Repeated under the same id: the same hold, in whatever state it is.
    async fn hold(&self, hold: Uuid, order: Uuid, lines: &[(String, i64)])
    -> Result<(), PortError>;

    /// Commits a hold: its units are sold, also after it expired while they are still available; otherwise refuses with
    /// `hold_expired`. Idempotent.
    async fn commit(&self, hold: Uuid) -> Result<(), PortError>;

    /// Releases a hold, or returns its sold units. Idempotent; a hold that does not exist is no error, and can never be
    /// committed afterwards.
    async fn release(&self, hold: Uuid) -> Result<(), PortError>;

    /// Returns some of the sold units to stock, once per `reference`.
    async fn restock(
        &self,
        hold: Uuid,
        reference: Uuid,
        lines: &[(String, i64)],
        reason: &str,
    ) -> Result<(), PortError>;
}
