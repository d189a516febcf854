//! Feed of carts: the contract events that other services consume.

use crate::{
    application::cart_service::cart_of,
    domain::{cart::Cart, events::CartEvent as StoredEvent},
};
use contracts::cart::CartEvent;
use journal::{DecodeError, RecordedEvent};

/// Contract event for a stored cart event.
pub(crate) fn translate(recorded: &RecordedEvent) -> Result<Option<CartEvent>, DecodeError> {
    let Some(cart_id) = cart_of(&recorded.stream) else { return Ok(None) };
    let change = recorded.name.clone();
    let (sku, quantity) = match change.as_str() {
        "line_added" | "line_changed" | "line_removed" => match &*recorded.event_of::<Cart>()? {
            StoredEvent::LineAdded { sku, quantity, .. }
            | StoredEvent::LineChanged { sku, quantity, .. } => {
                (Some(sku.clone()), Some(*quantity))
            }
            StoredEvent::LineRemoved { sku, .. } => (Some(sku.clone()), Some(0)),
            _ => (None, None),
        },
        _ => (None, None),
    };
    Ok(Some(CartEvent::CartChanged { cart_id, change, sku, quantity }))
}
