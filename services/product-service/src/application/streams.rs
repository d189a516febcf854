//! Products as streams of the journal.

use crate::domain::{Product, ProductEvent};
use contracts::shared::ProductId;
use journal::{Aggregate, EventName};

/// A product's stream, folded. Empty until its first event, which makes the product.
#[derive(Clone, Debug)]
pub(crate) struct ProductStream(pub(crate) Option<Product>);

/// What the streams of products begin with.
pub(super) const PREFIX: &str = "product-";

/// The stream of a product.
pub(crate) fn stream_of(id: ProductId) -> String {
    format!("{PREFIX}{id}")
}

/// The product of a stream.
pub(crate) fn product_of(stream: &str) -> Option<ProductId> {
    stream.strip_prefix(PREFIX)?.parse().ok()
}

impl EventName for ProductEvent {
    fn name(&self) -> &'static str {
        self.word()
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
