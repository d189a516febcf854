//! The goods, as the product service knows them.

use crate::ports::goods::Goods;
use async_trait::async_trait;
use contracts::product::{ProductClient, VariantFacts};
use kernel::Problem;

/// The catalogue behind the product service's contract.
#[derive(Debug)]
pub(crate) struct Catalogue(pub(crate) ProductClient);

#[async_trait]
impl Goods for Catalogue {
    async fn facts(&self, skus: Vec<String>) -> Result<Vec<VariantFacts>, Problem> {
        Ok(self.0.variants(skus).await?)
    }
}
