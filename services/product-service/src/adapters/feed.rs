//! Feed of the catalogue: the contract events that other services consume.

use crate::application::product_of;
use crate::domain::ProductEvent as StoredEvent;
use crate::index::SearchIndex;
use contracts::product::{ProductEvent, ProductStatus};
use journal::RecordedEvent;
use std::sync::Arc;

/// Translation of stored events to contract events.
#[derive(Debug)]
pub(crate) struct CatalogueFeed(pub(crate) Arc<SearchIndex>);

impl messaging::EventTranslator for CatalogueFeed {
    fn translate(&self, recorded: &RecordedEvent) -> Option<messaging::EventData> {
        let product_id = product_of(&recorded.stream)?;
        let event = match recorded.name.as_str() {
            "price_changed" => match serde_json::from_slice(&recorded.data) {
                Ok(StoredEvent::PriceChanged { sku, old, price, .. }) => {
                    ProductEvent::PriceChanged { product_id, sku, old: Some(old), new: price }
                }
                Ok(_) => return None,
                Err(error) => {
                    tracing::error!(%error, stream = recorded.stream, "a stored event cannot be decoded for the feed");
                    return None;
                }
            },
            change => ProductEvent::ProductChanged {
                product_id,
                change: change.to_owned(),
                status: self.0.status(product_id).unwrap_or(ProductStatus::Draft),
            },
        };
        messaging::EventData::of(&event).ok()
    }
}
