//! Streams of the product aggregates in the journal.

use crate::domain::{Product, ProductEvent};
use contracts::shared::ProductId;
use journal::{Aggregate, EventName};

/// Aggregate of a product stream. Empty until the first event, which creates the product.
#[derive(Clone, Debug)]
pub(crate) struct ProductStream(pub(crate) Option<Product>);

/// Prefix of the names of product streams.
pub(super) const PREFIX: &str = "product-";

/// Name of a product's stream.
pub(crate) fn stream_of(id: ProductId) -> String {
    format!("{PREFIX}{id}")
}

/// Product of a stream name.
pub(crate) fn product_of(stream: &str) -> Option<ProductId> {
    stream.strip_prefix(PREFIX)?.parse().ok()
}

impl EventName for ProductEvent {
    fn name(&self) -> &'static str {
        self.event_name()
    }
}

impl Aggregate for ProductStream {
    type Event = ProductEvent;

    fn apply(state: Option<&Self>, event: &ProductEvent) -> Self {
        Self::evolve(state.cloned(), event)
    }

    fn evolve(state: Option<Self>, event: &ProductEvent) -> Self {
        Self(Product::evolve(state.and_then(|stream| stream.0), event))
    }
}
