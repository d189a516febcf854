//! Stock that can be set aside for an order.

use super::PortError;
use async_trait::async_trait;
use kernel::Uuid;

/// Stock that can be set aside for an order.
#[async_trait]
pub(crate) trait Stock: Send + Sync {
    /// Sets lines aside, all of them or none. Again under the same id: the same hold, however it stands by now.
    async fn hold(&self, hold: Uuid, order: Uuid, lines: &[(String, i64)])
    -> Result<(), PortError>;

    /// Sells what is held, also when its time is over but the goods are still there; otherwise refuses with
    /// `hold_expired`. Again is no error.
    async fn commit(&self, hold: Uuid) -> Result<(), PortError>;

    /// Gives back what is held, or takes back what was sold. Again is no error, nor is a hold that never was; it
    /// can never be taken afterwards.
    async fn release(&self, hold: Uuid) -> Result<(), PortError>;

    /// Takes units of what was sold back, once per `reference`.
    async fn restock(
        &self,
        hold: Uuid,
        reference: Uuid,
        lines: &[(String, i64)],
        reason: &str,
    ) -> Result<(), PortError>;
}
