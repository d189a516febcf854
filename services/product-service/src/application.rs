//! What operators and shoppers do with the catalogue.

mod bring_about;
mod claims;
mod error;
mod import_products;
mod open_index;
mod present;
mod show_product;
mod streams;

pub(crate) use bring_about::{Outcome, Wanted};
pub(crate) use error::CatalogueError;
pub(crate) use import_products::{Earnest, Imported};
pub(crate) use open_index::{Listings, open_index};
pub(crate) use present::listing;
pub(crate) use streams::{ProductStream, product_of, stream_of};

use crate::{domain::prior_price::Policy, index::Index, ports::Stock};
use claims::Claims;
use journal::Repository;
use kernel::Ids;
use show_product::Views;
use std::sync::Arc;

/// The catalogue: products in the journal, and the index of them in memory.
pub(crate) struct Catalogue {
    products: Repository<ProductStream>,
    pub(crate) index: Arc<Index>,
    claims: Arc<Claims>,
    stock: Arc<dyn Stock>,
    views: Views,
    policy: Policy,
    pub(crate) ids: Ids,
}

/// What a catalogue is made of.
pub(crate) struct CatalogueParts {
    pub(crate) products: Repository<ProductStream>,
    pub(crate) index: Arc<Index>,
    pub(crate) stock: Arc<dyn Stock>,
    pub(crate) policy: Policy,
    pub(crate) ids: Ids,
}

impl Catalogue {
    pub(crate) fn new(parts: CatalogueParts) -> Self {
        let CatalogueParts { products, index, stock, policy, ids } = parts;
        let claims = Arc::new(Claims::new(Arc::clone(&index)));
        Self { products, index, claims, stock, views: Views::default(), policy, ids }
    }
}
