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
mod renditions;
mod show_product;
mod shown_pictures;
mod streams;
mod uploaded_pictures;

pub(crate) use error::CatalogueError;
pub(crate) use execute::{ChangeOutcome, ChangeRequest};
pub(crate) use fetch_pictures::{PictureFetcher, PictureQueue};
pub(crate) use import_products::{ImportMode, ImportResult};
pub(crate) use mapping::product_document;
pub(crate) use open_index::{ProductDocumentsReadModel, open_index};
pub(crate) use picture_library::{PictureError, PictureLibrary};
pub(crate) use streams::{ProductStream, product_of, stream_of};

use crate::{domain::prior_price::Policy, index::SearchIndex, ports::StockCounter};
use journal::Repository;
use kernel::Ids;
use name_claims::NameClaims;
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
    pub(crate) ids: Ids,
    /// Products whose pictures elsewhere are yet to be fetched.
    pictures: PictureQueue,
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
    pub(crate) ids: Ids,
    pub(crate) library: Arc<PictureLibrary>,
    pub(crate) fetching: bool,
}

impl Catalogue {
    pub(crate) fn new(parts: CatalogueParts) -> Self {
        let CatalogueParts { products, index, stock, policy, ids, library, fetching } = parts;
        let pictures = PictureQueue::default();
        for id in index.products_with_pending_pictures() {
            pictures.push(id);
        }
        let claims = Arc::new(NameClaims::new(Arc::clone(&index)));
        let views = ViewCache::default();
        Self { products, index, claims, stock, views, policy, ids, pictures, library, fetching }
    }
}
