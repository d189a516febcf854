//! Contract of the shopping cart service: carts, quotes, shipping methods.

use crate::shared::{CartId, Image, LINE_UNITS_MAX, OrderId, ProductId, Quantity, Sku, Totals};
use kernel::{Currency, Money, Timestamp, UnitPrice};
use rpc::{FeedEvent, contract};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use transport::{CallError, Channel, Client, Method};

/// The service's name in the module table.
pub const SERVICE: &str = "shopping-cart-service";

/// Status of a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CartStatus {
    /// Can be changed.
    Open,
    /// An order is being placed from it.
    CheckingOut,
    /// Has become an order.
    Ordered,
    /// Unchanged for too long; a change reopens it.
    Expired,
}

/// Cart at current prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cart {
    /// Identity; for a guest, the right to use it.
    pub id: CartId,
    /// Status.
    pub status: CartStatus,
    /// Currency of all amounts.
    pub currency: Currency,
    /// Its lines, oldest first; one per SKU.
    pub lines: Vec<CartLine>,
    /// Number of units over all lines.
    pub item_count: i64,
    /// Totals, with the cheapest shipping method to the shop's own country.
    pub totals: Totals,
    /// Notices of changes that the shopper did not make.
    pub notices: Vec<Notice>,
    /// The order it became.
    pub order_id: Option<OrderId>,
    /// Version; incremented with every change.
    pub version: u64,
    /// When it expires without a further change.
    #[schemars(with = "String")]
    pub expires_at: Timestamp,
}

/// A line of a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CartLine {
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
    /// Number of units.
    pub quantity: i64,
    /// Today's price of one.
    pub unit_price: UnitPrice,
    /// Price times quantity, rounded once.
    pub total: Money,
    /// Image.
    pub image: Option<Image>,
    /// Whether it can be bought now.
    pub in_stock: bool,
    /// Units left; present only when few are left.
    pub only_left: Option<i64>,
}

/// Notice for the shopper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// Stable code: `not_for_sale`, `sold_out`, `fewer_left`.
    pub code: String,
    /// The article it is about.
    pub sku: Option<Sku>,
    /// Message as a sentence.
    pub message: String,
}

/// Request to create a cart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCart {
    /// Initial lines.
    #[serde(default)]
    pub lines: Vec<Quantity>,
    /// The currency; the shop's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// A new quantity of a line; 0 removes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineQuantity {
    /// Number of units.
    #[schemars(range(min = 0, max = LINE_UNITS_MAX))]
    pub quantity: i64,
}

/// Destination of goods, as far as shipping and tax depend on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// State, province, region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postcode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
}

/// Request for a quote of lines, or of a cart that a checkout freezes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteRequest {
    /// The lines; ignored where a cart is frozen.
    #[serde(default)]
    pub lines: Vec<Quantity>,
    /// The currency; the shop's own when absent, the cart's where a cart is frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Shipping address.
    pub destination: Destination,
    /// Code of the shipping method; the cheapest when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<String>,
}

/// Request for a quote of a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CartQuoteRequest {
    /// Shipping address.
    pub destination: Destination,
    /// Code of the shipping method; the default one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<String>,
}

/// Quote of lines, exact to the minor unit, as an order keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quote {
    /// Currency of all amounts.
    pub currency: Currency,
    /// The lines.
    pub lines: Vec<QuotedLine>,
    /// Shipping.
    pub shipping: QuotedShipping,
    /// The sums.
    pub totals: Totals,
}

/// A priced line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuotedLine {
    /// SKU of the article.
    pub sku: Sku,
    /// Its product.
    pub product_id: ProductId,
    /// Its product's name, as the shopper saw it.
    pub name: String,
    /// Its option values.
    pub options: BTreeMap<String, String>,
    /// Number of units.
    pub quantity: i64,
    /// The price of one.
    pub unit_price: UnitPrice,
    /// Price times quantity, rounded once.
    pub total: Money,
    /// The tax in or on `total`.
    pub tax: Money,
    /// The rate, as a decimal fraction such as `0.19`.
    pub tax_rate: String,
}

/// Shipping with its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuotedShipping {
    /// The method's code.
    pub method: String,
    /// Its name.
    pub label: String,
    /// Its price.
    pub price: Money,
    /// The tax in or on it.
    pub tax: Money,
}

/// Shipping method with its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShippingMethod {
    /// Code that selects it.
    pub code: String,
    /// Label for display.
    pub label: String,
    /// Its price.
    pub price: Money,
    /// The sum of lines from which it is free.
    pub free_from: Option<Money>,
    /// Working days until it arrives: earliest and latest.
    pub days: [u8; 2],
}

/// Shipping methods to a country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShippingMethods {
    /// Cheapest first.
    pub items: Vec<ShippingMethod>,
}

/// A country goods are sent to, and what an address there needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Country {
    /// ISO 3166-1 alpha-2.
    pub code: String,
    /// Its English name.
    pub name: String,
    /// Address fields that are required: `city`, `region`, `postal_code`.
    pub required: Vec<String>,
    /// Format of postcodes, as an anchored regular expression.
    pub postal_code_pattern: Option<String>,
}

/// The countries goods are sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Countries {
    /// By name.
    pub items: Vec<Country>,
}

/// Event of the shopping cart service's feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CartEvent {
    /// A cart was changed by a shopper.
    CartChanged {
        /// Id.
        cart_id: CartId,
        /// The name of the change, such as `line_added`.
        change: String,
        /// SKU of the article.
        sku: Option<Sku>,
        /// New number of units.
        quantity: Option<i64>,
    },
}

impl FeedEvent for CartEvent {
    const SOURCE: &'static str = SERVICE;
    const TYPES: &'static [&'static str] = &["cart_changed"];
}

contract! {
    /// Contract of the shopping cart service towards the services that sell.
    pub trait Carts in (SERVICE) {
        /// Quotes lines at current prices for a destination.
        idempotent fn quote(request: QuoteRequest) -> Quote;

        /// Freezes a cart for an order and quotes it. A repeated call for the same order returns the same quote.
        idempotent fn begin_checkout(id: CartId, order_id: OrderId, request: QuoteRequest) -> Quote;

        /// Marks the cart as ordered after its order was placed.
        idempotent fn ordered(id: CartId, order_id: OrderId) -> ();

        /// Reopens the cart after its order was not placed.
        idempotent fn reopen(id: CartId, order_id: OrderId) -> ();

        /// The countries goods are sent to.
        idempotent fn countries() -> Countries;
    }
}

/// HTTP client of the shopping cart service's public API.
#[derive(Clone, Debug)]
pub struct CartClient(Client);

impl CartClient {
    /// The service's name in the module table.
    pub const SERVICE: &'static str = SERVICE;

    /// A client over this channel.
    pub fn new(transport: Channel) -> Self {
        Self(Client::new(Self::SERVICE, transport))
    }

    /// Creates a cart.
    pub async fn create(&self, cart: &NewCart) -> Result<Cart, CallError> {
        self.0.post("/api/v1/carts").json(cart).send().await
    }

    /// Cart at current prices.
    pub async fn cart(&self, id: CartId) -> Result<Cart, CallError> {
        self.0.get(format!("/api/v1/carts/{id}")).send().await
    }

    /// Adds units of a SKU.
    pub async fn add_line(&self, id: CartId, line: &Quantity) -> Result<Cart, CallError> {
        self.0.post(format!("/api/v1/carts/{id}/lines")).json(line).send().await
    }

    /// Sets how many units of a SKU the cart has.
    pub async fn change_line(
        &self,
        id: CartId,
        sku: &Sku,
        quantity: i64,
    ) -> Result<Cart, CallError> {
        let path = format!("/api/v1/carts/{id}/lines/{}", crate::path_segment(sku.as_str()));
        self.0.request(Method::PATCH, path).json(&LineQuantity { quantity }).send().await
    }

    /// Removes a line.
    pub async fn remove_line(&self, id: CartId, sku: &Sku) -> Result<Cart, CallError> {
        let path = format!("/api/v1/carts/{id}/lines/{}", crate::path_segment(sku.as_str()));
        self.0.request(Method::DELETE, path).send().await
    }

    /// Quote of a cart for a destination. Refused with `cart_empty`, `unknown_sku` or `not_deliverable`, and with
    /// `invalid_field` where the country or the shipping method is not available.
    pub async fn quote(&self, id: CartId, request: &CartQuoteRequest) -> Result<Quote, CallError> {
        self.0.post(format!("/api/v1/carts/{id}/quote")).json(request).send().await
    }

    /// Shipping methods to a country, for a cart or in general.
    pub async fn shipping_methods(
        &self,
        country: &str,
        cart: Option<CartId>,
    ) -> Result<ShippingMethods, CallError> {
        let cart = cart.map(|id| id.to_string());
        let mut query = vec![("country", country)];
        query.extend(cart.as_deref().map(|id| ("cart_id", id)));
        self.0.get("/api/v1/shipping-methods").query(&query).send().await
    }

    /// The countries goods are sent to.
    pub async fn countries(&self) -> Result<Countries, CallError> {
        self.0.get("/api/v1/countries").send().await
    }
}
