//! Domain events of an order and what else of its domain is stored, for ever. They change only by new variants and optional fields.

use identifiers::{CartId, HoldId, PaymentId, ProductId, RefundId, Sku};
use kernel::{Currency, Money, Timestamp, UnitPrice};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// Payment terms of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum PaymentTerms {
    /// A processor moves the money.
    #[default]
    Processor,
    /// The customer transfers the money before the order is confirmed; an operator records what arrives.
    Prepayment { bank_details: String, pay_by: Timestamp },
    /// The customer transfers the money after the order is confirmed, before or after its shipment.
    Invoice { bank_details: String, pay_by: Timestamp },
}

/// Event of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum OrderEvent {
    /// The order was created and awaits confirmation.
    Placed(Arc<Placed>),
    /// The payment waits for the customer or for the bank.
    PaymentWaiting { reason: String, action_url: Option<String>, of: EventSummary, at: Timestamp },
    /// The stock is sold and the payment captured or authorised.
    Confirmed {
        /// The rest of the total is authorised, and captured at fulfilment.
        captured: Money,
        of: EventSummary,
        at: Timestamp,
    },
    /// The cancellation was requested; every other change is blocked from here on.
    CancelRequested { reason: Option<String>, at: Timestamp },
    /// The order was cancelled, and everything captured was refunded.
    Cancelled { reason: String, of: EventSummary, at: Timestamp },
    /// The amount is reserved for this refund.
    RefundReserved { refund: Refund, at: Timestamp },
    /// The refund was paid.
    Refunded { id: RefundId, amount: Money, of: EventSummary, at: Timestamp },
    /// The refund failed; its reserved amount is refundable again.
    RefundDropped { id: RefundId, reason: String, at: Timestamp },
    /// The fulfilment was requested; the payment is captured first.
    FulfilmentRequested { at: Timestamp },
    /// The authorised amount was captured, or a bank transfer arrived: `captured` is the amount in all.
    Captured {
        captured: Money,
        of: EventSummary,
        at: Timestamp,
        /// Reference of the bank transfer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// The capture failed, and the order was not shipped.
    FulfilmentDropped { reason: String, at: Timestamp },
    /// The order was shipped.
    Fulfilled { of: EventSummary, at: Timestamp },
    /// The order was shipped and is paid in full.
    Completed { of: EventSummary, at: Timestamp },
}

/// Summary of an order in the events that are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventSummary {
    pub(crate) number: u64,
    pub(crate) total: Money,
    /// Status of the order after the event.
    pub(crate) status: OrderStatus,
}

/// Status of an order, as it is stored and published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderStatus {
    Pending,
    Confirmed,
    Completed,
    Cancelled,
}

/// Immutable facts of an order, fixed when it is placed.
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
    pub(crate) cart_id: Option<CartId>,
    pub(crate) hold_id: HoldId,
    pub(crate) payment_id: PaymentId,
    pub(crate) payment_method: String,
    #[serde(with = "kernel::rfc3339")]
    pub(crate) at: Timestamp,
    #[serde(default, skip_serializing_if = "PaymentTerms::is_processor")]
    pub(crate) terms: PaymentTerms,
    /// Place in the sequence of all orders; the number itself where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sequence: Option<u64>,
}

impl Placed {
    /// Memory that the facts occupy, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let lines: usize = self.lines.iter().map(Line::bytes).sum();
        let texts =
            [&self.email, &self.payment_method, &self.shipping.method, &self.shipping.label];
        let texts: usize = texts.into_iter().map(String::len).sum();
        let details = self.terms.transfer().map_or(0, |(details, _)| details.len());
        let addresses = self.shipping_address.bytes() + self.billing_address.bytes();
        size_of::<Self>() + lines + texts + details + addresses
    }

    /// Place of the order in the sequence of all orders.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence.unwrap_or(self.number)
    }
}

/// Line of an order, with its final prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) sku: Sku,
    pub(crate) product_id: ProductId,
    pub(crate) name: String,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) quantity: i64,
    pub(crate) unit_price: UnitPrice,
    /// Unit price times quantity, rounded once.
    pub(crate) total: Money,
    /// Tax included in `total`, or added to it.
    pub(crate) tax: Money,
    pub(crate) tax_rate: String,
    /// Amount paid for the line after discounts, tax included.
    pub(crate) paid: Money,
}

impl Line {
    fn bytes(&self) -> usize {
        // A map that is not empty has a node with room for eleven entries.
        const OPTIONS_NODE_BYTES: usize = 11 * 2 * size_of::<String>() + 16;
        let node = if self.options.is_empty() { 0 } else { OPTIONS_NODE_BYTES };
        let options: usize =
            self.options.iter().map(|(name, value)| name.len() + value.len()).sum();
        let texts = self.sku.as_str().len() + self.name.len() + self.tax_rate.len();
        size_of::<Self>() + node + options + texts
    }
}

/// Delivery of an order, with its final price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shipping {
    pub(crate) method: String,
    pub(crate) label: String,
    pub(crate) price: Money,
    pub(crate) tax: Money,
}

/// Totals of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub(crate) items: Money,
    pub(crate) discount: Money,
    pub(crate) shipping: Money,
    pub(crate) tax: Money,
    pub(crate) total: Money,
    pub(crate) tax_included: bool,
}

/// Postal address.
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

impl Address {
    fn bytes(&self) -> usize {
        let Self { name, line1, line2, city, region, postal_code, country } = self;
        let optional = [line2, city, region, postal_code].into_iter().flatten();
        [name, line1, country].into_iter().chain(optional).map(String::len).sum()
    }
}

/// Refund as the order has decided it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: RefundId,
    pub(crate) amount: Money,
    /// Tax included in the amount.
    pub(crate) tax: Money,
    /// Refunded units; empty for a sum without units.
    pub(crate) units: Vec<UnitRange>,
    pub(crate) restock: bool,
    pub(crate) reason: String,
    /// Reference of the bank transfer by which the money was given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
}

/// Scope of a refund, as it is stored in the saga log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundScope {
    /// Numbers of units by SKU.
    Units(Vec<(Sku, i64)>),
    /// Sum without units.
    Sum(Money),
    /// Everything that is left: all units, the delivery, and whatever was not refunded.
    Rest,
}

/// Range of units of a line, by their index in the line: from `from`, up to but without `until`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnitRange {
    pub(crate) sku: Sku,
    pub(crate) from: i64,
    pub(crate) until: i64,
}

impl UnitRange {
    pub(crate) fn count(&self) -> i64 {
        self.until - self.from
    }
}

impl OrderEvent {
    /// Name of the event in the journal, in histories and in published events.
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

    /// Summary of the order after the event; `None` for an event that only the service itself needs.
    pub(crate) fn summary(&self) -> Option<EventSummary> {
        match self {
            Self::Placed(placed) => {
                let (number, total) = (placed.number, placed.totals.total);
                Some(EventSummary { number, total, status: OrderStatus::Pending })
            }
            Self::PaymentWaiting { of, .. }
            | Self::Confirmed { of, .. }
            | Self::Cancelled { of, .. }
            | Self::Refunded { of, .. }
            | Self::Captured { of, .. }
            | Self::Fulfilled { of, .. }
            | Self::Completed { of, .. } => Some(*of),
            Self::CancelRequested { .. }
            | Self::RefundReserved { .. }
            | Self::RefundDropped { .. }
            | Self::FulfilmentRequested { .. }
            | Self::FulfilmentDropped { .. } => None,
        }
    }

    /// Time of the decision.
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
