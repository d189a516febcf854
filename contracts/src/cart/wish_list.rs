//! Wish lists: what customers with an account remember without buying it yet.

use crate::shared::{Image, ProductId, Sku};
use kernel::{Timestamp, UnitPrice};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Wish list of a customer, at current prices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WishList {
    /// The articles, latest first.
    pub items: Vec<WishListItem>,
}

/// Article on a wish list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WishListItem {
    /// SKU of the article.
    pub sku: Sku,
    /// Its product; absent where the catalogue no longer has the SKU.
    pub product_id: Option<ProductId>,
    /// Slug of the product; absent where the catalogue no longer has the SKU.
    pub slug: Option<String>,
    /// Its product's name; the SKU where the catalogue no longer has it.
    pub name: String,
    /// Its option values.
    pub options: BTreeMap<String, String>,
    /// Today's price of one; absent where it is no longer for sale.
    pub unit_price: Option<UnitPrice>,
    /// Image.
    pub image: Option<Image>,
    /// Whether it can be bought now.
    pub in_stock: bool,
    /// When it was added.
    #[schemars(with = "String")]
    #[serde(with = "kernel::rfc3339")]
    pub added_at: Timestamp,
}
