//! Provider of the catalogue's contract to the services that sell.

use crate::index::SearchIndex;
use async_trait::async_trait;
use contracts::{
    product::{Catalogue, VARIANTS_MAX, VariantFacts},
    shared::Sku,
};
use kernel::Problem;
use rpc::CallError;
use std::sync::Arc;

/// Provider of [`Catalogue`], answered from the search index.
#[derive(Debug)]
pub(crate) struct CatalogueProvider(pub(crate) Arc<SearchIndex>);

#[async_trait]
impl Catalogue for CatalogueProvider {
    async fn variants(&self, skus: Vec<Sku>) -> Result<Vec<VariantFacts>, CallError> {
        if skus.len() > VARIANTS_MAX {
            let message = format!("has {} entries; at most {VARIANTS_MAX} are allowed", skus.len());
            return Err(Problem::field("skus", message).into());
        }
        Ok(self.0.variants(&skus))
    }
}
