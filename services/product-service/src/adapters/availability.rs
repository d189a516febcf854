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

/// Type of the only message that carries availability.
const AVAILABILITY_CHANGED: &str = "availability_changed";

#[async_trait]
impl Handler for AvailabilityConsumer {
    async fn handle(&self, message: &Message) -> Result<Vec<Write>, HandlerError> {
        // Messages of other types, present and future, do not concern the catalogue.
        if !message.data.is(AVAILABILITY_CHANGED) {
            return Ok(vec![]);
        }
        let event = message.data.read().map_err(|error| HandlerError::Poison(error.to_string()))?;
        let InventoryEvent::AvailabilityChanged { sku, available } = event else {
            return Ok(vec![]);
        };
        // This task is the only writer of the buckets, so the stored one is never older than the index.
        let (number, skus) = self.0.put_available(&sku, available);
        Ok(vec![persistence::put_bucket(number, &skus)])
    }
}
