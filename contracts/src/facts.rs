//! Facts of services for offline comparison (`icommerce check`): read from the journals of a data folder while no process runs,
//! never sent.

use crate::{
    cart::CartStatus,
    inventory::HoldStatus,
    order::OrderStatus,
    payment::PaymentState,
    shared::{CartId, HoldId, OrderId, PaymentId, Sku},
};
use kernel::{Money, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Units by SKU.
pub type Units = BTreeMap<Sku, i64>;

/// An order, or something that may become one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFacts {
    /// Identity.
    pub order_id: OrderId,
    /// Whether a saga about it has not ended: then others may be ahead of it, or behind.
    pub under_way: bool,
    /// None before it is placed.
    pub placed: Option<PlacedFacts>,
}

/// An order that was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedFacts {
    /// Status.
    pub status: OrderStatus,
    /// Whether it was confirmed once.
    pub was_confirmed: bool,
    /// Whether the cart has become this order for good: it was confirmed, or waited for its prepayment.
    pub has_its_cart: bool,
    /// Total.
    pub total: Money,
    /// Set aside until the goods leave, as far as the order knows.
    pub authorised: Money,
    /// Taken, as far as the order knows.
    pub captured: Money,
    /// Given back, as far as the order knows.
    pub refunded: Money,
    /// The cart it came from.
    pub cart_id: Option<CartId>,
    /// The hold of its goods.
    pub hold_id: HoldId,
    /// Its payment.
    pub payment_id: PaymentId,
    /// Units taken out of stock and not returned.
    pub units: Units,
}

impl OrderFacts {
    /// Kind of these facts.
    pub const KIND: &'static str = "order";
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFacts {
    /// Identity.
    pub payment_id: PaymentId,
    /// Order that is paid for.
    pub order_id: OrderId,
    /// Status.
    pub state: PaymentState,
    /// Whether the processor still has to say something.
    pub unsettled: bool,
    /// Set aside and neither taken nor set free, in minor units.
    pub outstanding: i64,
    /// Taken, in minor units.
    pub captured: i64,
    /// Given back, in minor units.
    pub refunded: i64,
}

impl PaymentFacts {
    /// Kind of these facts.
    pub const KIND: &'static str = "payment";
}

/// Facts about a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldFacts {
    /// Identity.
    pub hold_id: HoldId,
    /// For which; none when it was barred before anybody said.
    pub order_id: Option<OrderId>,
    /// Stored status, regardless of the clock.
    pub status: HoldStatus,
    /// When it ends by the clock.
    pub expires_at: Timestamp,
    /// Units sold under it and not returned.
    pub sold: Units,
}

impl HoldFacts {
    /// Kind of these facts.
    pub const KIND: &'static str = "hold";
}

/// A cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartFacts {
    /// Identity.
    pub cart_id: CartId,
    /// Stored status, regardless of the clock.
    pub status: CartStatus,
    /// The order it is becoming, or has become.
    pub order_id: Option<OrderId>,
}

impl CartFacts {
    /// Kind of these facts.
    pub const KIND: &'static str = "cart";
}
