//! Product document: the read model behind the search index. It is stored in the same commit as the product's events,
//! so that a start reads these documents and nothing else.

use super::indexed_product::IndexedProduct;
use super::variant_filter::VariantFilter;
use contracts::{
    product::{ProductStatus, ProductSummary, Reduction},
    shared::{Image, ProductId, Sku},
};
use kernel::{Currency, Timestamp, UnitPrice};
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
    /// Start on the market: the earliest price, or the first publication.
    pub(crate) since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) featured: Option<u32>,
    /// First image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<Image>,
    /// SKUs that the first image shows; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) image_skus: Vec<Sku>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) colors: Vec<String>,
    pub(crate) variants: Vec<VariantDocument>,
    /// Variants that left the sale.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) withdrawn: Vec<VariantDocument>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) compare_at_price: Option<Box<UnitPrice>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reduction: Option<Box<Reduction>>,
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

/// Names of the option that holds the colour.
const COLOR_OPTIONS: &[&str] = &["color", "colour"];

/// Whether an option is the colour.
pub(crate) fn is_color(option: &str) -> bool {
    COLOR_OPTIONS.iter().any(|it| it.eq_ignore_ascii_case(option))
}

impl VariantDocument {
    /// Colour of the variant.
    pub(crate) fn color(&self) -> Option<&str> {
        self.options.iter().find(|(name, _)| is_color(name)).map(|(_, value)| &**value)
    }
}

impl ProductDocument {
    /// Image of a variant: the product's first image, if it shows the variant.
    fn image_of<'a>(&'a self, variant: &'a VariantDocument) -> Option<&'a Image> {
        let is_first = self.image_skus.is_empty() || self.image_skus.contains(&variant.sku);
        let own = variant.image.as_deref();
        if is_first { self.image.as_ref() } else { own.or(self.image.as_ref()) }
    }
}

/// Summary of a product for a listing: the variant that the listing shows, and what it has in common with the others
/// that fulfil the conditions.
pub(crate) fn summary(
    entry: &IndexedProduct,
    filter: &VariantFilter<'_>,
    stock_level: StockLevel,
    new_since: i64,
) -> ProductSummary {
    let document = &entry.document;
    let is_chosen = filter.chooses() && entry.has_several_variants();
    let number = if is_chosen { entry.shown_under(filter) } else { None };
    let number = number.unwrap_or(entry.shown());
    let shown = document.variants.get(number);
    let image = match shown {
        Some(variant) if is_chosen => variant.image.as_deref().or(document.image.as_ref()),
        Some(variant) => document.image_of(variant),
        None => document.image.as_ref(),
    };
    let in_stock = entry.variants.get(number).is_some_and(|it| it.in_stock);
    let alike = entry.variants.iter().zip(&document.variants);
    let mut alike = alike.filter(|(it, _)| filter.passes(it) && it.in_stock == in_stock);
    let price = shown.map_or(UnitPrice::zero(Currency::EUR), |it| it.price);
    ProductSummary {
        id: document.id,
        slug: document.slug.clone(),
        name: document.name.clone(),
        brand: document.brand.clone(),
        categories: document.categories.clone(),
        price,
        price_varies: alike.any(|(_, it)| it.price != price),
        compare_at_price: shown.and_then(|it| it.compare_at_price.as_deref().copied()),
        reduction: shown.and_then(|it| it.reduction.as_deref().copied()),
        image: image.cloned(),
        colors: document.colors.clone(),
        in_stock: stock_level.in_stock(),
        only_left: stock_level.low_stock_units(),
        sku: shown.filter(|_| is_chosen).map(|it| it.sku.clone()),
        is_new: entry.since >= new_since,
        status: document.status,
        published_at: document.published_at,
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
