//! What can be bought, and for how much, now.

use async_trait::async_trait;
use contracts::product::VariantFacts;
use kernel::Problem;
use std::fmt::Debug;

/// The goods of the shop.
#[async_trait]
pub(crate) trait Goods: Debug + Send + Sync {
    /// What is known of each SKU, in the order asked for; unknown ones are left out. One call, however many SKUs.
    async fn facts(&self, skus: Vec<String>) -> Result<Vec<VariantFacts>, Problem>;
}
