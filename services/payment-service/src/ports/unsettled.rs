//! Port to the list of payments whose outcome is still open at the processor.

use async_trait::async_trait;
use identifiers::PaymentId;
use storage::{StorageError, Write};

/// List of unsettled payments. It is written in the same commit as the events that add a payment or remove it, so it
/// survives whatever the payments survive.
#[async_trait]
pub(crate) trait UnsettledPayments: Send + Sync {
    /// Write that adds a payment to the list.
    fn add(&self, payment: PaymentId) -> Write;

    /// Write that removes a payment from the list.
    fn remove(&self, payment: PaymentId) -> Write;

    /// Page of up to `limit` payments after `after`, in the order of their ids.
    async fn list(
        &self,
        after: Option<PaymentId>,
        limit: usize,
    ) -> Result<Vec<PaymentId>, StorageError>;
}
