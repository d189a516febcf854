//! Contract of the shopping cart service: carts, quotes, shipping methods.

mod account_carts;
mod wish_list;

pub use account_carts::{AccountCart, AccountCarts};
pub use wish_list::{WishList, WishListItem};

use crate::shared::{
    AccountId, Address, CartId, Image, LINE_UNITS_MAX, OrderId, ProductId, Quantity, Sku, Totals,
};
use addresses::{AddressPart, CityKind, PostalCodeKind, Region, RegionKind};
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
    /// Identity; for the cart of a guest, the right to use it.
    pub id: CartId,
    /// Status.
    pub status: CartStatus,
    /// Currency of all amounts.
    pub currency: Currency,
    /// Its lines, oldest first; one per SKU.
    pub lines: Vec<CartLine>,
    /// Number of units over all lines.
    pub item_count: i64,
    /// Totals of the lines that can be bought, with the cheapest shipping method to the shop's own country.
    pub totals: Totals,
    /// All that is known to have changed or to stand in the way of a checkout, in the order of the lines.
    pub notices: Vec<Notice>,
    /// Version; incremented with every change.
    pub version: u64,
    /// When it expires without a further change.
    #[schemars(with = "String")]
    #[serde(with = "kernel::rfc3339")]
    pub expires_at: Timestamp,
}

/// A line of a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CartLine {
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
    /// Number of units.
    pub quantity: i64,
    /// Today's price of one; the last one known where it has none in this currency.
    pub unit_price: UnitPrice,
    /// The price when the line was last added or changed, where today's is another one.
    pub previous_unit_price: Option<UnitPrice>,
    /// Price times quantity, rounded once.
    pub total: Money,
    /// Image.
    pub image: Option<Image>,
    /// Whether it can be bought now.
    pub in_stock: bool,
    /// Units left; present only when few are left.
    pub only_left: Option<i64>,
    /// Why the line cannot be checked out as it is; absent where it can. A line that is `sold_out`, `not_for_sale`,
    /// `not_sold_in_currency` or over the `amount_limit` is not part of the totals; of one with `fewer_left` the units that are left are.
    pub problem: Option<NoticeCode>,
}

/// Code of a notice, and of what stands in the way of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeCode {
    /// It is no longer for sale.
    NotForSale,
    /// It has no price in the cart's currency any more.
    NotSoldInCurrency,
    /// None is left.
    SoldOut,
    /// Fewer are left than the line has; `available` says how many.
    FewerLeft,
    /// With this line, the cart costs more than a cart may.
    AmountLimit,
    /// Its price is another one than when the line was last added or changed. Nothing stands in the way.
    PriceChanged,
}

/// Notice for the shopper about a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// Code to program against.
    pub code: NoticeCode,
    /// The article it is about.
    pub sku: Option<Sku>,
    /// Message as a sentence.
    pub message: String,
    /// Of `price_changed`: the old price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_unit_price: Option<UnitPrice>,
    /// Of `price_changed`: the new price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<UnitPrice>,
    /// Of `fewer_left`: how many are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<i64>,
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
    /// State, province, region: one of the country's list where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postcode, in a form that the country has.
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
    /// Account of the customer who asks, where a cart is frozen that may be theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
}

/// Merge of a guest's cart into that of the customer who is signed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CartMerge {
    /// Cart of the guest. One that is empty, ordered, unknown or somebody's is left as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest_cart: Option<CartId>,
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
    /// Where the goods are collected; absent where they are delivered. The shipping address of such an order is the
    /// place's, in the name of the person who collects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pickup: Option<PickupPlace>,
}

/// Place where a shopper collects an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PickupPlace {
    /// Its address, with the name of the place.
    pub address: Address,
    /// Opening hours, a line each, such as `Mon–Fri 10:00–18:00`.
    pub hours: Vec<String>,
}

/// Shipping methods to a country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShippingMethods {
    /// Cheapest first.
    pub items: Vec<ShippingMethod>,
}

/// A country goods are sent to, and the format of addresses there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Country {
    /// ISO 3166-1 alpha-2.
    pub code: String,
    /// Its English name.
    pub name: String,
    /// Address fields that are required: `city`, `region`, `postal_code`.
    pub required: Vec<String>,
    /// Format of postcodes, as an anchored regular expression; none where there are no postcodes. A postcode that does
    /// not match is refused.
    pub postal_code_pattern: Option<String>,
    /// Example of a postcode.
    #[serde(default)]
    pub postal_code_example: Option<String>,
    /// Rows of a form for an address, after the name.
    #[serde(default)]
    pub address_rows: Vec<Vec<AddressPart>>,
    /// What the city is called there.
    #[serde(default)]
    pub city_kind: CityKind,
    /// What the region is called there.
    #[serde(default)]
    pub region_kind: RegionKind,
    /// What the postcode is called there.
    #[serde(default)]
    pub postal_code_kind: PostalCodeKind,
    /// Regions that an address can have; empty where there is no list. Another region is refused.
    #[serde(default)]
    pub regions: Vec<Region>,
}

/// The countries goods are sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Countries {
    /// By name.
    pub items: Vec<Country>,
}

/// Terms on which the shop sells, the same for every shopper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShopTerms {
    /// The shop's own currency.
    pub currency: Currency,
    /// The shop's own country, ISO 3166-1 alpha-2.
    pub country: String,
    /// Whether prices include tax.
    pub prices_include_tax: bool,
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

    /// Cart of the customer who is signed in, after the merge with a guest's cart, which is closed. It can be repeated. Refused with
    /// `not_found` if there is neither, and with `unauthenticated`.
    pub async fn account_cart(&self, merge: &CartMerge) -> Result<Cart, CallError> {
        self.0.post("/api/v1/account/cart").json(merge).send().await
    }

    /// Wish list of the customer who is signed in. Refused with `unauthenticated`.
    pub async fn wish_list(&self) -> Result<WishList, CallError> {
        self.0.get("/api/v1/account/wish-list").send().await
    }

    /// Adds an article to that list. Refused with `unknown_sku` and `wish_list_limit`.
    pub async fn add_wish(&self, sku: &Sku) -> Result<WishList, CallError> {
        let path = format!("/api/v1/account/wish-list/{}", crate::path_segment(sku.as_str()));
        self.0.request(Method::PUT, path).send().await
    }

    /// Removes an article from that list.
    pub async fn remove_wish(&self, sku: &Sku) -> Result<WishList, CallError> {
        let path = format!("/api/v1/account/wish-list/{}", crate::path_segment(sku.as_str()));
        self.0.request(Method::DELETE, path).send().await
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

    /// Terms on which the shop sells.
    pub async fn shop_terms(&self) -> Result<ShopTerms, CallError> {
        self.0.get("/api/v1/shop").send().await
    }

    /// The countries goods are sent to.
    pub async fn countries(&self) -> Result<Countries, CallError> {
        self.0.get("/api/v1/countries").send().await
    }
}
