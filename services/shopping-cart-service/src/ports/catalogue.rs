//! Catalogue port: variants for sale and their current prices.

use async_trait::async_trait;
use contracts::{product::VariantFacts, shared::Sku};
use rpc::CallError;
use std::fmt::Debug;

/// Product catalogue.
#[async_trait]
pub(crate) trait Catalogue: Debug + Send + Sync {
    /// Variants of these SKUs, however many; unknown SKUs are left out.
    async fn variants(&self, skus: Vec<Sku>) -> Result<Vec<VariantFacts>, CallError>;
}
