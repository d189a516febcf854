//! Use cases of the catalogue: execute changes, import products, show products.

mod error;
mod execute;
mod fetch_pictures;
mod import_products;
mod mapping;
mod name_claims;
mod open_index;
mod picture_library;
mod picture_report;
mod product_queue;
mod renditions;
mod show_product;
mod shown_pictures;
mod streams;
mod unknown_changes;
mod uploaded_pictures;

pub(crate) use error::CatalogueError;
pub(crate) use execute::{ChangeOutcome, ChangeRequest};
pub(crate) use fetch_pictures::PictureFetcher;
pub(crate) use import_products::{
    ImportMode, ImportResult, ImportedProduct, PictureRefusal, VariantRefusal,
};
pub(crate) use mapping::product_document;
pub(crate) use open_index::{ProductDocumentsReadModel, open_index};
pub(crate) use picture_library::{PictureError, PictureLibrary};
pub(crate) use streams::{ProductStream, product_of, stream_of};

use crate::{domain::prior_price::Policy, index::SearchIndex, ports::StockCounter};
use journal::Repository;
use kernel::Ids;
use name_claims::NameClaims;
use product_queue::ProductQueue;
pub(crate) use show_product::Reader;
use show_product::ViewCache;
use std::sync::Arc;

/// Catalogue: product aggregates in the journal, and the in-memory search index over them.
pub(crate) struct Catalogue {
    products: Repository<ProductStream>,
    pub(crate) index: Arc<SearchIndex>,
    claims: Arc<NameClaims>,
    stock: Arc<dyn StockCounter>,
    views: ViewCache,
    policy: Policy,
    /// Days for which a product counts as new.
    new_days: u32,
    pub(crate) ids: Ids,
    /// Products whose pictures elsewhere are yet to be fetched.
    pictures: ProductQueue,
    /// Products of which a change may be stored or not.
    unknown_changes: ProductQueue,
    pub(crate) library: Arc<PictureLibrary>,
    /// Whether copies of pictures elsewhere are fetched.
    fetching: bool,
}

/// Dependencies of a catalogue.
pub(crate) struct CatalogueParts {
    pub(crate) products: Repository<ProductStream>,
    pub(crate) index: Arc<SearchIndex>,
    pub(crate) stock: Arc<dyn StockCounter>,
    pub(crate) policy: Policy,
    pub(crate) new_days: u32,
    pub(crate) ids: Ids,
    pub(crate) library: Arc<PictureLibrary>,
    pub(crate) fetching: bool,
}

impl Catalogue {
    pub(crate) fn new(parts: CatalogueParts) -> Self {
        let CatalogueParts { products, index, stock, policy, new_days, ids, library, fetching } =
            parts;
        let pictures = ProductQueue::default();
        for id in index.products_with_pending_pictures() {
            pictures.push(id);
        }
        let claims = Arc::new(NameClaims::new(Arc::clone(&index)));
        Self {
            products,
            index,
            claims,
            stock,
            views: ViewCache::default(),
            policy,
            new_days,
            ids,
            pictures,
            unknown_changes: ProductQueue::default(),
            library,
            fetching,
        }
    }

    /// Start on the market from which a product counts as new, in microseconds: a whole hour, so that results can be
    /// cached.
    pub(crate) fn new_since(&self) -> i64 {
        const HOUR_SECONDS: i64 = 60 * 60;
        let since = self.ids.now().as_second() - i64::from(self.new_days) * 24 * HOUR_SECONDS;
        (since - since.rem_euclid(HOUR_SECONDS)).saturating_mul(1_000_000)
    }
}
