//! Product catalogue, served by the product service.

use crate::ports::catalogue::Catalogue;
use async_trait::async_trait;
use contracts::product::{ProductClient, VariantFacts};
use kernel::Problem;

/// Catalogue port over the product service's client.
#[derive(Debug)]
pub(crate) struct ProductCatalogue(pub(crate) ProductClient);

#[async_trait]
impl Catalogue for ProductCatalogue {
    async fn variants(&self, skus: Vec<String>) -> Result<Vec<VariantFacts>, Problem> {
        Ok(self.0.variants(skus).await?)
    }
}
