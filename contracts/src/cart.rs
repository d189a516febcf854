//! The shopping cart service's contract: carts, and quotes of what lines come to.

use crate::shared::{CartId, Image, OrderId, ProductId, Quantity, Totals};
use kernel::{Currency, Money, Timestamp, UnitPrice};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use transport::{CallError, Channel, Client, Method};

/// Where a cart stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CartStatus {
    /// Can be changed.
    Open,
    /// An order is being placed from it.
    CheckingOut,
    /// Has become an order.
    Ordered,
    /// Not touched for long; a change brings it back.
    Expired,
}

/// A cart, priced now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cart {
    /// Identity; for a guest, the right to use it.
    pub id: CartId,
    /// Where it stands.
    pub status: CartStatus,
    /// The currency everything in it is priced in.
    pub currency: Currency,
    /// Its lines, oldest first; one per SKU.
    pub lines: Vec<CartLine>,
    /// Units over all lines.
    pub item_count: i64,
    /// What it comes to, with the cheapest delivery to the shop's own country.
    pub totals: Totals,
    /// What changed without the shopper's doing.
    pub notices: Vec<Notice>,
    /// The order it became.
    pub order_id: Option<OrderId>,
    /// Grows with every change.
    pub version: u64,
    /// When it expires if nobody touches it.
    #[schemars(with = "String")]
    pub expires_at: Timestamp,
}

/// A line of a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CartLine {
    /// The article.
    pub sku: String,
    /// Its product.
    pub product_id: ProductId,
    /// Its product's address.
    pub slug: String,
    /// Its product's name.
    pub name: String,
    /// Its option values.
    pub options: BTreeMap<String, String>,
    /// How many.
    pub quantity: i64,
    /// Today's price of one.
    pub unit_price: UnitPrice,
    /// Price times quantity, rounded once.
    pub total: Money,
    /// A picture.
    pub image: Option<Image>,
    /// Whether it can be bought now.
    pub in_stock: bool,
    /// Units left, told only when few are left.
    pub only_left: Option<i64>,
}

/// Something the shopper should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// A stable word: `not_for_sale`, `sold_out`, `fewer_left`.
    pub code: String,
    /// The article it is about.
    pub sku: Option<String>,
    /// A sentence.
    pub message: String,
}

/// A cart to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCart {
    /// Lines to begin with.
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
    /// How many.
    pub quantity: i64,
}

/// Where goods go, as far as it matters for delivery and tax.
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

/// Asks what lines come to. Also how a checkout freezes a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteRequest {
    /// The lines; ignored where a cart is frozen.
    #[serde(default)]
    pub lines: Vec<Quantity>,
    /// The currency; the shop's own when absent, the cart's where a cart is frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Where the goods go.
    pub destination: Destination,
    /// The delivery wanted; the cheapest when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<String>,
}

/// What lines come to, to the minor unit, in a form an order can keep for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quote {
    /// The currency of everything.
    pub currency: Currency,
    /// The lines.
    pub lines: Vec<QuotedLine>,
    /// The delivery.
    pub shipping: QuotedShipping,
    /// The sums.
    pub totals: Totals,
}

/// A priced line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuotedLine {
    /// The article.
    pub sku: String,
    /// Its product.
    pub product_id: ProductId,
    /// Its product's name, as the shopper saw it.
    pub name: String,
    /// Its option values.
    pub options: BTreeMap<String, String>,
    /// How many.
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

/// A priced delivery.
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

/// A way to have goods delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShippingMethod {
    /// To choose it by.
    pub code: String,
    /// To show.
    pub label: String,
    /// Its price.
    pub price: Money,
    /// The sum of lines from which it is free.
    pub free_from: Option<Money>,
    /// Working days until it arrives: earliest and latest.
    pub days: [u8; 2],
}

/// The ways to a country.
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
    /// What a postcode looks like there, as an anchored regular expression.
    pub postal_code_pattern: Option<String>,
}

/// The countries goods are sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Countries {
    /// By name.
    pub items: Vec<Country>,
}

/// Names the order a cart is frozen for, becomes, or is given back by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForOrder {
    /// The order.
    pub order_id: OrderId,
}

/// What the cart service tells the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CartEvent {
    /// A shopper changed a cart.
    CartChanged {
        /// Which.
        cart_id: CartId,
        /// The name of the change, such as `line_added`.
        change: String,
        /// The article.
        sku: Option<String>,
        /// How many now.
        quantity: Option<i64>,
    },
}

/// Speaks to the shopping cart service.
#[derive(Clone, Debug)]
pub struct CartClient(Client);

impl CartClient {
    /// The service's name in the module table.
    pub const SERVICE: &'static str = "shopping-cart-service";

    /// A client over this transport.
    pub fn new(transport: Channel) -> Self {
        Self(Client::new(Self::SERVICE, transport))
    }

    /// Makes a cart.
    pub async fn create(&self, cart: &NewCart) -> Result<Cart, CallError> {
        self.0.post("/api/v1/carts").json(cart).send().await
    }

    /// A cart, priced now.
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
        sku: &str,
        quantity: i64,
    ) -> Result<Cart, CallError> {
        let path = format!("/api/v1/carts/{id}/lines/{}", crate::path_segment(sku));
        self.0.request(Method::PATCH, path).json(&LineQuantity { quantity }).send().await
    }

    /// Takes a SKU out.
    pub async fn remove_line(&self, id: CartId, sku: &str) -> Result<Cart, CallError> {
        let path = format!("/api/v1/carts/{id}/lines/{}", crate::path_segment(sku));
        self.0.request(Method::DELETE, path).send().await
    }

    /// The ways to have goods delivered to a country, for a cart or in general.
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

    /// What lines come to.
    pub async fn quote(&self, request: &QuoteRequest) -> Result<Quote, CallError> {
        self.0.post("/internal/v1/quotes").json(request).send().await
    }

    /// Freezes a cart for an order and says what it comes to. Repeating it for the same order gives the same.
    pub async fn begin_checkout(
        &self,
        id: CartId,
        order: OrderId,
        quote: &QuoteRequest,
    ) -> Result<Quote, CallError> {
        self.0.put(format!("/internal/v1/carts/{id}/checkouts/{order}")).json(quote).send().await
    }

    /// The order was placed: the cart has become it.
    pub async fn ordered(&self, id: CartId, order_id: OrderId) -> Result<(), CallError> {
        self.0
            .post(format!("/internal/v1/carts/{id}/ordered"))
            .json(&ForOrder { order_id })
            .send_empty()
            .await
    }

    /// The order was not placed: the cart is open again.
    pub async fn reopen(&self, id: CartId, order_id: OrderId) -> Result<(), CallError> {
        self.0
            .post(format!("/internal/v1/carts/{id}/reopen"))
            .json(&ForOrder { order_id })
            .send_empty()
            .await
    }
}
