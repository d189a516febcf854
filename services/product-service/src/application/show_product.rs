//! Views of a single product and of its price history.

use super::{Catalogue, CatalogueError, mapping, stream_of};
use crate::domain::Rejection;
use crate::index::{Audience, ProductRef};
use contracts::{
    product::{PriceHistory, Product, ProductStatus},
    shared::ProductId,
};
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// Capacity of the view cache.
const CACHED_VIEWS_MAX: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

/// LRU cache of product views, without their stock, which changes all the time.
pub(super) struct ViewCache(Mutex<LruCache<ProductId, Arc<Product>>>);

impl Default for ViewCache {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(CACHED_VIEWS_MAX)))
    }
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
        let cached = self.views.0.lock().get(&product.id).map(Arc::clone);
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
        self.views.0.lock().put(id, Arc::clone(&view));
        Ok(view)
    }
}
