//! Product document: the read model behind the search index. It is stored in the same commit as the product's events,
//! so that a start reads these documents and nothing else.

use contracts::{
    product::{ProductStatus, ProductSummary, Reduction},
    shared::{Image, ProductId, Sku},
};
use kernel::{Timestamp, UnitPrice};
use serde::{Deserialize, Serialize};

/// Product with what listings, filters, searches and carts need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProductDocument {
    pub(crate) id: ProductId,
    pub(crate) version: u64,
    pub(crate) slug: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) former_slugs: Vec<String>,
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) brand: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) categories: Vec<String>,
    pub(crate) status: ProductStatus,
    pub(crate) created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) published_at: Option<Timestamp>,
    /// Lowest price of the variants.
    pub(crate) price: UnitPrice,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) price_varies: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) compare_at_price: Option<UnitPrice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reduction: Option<Reduction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<Image>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) colors: Vec<String>,
    pub(crate) variants: Vec<VariantDocument>,
    /// Folded words of tags; only for indexing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) tag_words: String,
    /// Folded words of the description, each once; only for indexing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) description_words: String,
    /// Pictures elsewhere, by the state of their copies.
    #[serde(default, skip_serializing_if = "is_none")]
    pub(crate) pictures_pending: u16,
    #[serde(default, skip_serializing_if = "is_none")]
    pub(crate) pictures_stored: u16,
    #[serde(default, skip_serializing_if = "is_none")]
    pub(crate) pictures_failed: u16,
}

/// Variant with what listings and carts need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VariantDocument {
    pub(crate) sku: Sku,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) options: Box<[(Box<str>, Box<str>)]>,
    pub(crate) price: UnitPrice,
    /// Picture of this variant, if it has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<Box<Image>>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) weight_grams: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_none(number: &u16) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl ProductDocument {
    /// Summary for a listing.
    pub(crate) fn summary(&self, stock_level: StockLevel) -> ProductSummary {
        ProductSummary {
            id: self.id,
            slug: self.slug.clone(),
            name: self.name.clone(),
            brand: self.brand.clone(),
            categories: self.categories.clone(),
            price: self.price,
            price_varies: self.price_varies,
            compare_at_price: self.compare_at_price,
            reduction: self.reduction,
            image: self.image.clone(),
            colors: self.colors.clone(),
            in_stock: stock_level.in_stock(),
            only_left: stock_level.low_stock_units(),
            status: self.status,
            published_at: self.published_at,
        }
    }
}

/// Stock level as shoppers see it: in stock or not, and the number of units only when it is low.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StockLevel(i64);

impl StockLevel {
    /// Stock level of one SKU, or of several together.
    pub(crate) fn of(units: impl IntoIterator<Item = i64>) -> Self {
        Self(units.into_iter().map(|units| units.max(0)).fold(0, i64::saturating_add))
    }

    pub(crate) fn in_stock(self) -> bool {
        self.0 > 0
    }

    /// Number of units, if it is low enough to be shown.
    pub(crate) fn low_stock_units(self) -> Option<i64> {
        (1..=contracts::inventory::LOW_STOCK_UNITS).contains(&self.0).then_some(self.0)
    }
}
