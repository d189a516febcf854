//! Use cases of the catalogue: execute changes, import products, show products.

mod error;
mod execute;
mod import_products;
mod mapping;
mod name_claims;
mod open_index;
mod show_product;
mod streams;

pub(crate) use error::CatalogueError;
pub(crate) use execute::{ChangeOutcome, ChangeRequest};
pub(crate) use import_products::{ImportMode, ImportResult};
pub(crate) use mapping::product_document;
pub(crate) use open_index::{ProductDocumentsReadModel, open_index};
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
}

/// Dependencies of a catalogue.
pub(crate) struct CatalogueParts {
    pub(crate) products: Repository<ProductStream>,
    pub(crate) index: Arc<SearchIndex>,
    pub(crate) stock: Arc<dyn StockCounter>,
    pub(crate) policy: Policy,
    pub(crate) ids: Ids,
}

impl Catalogue {
    pub(crate) fn new(parts: CatalogueParts) -> Self {
        let CatalogueParts { products, index, stock, policy, ids } = parts;
        let claims = Arc::new(NameClaims::new(Arc::clone(&index)));
        Self { products, index, claims, stock, views: ViewCache::default(), policy, ids }
    }
}
