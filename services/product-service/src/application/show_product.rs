//! Showing one product, and its prices over time.

use super::{Catalogue, CatalogueError, present, stream_of};
use crate::domain::Rejection;
use crate::index::{Audience, Known};
use contracts::{
    product::{PriceHistory, Product, ProductStatus},
    shared::ProductId,
};
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// How many products are kept ready to be shown.
const VIEWS_KEPT_MAX: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

/// Products as they were shown last, without their stock, which changes all the time.
pub(super) struct Views(Mutex<LruCache<ProductId, Arc<Product>>>);

impl Default for Views {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(VIEWS_KEPT_MAX)))
    }
}

impl Catalogue {
    /// The product with this id or slug, of today or of before, if `audience` may see it.
    pub(crate) fn find(&self, id_or_slug: &str, audience: Audience) -> Option<Known> {
        let known = self.index.find(id_or_slug)?;
        let visible = audience != Audience::Shoppers || known.status == ProductStatus::Active;
        visible.then_some(known)
    }

    /// A product with everything, as it stands now.
    pub(crate) async fn show(&self, known: Known) -> Result<Product, CatalogueError> {
        // A newer one may not be flushed yet, and nobody touched the scope for it.
        let kept = self.views.0.lock().get(&known.id).map(Arc::clone);
        let kept = kept.filter(|kept| kept.version == known.version);
        let view = match kept {
            Some(kept) => kept,
            None => self.view(known.id).await?,
        };
        let mut product = Product::clone(&view);
        let left = self.index.left(product.variants.iter().map(|variant| variant.sku.as_str()));
        for (variant, left) in product.variants.iter_mut().zip(left) {
            (variant.in_stock, variant.only_left) = (left.in_stock(), left.only());
        }
        Ok(product)
    }

    /// All prices a product ever had.
    pub(crate) async fn price_history(
        &self,
        id: ProductId,
    ) -> Result<PriceHistory, CatalogueError> {
        let loaded = self.products.load(&stream_of(id)).await?;
        let product = loaded.state.as_deref().and_then(|stream| stream.0.as_ref());
        let product = product.ok_or(Rejection::UnknownProduct)?;
        Ok(present::price_history(product, self.policy))
    }

    async fn view(&self, id: ProductId) -> Result<Arc<Product>, CatalogueError> {
        let loaded = self.products.load(&stream_of(id)).await?;
        let product = loaded.state.as_deref().and_then(|stream| stream.0.as_ref());
        let product = product.ok_or(Rejection::UnknownProduct)?;
        let view = Arc::new(present::product(id, product, self.policy));
        self.views.0.lock().put(id, Arc::clone(&view));
        Ok(view)
    }
}
