//! What happens to an order, as it is stored for ever. Variants and optional fields are added, never changed.

use kernel::{Currency, Money, Timestamp, UnitPrice, Uuid};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum OrderEvent {
    Placed(Box<Placed>),
    /// The customer has to act, or the bank has not answered.
    PaymentWaiting {
        reason: String,
        action_url: Option<String>,
        of: Reference,
        at: Timestamp,
    },
    Confirmed {
        /// What is due and was not taken is set aside, and taken when the goods leave.
        captured: Money,
        of: Reference,
        at: Timestamp,
    },
    /// Nothing but the cancellation may happen from here on.
    CancelRequested {
        reason: Option<String>,
        at: Timestamp,
    },
    /// All that was taken has gone back.
    Cancelled {
        reason: String,
        of: Reference,
        at: Timestamp,
    },
    /// The money is promised to this refund, and to no other.
    RefundReserved {
        refund: Refund,
        at: Timestamp,
    },
    Refunded {
        id: Uuid,
        amount: Money,
        of: Reference,
        at: Timestamp,
    },
    /// The refund did not come about; what it had reserved is free again.
    RefundDropped {
        id: Uuid,
        reason: String,
        at: Timestamp,
    },
    /// The goods are about to leave; the money is taken first.
    FulfilmentRequested {
        at: Timestamp,
    },
    /// What was set aside was taken.
    Captured {
        captured: Money,
        of: Reference,
        at: Timestamp,
    },
    /// The money could not be taken, and the goods have not left.
    FulfilmentDropped {
        reason: String,
        at: Timestamp,
    },
    Fulfilled {
        of: Reference,
        at: Timestamp,
    },
    Completed {
        of: Reference,
        at: Timestamp,
    },
}

/// What others are told of an order with each event that concerns them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reference {
    pub(crate) number: u64,
    pub(crate) total: Money,
    /// Where the order stands after the event.
    pub(crate) status: Status,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Pending,
    Confirmed,
    Completed,
    Cancelled,
}

/// An order as it was placed. None of it changes afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub(crate) number: u64,
    pub(crate) currency: Currency,
    pub(crate) lines: Vec<Line>,
    pub(crate) shipping: Shipping,
    pub(crate) totals: Totals,
    pub(crate) email: String,
    pub(crate) shipping_address: Address,
    pub(crate) billing_address: Address,
    pub(crate) cart_id: Option<Uuid>,
    pub(crate) hold_id: Uuid,
    pub(crate) payment_id: Uuid,
    pub(crate) payment_method: String,
    pub(crate) at: Timestamp,
}

/// A line, priced for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) sku: String,
    pub(crate) product_id: Uuid,
    pub(crate) name: String,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) quantity: i64,
    pub(crate) unit_price: UnitPrice,
    /// Price times quantity, rounded once.
    pub(crate) total: Money,
    /// The tax in or on `total`.
    pub(crate) tax: Money,
    pub(crate) tax_rate: String,
    /// What is paid for the line after discounts, tax included.
    pub(crate) paid: Money,
}

/// The delivery, priced for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shipping {
    pub(crate) method: String,
    pub(crate) label: String,
    pub(crate) price: Money,
    pub(crate) tax: Money,
}

/// What the order comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub(crate) items: Money,
    pub(crate) discount: Money,
    pub(crate) shipping: Money,
    pub(crate) tax: Money,
    pub(crate) total: Money,
    pub(crate) tax_included: bool,
}

/// Where somebody lives or wants the goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) name: String,
    pub(crate) line1: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) line2: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) city: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) postal_code: Option<String>,
    pub(crate) country: String,
}

/// Money to give back, decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: Uuid,
    pub(crate) amount: Money,
    /// The tax in it.
    pub(crate) tax: Money,
    /// For which units; none for a sum without goods.
    pub(crate) units: Vec<Units>,
    pub(crate) restock: bool,
    pub(crate) reason: String,
}

/// Some units of a line, by their places in it: the first unit is 0, and `until` is not one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Units {
    pub(crate) sku: String,
    pub(crate) from: i64,
    pub(crate) until: i64,
}

impl Units {
    pub(crate) fn count(&self) -> i64 {
        self.until - self.from
    }
}

impl OrderEvent {
    /// What it is called in the journal, in histories and to others.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Placed(_) => "placed",
            Self::PaymentWaiting { .. } => "payment_waiting",
            Self::Confirmed { .. } => "confirmed",
            Self::CancelRequested { .. } => "cancel_requested",
            Self::Cancelled { .. } => "cancelled",
            Self::RefundReserved { .. } => "refund_reserved",
            Self::Refunded { .. } => "refunded",
            Self::RefundDropped { .. } => "refund_dropped",
            Self::FulfilmentRequested { .. } => "fulfilment_requested",
            Self::Captured { .. } => "captured",
            Self::FulfilmentDropped { .. } => "fulfilment_dropped",
            Self::Fulfilled { .. } => "fulfilled",
            Self::Completed { .. } => "completed",
        }
    }

    /// When it was decided.
    pub(crate) fn at(&self) -> Timestamp {
        match self {
            Self::Placed(placed) => placed.at,
            Self::PaymentWaiting { at, .. }
            | Self::Confirmed { at, .. }
            | Self::CancelRequested { at, .. }
            | Self::Cancelled { at, .. }
            | Self::RefundReserved { at, .. }
            | Self::Refunded { at, .. }
            | Self::RefundDropped { at, .. }
            | Self::FulfilmentRequested { at }
            | Self::Captured { at, .. }
            | Self::FulfilmentDropped { at, .. }
            | Self::Fulfilled { at, .. }
            | Self::Completed { at, .. } => *at,
        }
    }
}
