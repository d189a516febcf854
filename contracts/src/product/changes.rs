//! Requests that create and change products and their variants.

use super::{Media, ProductOption, ProductStatus};
use crate::shared::Sku;
use kernel::{Timestamp, UnitPrice};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// Request to create a product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProduct {
    /// Its address in the shop; made from the name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Its name.
    pub name: String,
    /// HTML; sanitised.
    #[serde(default)]
    pub description: String,
    /// Brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Category paths, levels separated by ` > `.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Search tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Its options; may be left out when there is one variant.
    #[serde(default)]
    pub options: Vec<ProductOption>,
    /// Its variants, at least one, at most 2,048.
    pub variants: Vec<NewVariant>,
    /// Images.
    #[serde(default)]
    pub media: Vec<Media>,
    /// Rank among the featured products, the lowest first; an import without it leaves the rank as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub featured: Option<u32>,
    /// Whether shoppers see it at once.
    #[serde(default)]
    pub status: ProductStatus,
}

/// Variant of a new product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVariant {
    /// The article number, unique in the shop.
    pub sku: Sku,
    /// A value for each option.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// Its price.
    pub price: UnitPrice,
    /// Earlier prices, oldest first, for a catalogue that comes from elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub price_history: Vec<PastPrice>,
    /// The merchant's compare-at price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_at_price: Option<UnitPrice>,
    /// Units on hand to begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<i64>,
    /// Whether its stock is untracked: any quantity can be bought, and `stock` is not counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untracked: bool,
    /// Weight of one unit.
    #[serde(default)]
    pub weight_grams: u32,
    /// GTIN or another barcode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barcode: Option<String>,
}

/// Price that applied from a time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PastPrice {
    /// Start, inclusive.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// Amount.
    pub price: UnitPrice,
}

/// Changes to a product; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductPatch {
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New slug; the old one keeps leading here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// New description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// New brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// New categories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<String>>,
    /// New tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Options and option values to rename, with their variants. Done before everything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renames: Vec<OptionRename>,
    /// New options. Variants lose their values of an option that is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<ProductOption>>,
    /// Variants to add, or to change by SKU. Without new options, the options get the values that are new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variants: Option<Vec<NewVariant>>,
    /// Variants that leave the sale. They are kept, and come back when they are added again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdraw: Vec<Sku>,
    /// New images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Vec<Media>>,
    /// New rank among the featured products; `null` removes it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "nullable")]
    pub featured: Option<Option<u32>>,
}

/// New name of an option, or of one of its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionRename {
    /// The option, by the name it has now.
    pub option: String,
    /// The value to rename; absent renames the option itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// New name.
    pub to: String,
}

/// Changes to a variant; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantPatch {
    /// Corrected SKU. Price history and pictures follow it; a SKU that was never counted starts with the units available
    /// of the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// New values for all options. The options get the values that are new, and lose those that no variant has any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<BTreeMap<String, String>>,
    /// New price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<UnitPrice>,
    /// New compare-at price; `null` removes it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "nullable")]
    pub compare_at_price: Option<Option<UnitPrice>>,
    /// Units on hand, to be counted; from then on the stock is tracked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<i64>,
    /// Whether its stock becomes untracked: any quantity can be bought, and `stock` is not counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untracked: bool,
    /// New weight of one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_grams: Option<u32>,
    /// New barcode; `null` removes it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "nullable")]
    pub barcode: Option<Option<String>>,
}

/// Deserialisation of a field that `null` clears: absent is `None`, `null` is `Some(None)`.
#[expect(clippy::option_option, reason = "absent, null and a value are three cases")]
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
