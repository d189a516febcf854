//! Hears from the inventory how much is left, and keeps it with the catalogue.

use crate::index::{Index, stored};
use async_trait::async_trait;
use contracts::inventory::InventoryEvent;
use messaging::{Handler, HandlerError, Message};
use std::sync::Arc;
use storage::Write;

/// Takes in what the inventory tells.
#[derive(Debug)]
pub(crate) struct AvailabilityFollower(pub(crate) Arc<Index>);

/// The only kind of message that says how much is left.
const AVAILABILITY_CHANGED: &str = "availability_changed";

#[async_trait]
impl Handler for AvailabilityFollower {
    async fn handle(&self, message: &Message) -> Result<Vec<Write>, HandlerError> {
        // Other kinds, of today or of later, are nothing to the catalogue.
        if !message.data.is(AVAILABILITY_CHANGED) {
            return Ok(vec![]);
        }
        let event = message.data.read().map_err(|error| HandlerError::Poison(error.to_string()))?;
        let InventoryEvent::AvailabilityChanged { sku, available } = event else {
            return Ok(vec![]);
        };
        // Only this task writes shelves, so the last one written is the last one known.
        let (number, skus) = self.0.put_available(&sku, available);
        Ok(vec![stored::write_shelf(number, &skus)])
    }
}
