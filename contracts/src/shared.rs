//! Messages that several contracts use.

use kernel::Money;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

kernel::id! {
    /// A product.
    ProductId
}
kernel::id! {
    /// A cart. For a guest, knowing it is the right to use it.
    CartId
}
kernel::id! {
    /// An order.
    OrderId
}
kernel::id! {
    /// A payment intent.
    PaymentId
}
kernel::id! {
    /// Units of stock set aside for an order.
    HoldId
}
kernel::id! {
    /// Money given back.
    RefundId
}
kernel::id! {
    /// A running saga.
    SagaId
}

/// Where somebody lives or wants the goods. Which parts a country requires comes from data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The person or company, up to 200 characters.
    pub name: String,
    /// Street and number.
    pub line1: String,
    /// Whatever else the street line needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    /// City or town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// State, province, region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postcode, as written there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2, such as `DE`.
    pub country: String,
}

/// What something comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Sum of the lines, before discounts.
    pub items: Money,
    /// Taken off; zero or positive.
    pub discount: Money,
    /// Delivery.
    pub shipping: Money,
    /// Tax: part of `total` when `tax_included`, otherwise added to reach it. Either way `total` is what is due.
    pub tax: Money,
    /// What is due.
    pub total: Money,
    /// Whether the prices of lines and delivery contain the tax.
    pub tax_included: bool,
}

/// A SKU and how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quantity {
    /// The article.
    pub sku: String,
    /// How many units; at least 1.
    pub quantity: i64,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Where it is: an `https` address or a path on the shop edge.
    pub url: String,
    /// What can be seen, for people who cannot.
    #[serde(default)]
    pub alt: String,
    /// Pixels; 0 where unknown.
    #[serde(default)]
    pub width: u32,
    /// Pixels; 0 where unknown.
    #[serde(default)]
    pub height: u32,
}

/// An answer without content of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {}
