//! Stock port: the units of a SKU that are available.

use async_trait::async_trait;
use contracts::shared::Sku;
use std::{collections::BTreeMap, fmt::Debug};

/// Stock of the shop.
#[async_trait]
pub(crate) trait Stock: Debug + Send + Sync {
    /// Available units of these SKUs, however many; a SKU is left out where nobody can say.
    async fn available(&self, skus: Vec<Sku>) -> BTreeMap<Sku, i64>;
}
