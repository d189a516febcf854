//! Types that several contracts share.

use kernel::Money;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use addresses::Address;
pub use identifiers::{
    AccountId, ActivityId, AddressId, CartId, CustomerActor, Email, HoldId, NotificationId,
    OrderId, PaymentId, ProductId, RefundId, SagaId, Sku,
};

/// Totals of a cart, quote or order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Sum of the lines, before discounts.
    pub items: Money,
    /// Discount; zero or positive.
    pub discount: Money,
    /// Shipping.
    pub shipping: Money,
    /// Tax: part of `total` when `tax_included`, otherwise added to reach it. Either way `total` is what is due.
    pub tax: Money,
    /// Total due.
    pub total: Money,
    /// Whether the prices of lines and delivery contain the tax.
    pub tax_included: bool,
}

/// Limit of the units of one SKU in a cart or an order.
pub const LINE_UNITS_MAX: i64 = 100_000;

/// SKU with a number of units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quantity {
    /// SKU of the article.
    pub sku: Sku,
    /// Number of units: 1 to [`LINE_UNITS_MAX`].
    #[schemars(range(min = 1, max = LINE_UNITS_MAX))]
    pub quantity: i64,
}

/// Image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// URL: a path on the shop edge.
    pub url: String,
    /// Alternative text.
    #[serde(default)]
    pub alt: String,
    /// Pixels; 0 where unknown.
    #[serde(default)]
    pub width: u32,
    /// Pixels; 0 where unknown.
    #[serde(default)]
    pub height: u32,
}

/// Response without content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {}
