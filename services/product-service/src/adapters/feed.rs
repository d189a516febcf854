//! Feed of the catalogue: the contract events that other services consume.

use crate::application::{ProductStream, product_of};
use crate::domain::ProductEvent as StoredEvent;
use crate::index::SearchIndex;
use contracts::product::{ProductEvent, ProductStatus};
use messaging::Translate;
use std::sync::Arc;

/// Translation of stored events to contract events.
pub(crate) fn feed(index: Arc<SearchIndex>) -> impl Translate<ProductEvent> {
    move |recorded: &journal::RecordedEvent| {
        let Some(product_id) = product_of(&recorded.stream) else { return Ok(None) };
        if recorded.name != "price_changed" {
            return Ok(Some(ProductEvent::ProductChanged {
                product_id,
                change: recorded.name.clone(),
                status: index.status(product_id).unwrap_or(ProductStatus::Draft),
            }));
        }
        let stored = recorded.event_of::<ProductStream>()?;
        let StoredEvent::PriceChanged { sku, old, price, .. } = &*stored else { return Ok(None) };
        let sku = sku.clone();
        Ok(Some(ProductEvent::PriceChanged { product_id, sku, old: Some(*old), new: *price }))
    }
}
