//! Event feed (outbox): availability of scarce SKUs and operators' stock changes, as contract events.

use crate::domain::{AVAILABILITY_CHANGED, Event, LOW_STOCK_UNITS};
use contracts::inventory::InventoryEvent;
use journal::RecordedEvent;

const _: () = assert!(LOW_STOCK_UNITS == contracts::inventory::LOW_STOCK_UNITS);

/// Contract event for a stored event; most are internal and skipped by name, without being decoded.
pub(crate) fn translate(recorded: &RecordedEvent) -> Option<messaging::EventData> {
    if !matches!(recorded.name.as_str(), "received" | "adjusted" | "counted" | AVAILABILITY_CHANGED)
    {
        return None;
    }
    let event = match serde_json::from_slice(&recorded.data) {
        Ok(Event::AvailabilityChanged { sku, available, .. }) => {
            InventoryEvent::AvailabilityChanged { sku: sku.as_str().to_owned(), available }
        }
        Ok(Event::Received(change) | Event::Adjusted(change) | Event::Counted(change)) => {
            InventoryEvent::StockChanged {
                sku: change.sku.as_str().to_owned(),
                location: change.location.as_str().to_owned(),
                quantity: change.quantity,
                reason: change.reason,
            }
        }
        Ok(_) => return None,
        Err(error) => {
            tracing::error!(%error, position = recorded.position, "a stored event cannot be decoded");
            return None;
        }
    };
    messaging::EventData::of(&event).ok()
}
