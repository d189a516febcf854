//! Consumer of the inventory feed: keeps the units available of each SKU in the search index.

use crate::index::{SearchIndex, persistence};
use async_trait::async_trait;
use contracts::inventory::InventoryEvent;
use messaging::{Handler, HandlerError, Message};
use std::sync::Arc;
use storage::Write;

/// Handler of inventory events.
#[derive(Debug)]
pub(crate) struct AvailabilityConsumer(pub(crate) Arc<SearchIndex>);

#[async_trait]
impl Handler<InventoryEvent> for AvailabilityConsumer {
    async fn handle(&self, message: &Message<InventoryEvent>) -> Result<Vec<Write>, HandlerError> {
        let InventoryEvent::AvailabilityChanged { sku, available } = &message.event else {
            return Ok(vec![]);
        };
        // This task is the only writer of the buckets, so the stored one is never older than the index.
        let (number, skus) = self.0.put_available(sku, *available);
        Ok(vec![persistence::put_bucket(number, &skus)])
    }
}
