//! Catalogue port: variants for sale and their current prices.

use async_trait::async_trait;
use contracts::product::VariantFacts;
use kernel::Problem;
use std::fmt::Debug;

/// Product catalogue.
#[async_trait]
pub(crate) trait Catalogue: Debug + Send + Sync {
    /// Variants in the order of the SKUs; unknown SKUs are left out. One call, however many SKUs.
    async fn variants(&self, skus: Vec<String>) -> Result<Vec<VariantFacts>, Problem>;
}
