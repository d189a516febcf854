//! The payments that somebody has to ask the processor about.

use super::PaymentId;
use async_trait::async_trait;
use storage::{StorageError, Write};

/// The list of unsettled payments. It is written together with the events that put a payment on it or take it off,
/// so it survives whatever the payments survive.
#[async_trait]
pub(crate) trait Unsettled: Send + Sync {
    /// Puts a payment on the list.
    fn add(&self, payment: PaymentId) -> Write;

    /// Takes a payment off the list.
    fn remove(&self, payment: PaymentId) -> Write;

    /// Up to `limit` payments of the list after `after`, in the order of their ids.
    async fn list(
        &self,
        after: Option<PaymentId>,
        limit: usize,
    ) -> Result<Vec<PaymentId>, StorageError>;
}
