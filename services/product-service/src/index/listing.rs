//! What the index knows of a product. Stored as a document in the same commit as the product's events, so that a
//! start reads these and nothing else.

use contracts::{
    product::{ProductStatus, ProductSummary, Reduction},
    shared::{Image, ProductId},
};
use kernel::{Timestamp, UnitPrice};
use serde::{Deserialize, Serialize};

/// A product as lists, filters, searches and carts need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listing {
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
    /// The lowest price of its variants.
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
    pub(crate) variants: Vec<ListedVariant>,
    /// Folded words of tags; only for indexing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) tag_words: String,
    /// Folded words of the description, each once; only for indexing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) description_words: String,
}

/// A variant as lists and carts need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListedVariant {
    pub(crate) sku: Box<str>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) options: Box<[(Box<str>, Box<str>)]>,
    pub(crate) price: UnitPrice,
    /// A picture of its own, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<Box<Image>>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) weight_grams: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Listing {
    /// As it stands in a list.
    pub(crate) fn summary(&self, left: Left) -> ProductSummary {
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
            in_stock: left.in_stock(),
            only_left: left.only(),
            status: self.status,
            published_at: self.published_at,
        }
    }
}

/// How many units are left, as far as shoppers are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Left(i64);

impl Left {
    /// Of one SKU, or of several together.
    pub(crate) fn of(units: impl IntoIterator<Item = i64>) -> Self {
        Self(units.into_iter().map(|units| units.max(0)).fold(0, i64::saturating_add))
    }

    pub(crate) fn in_stock(self) -> bool {
        self.0 > 0
    }

    /// The number, only when it is small.
    pub(crate) fn only(self) -> Option<i64> {
        (1..=contracts::inventory::LOW_STOCK_UNITS).contains(&self.0).then_some(self.0)
    }
}
