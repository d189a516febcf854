//! Client of the product service for the variants in carts.

use crate::ports::catalogue::Catalogue;
use async_trait::async_trait;
use contracts::{
    product::{Catalogue as CatalogueContract, VARIANTS_MAX, VariantFacts},
    shared::Sku,
};
use rpc::CallError;
use std::sync::Arc;

/// Catalogue port over the contract of the product service.
#[derive(Debug)]
pub(crate) struct ProductCatalogue(pub(crate) Arc<dyn CatalogueContract>);

#[async_trait]
impl Catalogue for ProductCatalogue {
    async fn variants(&self, mut skus: Vec<Sku>) -> Result<Vec<VariantFacts>, CallError> {
        let mut variants = Vec::new();
        // A full cart and the line to be added to it need a second call.
        while skus.len() > VARIANTS_MAX {
            let rest = skus.split_off(VARIANTS_MAX);
            variants.extend(self.0.variants(std::mem::replace(&mut skus, rest)).await?);
        }
        variants.extend(self.0.variants(skus).await?);
        Ok(variants)
    }
}
