//! Event feed (outbox): availability of scarce SKUs and operators' stock changes, as contract events.

use super::journal_repository::stock_event;
use crate::domain::{AVAILABILITY_CHANGED, Event, LOW_STOCK_UNITS, POLICY_CHANGED, StockPolicy};
use contracts::inventory::InventoryEvent;
use journal::{DecodeError, RecordedEvent};

const _: () = assert!(LOW_STOCK_UNITS == contracts::inventory::LOW_STOCK_UNITS);

/// Contract event for a stored event; most are internal and skipped by name, without being decoded.
pub(crate) fn translate(recorded: &RecordedEvent) -> Result<Option<InventoryEvent>, DecodeError> {
    let name = recorded.name.as_str();
    if !matches!(name, "received" | "adjusted" | "counted" | POLICY_CHANGED | AVAILABILITY_CHANGED)
    {
        return Ok(None);
    }
    Ok(match &*stock_event(recorded)? {
        Event::AvailabilityChanged { sku, available, .. } => {
            Some(InventoryEvent::AvailabilityChanged { sku: sku.clone(), available: *available })
        }
        Event::Received(change) | Event::Adjusted(change) | Event::Counted(change) => {
            Some(InventoryEvent::StockChanged {
                sku: change.sku.clone(),
                location: change.location.as_str().to_owned(),
                quantity: change.quantity,
                reason: change.reason.clone(),
            })
        }
        Event::PolicyChanged { sku, policy } => Some(InventoryEvent::StockPolicyChanged {
            sku: sku.clone(),
            untracked: *policy == StockPolicy::Untracked,
        }),
        _ => None,
    })
}
