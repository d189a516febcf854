//! Contract of the product service: catalogue, prices, price history.

mod changes;
mod imports;
mod media;

pub use changes::{NewProduct, NewVariant, OptionRename, PastPrice, ProductPatch, VariantPatch};
pub use imports::{
    IMPORT_PRODUCTS_MAX, ImportBatch, ImportOutcome, ImportReport, RefusedPicture, RefusedVariant,
    RenamedSku,
};
pub use media::{Media, MediaFailure, MediaReport, MediaState, PICTURE_WIDTHS, StoredMedia};

use crate::shared::{Image, ProductId, Sku};
use kernel::{Cursor, PageLimit, Timestamp, UnitPrice};
use rpc::{FeedEvent, contract};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use transport::{CallError, Channel, Client, Method};

/// The service's name in the module table.
pub const SERVICE: &str = "product-service";

/// Whether shoppers see a product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// Being prepared; operators see it.
    #[default]
    Draft,
    /// For sale.
    Active,
    /// Not for sale any more; carts and orders that have it stay readable.
    Archived,
}

/// An option of a product and the values it can take, such as Colour: Clay, Moss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductOption {
    /// Its name.
    pub name: String,
    /// Its values, in the order to show them.
    pub values: Vec<String>,
}

/// A price reduction that may be announced: the prior price is the lowest of the 30 days before it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reduction {
    /// The lowest price of the 30 days before (98/6/EC Art. 6a).
    pub prior_price: UnitPrice,
    /// Reduction in whole percent of the prior price, rounded down.
    pub percent: u8,
    /// When the reduction began.
    #[schemars(with = "String")]
    pub since: Timestamp,
}

/// Product in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductSummary {
    /// Identity.
    pub id: ProductId,
    /// Slug: its address in the shop.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Brand.
    pub brand: Option<String>,
    /// Category paths, such as `Kitchen > Mugs`.
    pub categories: Vec<String>,
    /// The price of the variant shown: of those that fulfil the conditions on variants, the cheapest in stock, or the
    /// cheapest if none is.
    pub price: UnitPrice,
    /// Whether variants that fulfil these conditions, and are in stock if that one is, differ in price.
    pub price_varies: bool,
    /// The merchant's compare-at price of that variant.
    pub compare_at_price: Option<UnitPrice>,
    /// The reduction of that variant, where it may be announced.
    pub reduction: Option<Reduction>,
    /// Image of that variant.
    pub image: Option<Image>,
    /// Colours it comes in, by word.
    pub colors: Vec<String>,
    /// Whether any variant that fulfils the conditions can be bought now.
    pub in_stock: bool,
    /// Units left over these variants; present only when few are left.
    pub only_left: Option<i64>,
    /// SKU of the variant shown, where conditions chose it among several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// Whether it counts as new: it has been on the market for at most `product-service.new_days`.
    #[serde(default)]
    pub is_new: bool,
    /// Whether shoppers see it.
    pub status: ProductStatus,
    /// When it first went on sale.
    #[schemars(with = "Option<String>")]
    pub published_at: Option<Timestamp>,
}

/// A value products can be filtered by, and how many products would remain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FacetValue {
    /// Value for the query.
    pub value: String,
    /// Label for display.
    pub label: String,
    /// Products with it among those that match all other filters.
    pub count: u64,
}

/// One page of products, with facets over all that match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductPage {
    /// This page.
    pub items: Vec<ProductSummary>,
    /// By facet: `category`, `brand`, `color`, `in_stock`.
    pub facets: BTreeMap<String, Vec<FacetValue>>,
    /// Lowest and highest price among those that match all filters but the price's.
    pub price_range: Option<PriceRange>,
    /// Number of matching products.
    pub total: u64,
    /// Number of products without any filter.
    pub total_unfiltered: u64,
    /// Words close to a search that found nothing.
    pub did_you_mean: Option<String>,
    /// Cursor of the next page.
    pub next_cursor: Option<Cursor>,
}

/// From the cheapest to the dearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PriceRange {
    /// The cheapest.
    pub min: UnitPrice,
    /// The dearest.
    pub max: UnitPrice,
}

/// Order of a list of products; a leading `-` means descending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductSort {
    /// The merchant's order.
    Featured,
    /// Best match first; without search terms, the merchant's order.
    Relevance,
    /// Cheapest first.
    Price,
    /// Most expensive first.
    #[serde(rename = "-price")]
    PriceDescending,
    /// By name, from A.
    Name,
    /// By name, from Z.
    #[serde(rename = "-name")]
    NameDescending,
    /// Latest publication first.
    Newest,
}

/// Filter of products, and page. Multiple values are separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductQuery {
    /// Search terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Category paths or slugs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Brands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Colours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Lowest price, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u32>")]
    pub price_min: Option<String>,
    /// Highest price, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u32>")]
    pub price_max: Option<String>,
    /// `true`: only what can be bought now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<bool>")]
    pub in_stock: Option<String>,
    /// `true`: only what is reduced, with a reduction that may be announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<bool>")]
    pub reduced: Option<String>,
    /// `true`: only what counts as new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<bool>")]
    pub new: Option<String>,
    /// `draft`, `active`, `archived`, on the operator edge only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ProductStatus>")]
    pub status: Option<String>,
    /// `featured`, `relevance`, `price`, `-price`, `name`, `-name`, `newest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ProductSort>")]
    pub sort: Option<String>,
    /// Items of the page, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<PageLimit>")]
    pub limit: Option<String>,
    /// Cursor of the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Suggestions for a search box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suggestions {
    /// Products, best first, at most 6.
    pub products: Vec<ProductSummary>,
    /// Categories, at most 3.
    pub categories: Vec<FacetValue>,
    /// Number of products that the search would find.
    pub total: u64,
}

/// The categories that have products, as a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Categories {
    /// The widest ones, by name.
    pub items: Vec<Category>,
}

/// A category and what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Category {
    /// To filter by: the slugs of its path, such as `kitchen/mugs`.
    pub slug: String,
    /// Its own name, such as `Mugs`.
    pub name: String,
    /// Its whole path, such as `Kitchen > Mugs`.
    pub path: String,
    /// Products in it and below it.
    pub count: u64,
    /// Direct subcategories, by name.
    pub children: Vec<Category>,
}

/// Product with all details.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Product {
    /// Identity.
    pub id: ProductId,
    /// Slug: its address in the shop.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Sanitised HTML.
    pub description: String,
    /// Brand.
    pub brand: Option<String>,
    /// Category paths.
    pub categories: Vec<String>,
    /// Search tags.
    pub tags: Vec<String>,
    /// Its options.
    pub options: Vec<ProductOption>,
    /// Its variants.
    pub variants: Vec<Variant>,
    /// SKUs of variants that left the sale and can come back; for operators only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdrawn: Vec<Sku>,
    /// Images.
    pub media: Vec<Media>,
    /// Rank among the featured products, the lowest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub featured: Option<u32>,
    /// Whether shoppers see it.
    pub status: ProductStatus,
    /// Grows with every change; also the `ETag`.
    pub version: u64,
    /// When it was created.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// When it first went on sale.
    #[schemars(with = "Option<String>")]
    pub published_at: Option<Timestamp>,
}

/// Variant of a product: the unit of sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Variant {
    /// The article number, unique in the shop.
    pub sku: Sku,
    /// A value for each option.
    pub options: BTreeMap<String, String>,
    /// Today's price.
    pub price: UnitPrice,
    /// The merchant's compare-at price.
    pub compare_at_price: Option<UnitPrice>,
    /// The reduction, where it may be announced.
    pub reduction: Option<Reduction>,
    /// Whether it can be bought now.
    pub in_stock: bool,
    /// Units left; present only when few are left.
    pub only_left: Option<i64>,
    /// Weight of one unit.
    pub weight_grams: u32,
    /// GTIN or another barcode.
    pub barcode: Option<String>,
}

/// The prices of a product over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PriceHistory {
    /// By variant.
    pub variants: Vec<VariantPriceHistory>,
}

/// The prices of a variant over time, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VariantPriceHistory {
    /// The variant.
    pub sku: Sku,
    /// Prices with the times from which they applied.
    pub prices: Vec<PastPrice>,
    /// The reduction in force, where it may be announced.
    pub reduction: Option<Reduction>,
}

/// Facts about a SKU that a cart needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VariantFacts {
    /// SKU of the article.
    pub sku: Sku,
    /// Its product.
    pub product_id: ProductId,
    /// Slug of the product.
    pub slug: String,
    /// Its product's name.
    pub name: String,
    /// Its option values.
    pub options: BTreeMap<String, String>,
    /// Today's price.
    pub price: UnitPrice,
    /// Image.
    pub image: Option<Image>,
    /// Whether it is for sale: its product is active, and it has not been withdrawn.
    pub for_sale: bool,
    /// Whether it is in stock, as far as the catalogue knows.
    pub in_stock: bool,
    /// Units left; present only when few are left.
    pub only_left: Option<i64>,
    /// Weight of one unit.
    pub weight_grams: u32,
}

/// Event of the product service's feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ProductEvent {
    /// A product was made or changed.
    ProductChanged {
        /// Id.
        product_id: ProductId,
        /// Name of the change.
        change: String,
        /// Its status now.
        status: ProductStatus,
    },
    /// A price was changed.
    PriceChanged {
        /// Product.
        product_id: ProductId,
        /// SKU.
        sku: Sku,
        /// Previous price.
        old: Option<UnitPrice>,
        /// New price.
        new: UnitPrice,
    },
}

impl FeedEvent for ProductEvent {
    const SOURCE: &'static str = SERVICE;
    const TYPES: &'static [&'static str] = &["product_changed", "price_changed"];
}

/// Maximum number of SKUs of one [`Catalogue::variants`].
pub const VARIANTS_MAX: usize = 1_000;

contract! {
    /// Contract of the product service towards the services that sell.
    pub trait Catalogue in (SERVICE) {
        /// Facts about several SKUs, at most [`VARIANTS_MAX`], in the order asked for; unknown ones are left out.
        idempotent fn variants(skus: Vec<Sku>) -> Vec<VariantFacts>;
    }
}

/// Path of a variant in the public API.
pub fn variant_path(product: ProductId, sku: &Sku) -> String {
    format!("/api/v1/products/{product}/variants/{}", crate::path_segment(sku.as_str()))
}

/// HTTP client of the product service's public API.
#[derive(Clone, Debug)]
pub struct ProductClient(Client);

impl ProductClient {
    /// The service's name in the module table.
    pub const SERVICE: &'static str = SERVICE;

    /// A client over this channel.
    pub fn new(transport: Channel) -> Self {
        Self(Client::new(Self::SERVICE, transport))
    }

    /// A page of products.
    pub async fn products(&self, query: &ProductQuery) -> Result<ProductPage, CallError> {
        self.0.get("/api/v1/products").query(query).send().await
    }

    /// One product, by id or slug.
    pub async fn product(&self, id_or_slug: &str) -> Result<Product, CallError> {
        self.0.get(format!("/api/v1/products/{}", crate::path_segment(id_or_slug))).send().await
    }

    /// Its prices over time.
    pub async fn price_history(&self, id: ProductId) -> Result<PriceHistory, CallError> {
        self.0.get(format!("/api/v1/products/{id}/price-history")).send().await
    }

    /// Suggestions for the beginning of a search.
    pub async fn suggestions(&self, q: &str) -> Result<Suggestions, CallError> {
        self.0.get("/api/v1/products/suggestions").query(&[("q", q)]).send().await
    }

    /// Creates a product.
    pub async fn create(&self, product: &NewProduct) -> Result<Product, CallError> {
        self.0.post("/api/v1/products").json(product).send().await
    }

    /// Changes a product.
    pub async fn patch(&self, id: ProductId, patch: &ProductPatch) -> Result<Product, CallError> {
        let product = format!("/api/v1/products/{id}");
        self.0.request(Method::PATCH, product).json(patch).send().await
    }

    /// Sets the price of a variant, from now on.
    pub async fn price(
        &self,
        id: ProductId,
        sku: &Sku,
        price: &UnitPrice,
    ) -> Result<Variant, CallError> {
        self.0.put(format!("{}/price", variant_path(id, sku))).json(price).send().await
    }

    /// Publishes a product. Repeating it is no error.
    pub async fn publish(&self, id: ProductId) -> Result<Product, CallError> {
        self.0.post(format!("/api/v1/products/{id}/publish")).send().await
    }

    /// Takes a product off sale. Repeating it is no error.
    pub async fn archive(&self, id: ProductId) -> Result<Product, CallError> {
        self.0.post(format!("/api/v1/products/{id}/archive")).send().await
    }

    /// The categories that have products.
    pub async fn categories(&self) -> Result<Categories, CallError> {
        self.0.get("/api/v1/categories").send().await
    }

    /// Takes a batch of an import.
    pub async fn import(&self, batch: &ImportBatch) -> Result<ImportReport, CallError> {
        self.0.post("/api/v1/products/import").json(batch).send().await
    }
}
