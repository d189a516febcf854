//! Views of a single product and of its price history.

use super::{Catalogue, CatalogueError, mapping, stream_of};
use crate::domain::Rejection;
use crate::index::{Audience, ProductRef};
use bytes::Bytes;
use contracts::{
    product::{Media, MediaState, PriceHistory, Product, ProductStatus},
    shared::ProductId,
};
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// Capacity of the view cache.
const CACHED_VIEWS_MAX: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();
/// Longest rendered view that is kept, in bytes: that of a product with some hundred variants is longer.
const KEPT_JSON_BYTES_MAX: usize = 32 << 10;

/// LRU caches of product views.
pub(super) struct ViewCache {
    /// Without their stock, which changes all the time.
    views: Mutex<LruCache<ProductId, Arc<Product>>>,
    /// As JSON, with their stock.
    rendered: Mutex<LruCache<(ProductId, Reader), Arc<RenderedProduct>>>,
}

impl Default for ViewCache {
    fn default() -> Self {
        let views = Mutex::new(LruCache::new(CACHED_VIEWS_MAX));
        Self { views, rendered: Mutex::new(LruCache::new(CACHED_VIEWS_MAX)) }
    }
}

/// Reader of a product: operators see more of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reader {
    /// A shopper, or another service on behalf of one.
    Shopper,
    /// An operator.
    Operator,
}

/// View of a product as JSON, with what a record of it needs.
#[derive(Debug)]
pub(crate) struct RenderedProduct {
    version: u64,
    revision: u64,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) json: Bytes,
}

impl Catalogue {
    /// Product by id or by slug, current or former, if `audience` may see it.
    pub(crate) fn find(&self, id_or_slug: &str, audience: Audience) -> Option<ProductRef> {
        let product = self.index.find(id_or_slug)?;
        let visible = audience != Audience::Shoppers || product.status == ProductStatus::Active;
        visible.then_some(product)
    }

    /// Current view of a product, including its stock.
    pub(crate) async fn show(&self, product: ProductRef) -> Result<Product, CatalogueError> {
        // Only the version that the look-up saw: a newer one may not be durable, and this request does not depend on it.
        let cached = self.views.views.lock().get(&product.id).map(Arc::clone);
        let cached = cached.filter(|cached| cached.version == product.version);
        let view = match cached {
            Some(cached) => cached,
            None => self.view(product.id).await?,
        };
        let mut product = Product::clone(&view);
        let skus = product.variants.iter().map(|variant| &variant.sku);
        let stock_levels = self.index.stock_levels(skus);
        for (variant, level) in product.variants.iter_mut().zip(stock_levels) {
            (variant.in_stock, variant.only_left) = (level.in_stock(), level.low_stock_units());
        }
        Ok(product)
    }

    /// Current view of a product as JSON. It is kept until the product or its stock changes.
    pub(crate) async fn show_rendered(
        &self,
        product: ProductRef,
        reader: Reader,
    ) -> Result<Arc<RenderedProduct>, CatalogueError> {
        let ProductRef { id, version, revision, .. } = product;
        let kept = self.views.rendered.lock().get(&(id, reader)).map(Arc::clone);
        let is_current =
            |kept: &Arc<RenderedProduct>| kept.version == version && kept.revision == revision;
        if let Some(kept) = kept.filter(is_current) {
            return Ok(kept);
        }
        let mut view = self.show(product).await?;
        if reader == Reader::Shopper {
            let is_stored =
                |media: &Media| media.state.is_none_or(|state| state == MediaState::Stored);
            view.media.retain(is_stored);
            for media in &mut view.media {
                (media.source, media.state) = (None, None);
            }
            view.withdrawn = Vec::new();
        }
        let json: Bytes = kernel::json::to_vec(&view).expect("a product has texts for keys").into();
        let Product { slug, name, .. } = view;
        let rendered = Arc::new(RenderedProduct { version, revision, slug, name, json });
        if rendered.json.len() <= KEPT_JSON_BYTES_MAX {
            self.views.rendered.lock().put((id, reader), Arc::clone(&rendered));
        }
        Ok(rendered)
    }

    /// Price history of a product.
    pub(crate) async fn price_history(
        &self,
        id: ProductId,
    ) -> Result<PriceHistory, CatalogueError> {
        let loaded = self.products.load(&stream_of(id)).await?;
        let product = loaded.state.as_deref().and_then(|stream| stream.0.as_ref());
        let product = product.ok_or(Rejection::UnknownProduct)?;
        Ok(mapping::price_history(product, self.policy))
    }

    /// Freshly built view of a product, which then replaces the cached one.
    async fn view(&self, id: ProductId) -> Result<Arc<Product>, CatalogueError> {
        let loaded = self.products.load(&stream_of(id)).await?;
        let product = loaded.state.as_deref().and_then(|stream| stream.0.as_ref());
        let product = product.ok_or(Rejection::UnknownProduct)?;
        let view = Arc::new(mapping::product(id, product, self.policy));
        self.views.views.lock().put(id, Arc::clone(&view));
        Ok(view)
    }
}
