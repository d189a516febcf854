//! Domain events of an order and what else of its domain is stored, for ever. They change only by new variants and optional fields.

pub(crate) mod address_book;

use identifiers::{AccountId, CartId, HoldId, PaymentId, ProductId, RefundId, Sku};
use kernel::{Currency, Money, Timestamp, UnitPrice};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// Payment terms of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum PaymentTerms {
    /// A processor moves the money.
    #[default]
    #[n(0)]
    Processor,
    /// The customer transfers the money before the order is confirmed; an operator records what arrives.
    #[n(1)]
    Prepayment {
        #[n(0)]
        bank_details: String,
        #[cbor(n(1), with = "kernel::cbor")]
        pay_by: Timestamp,
    },
    /// The customer transfers the money after the order is confirmed, before or after its shipment.
    #[n(2)]
    Invoice {
        #[n(0)]
        bank_details: String,
        #[cbor(n(1), with = "kernel::cbor")]
        pay_by: Timestamp,
    },
}

/// Event of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum OrderEvent {
    /// The order was created and awaits confirmation.
    #[n(0)]
    Placed(#[cbor(n(0), with = "kernel::cbor")] Arc<Placed>),
    /// The payment waits for the customer or for the bank.
    #[n(1)]
    PaymentWaiting {
        #[n(0)]
        reason: String,
        #[n(3)]
        action_url: Option<String>,
        #[n(1)]
        of: EventSummary,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The stock is sold and the payment captured or authorised.
    #[n(2)]
    Confirmed {
        /// The rest of the total is authorised, and captured at fulfilment.
        #[n(0)]
        captured: Money,
        #[n(1)]
        of: EventSummary,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The cancellation was requested; every other change is blocked from here on.
    #[n(3)]
    CancelRequested {
        #[n(1)]
        reason: Option<String>,
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The order was cancelled, and everything captured was refunded.
    #[n(4)]
    Cancelled {
        #[n(0)]
        reason: String,
        #[n(1)]
        of: EventSummary,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The amount is reserved for this refund.
    #[n(5)]
    RefundReserved {
        #[n(0)]
        refund: Refund,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The refund was paid.
    #[n(6)]
    Refunded {
        #[n(0)]
        id: RefundId,
        #[n(1)]
        amount: Money,
        #[n(2)]
        of: EventSummary,
        #[cbor(n(3), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The refund failed; its reserved amount is refundable again.
    #[n(7)]
    RefundDropped {
        #[n(0)]
        id: RefundId,
        #[n(1)]
        reason: String,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The fulfilment was requested; the payment is captured first.
    #[n(8)]
    FulfilmentRequested {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The authorised amount was captured, or a bank transfer arrived: `captured` is the amount in all.
    #[n(9)]
    Captured {
        #[n(0)]
        captured: Money,
        #[n(1)]
        of: EventSummary,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
        /// Reference of the bank transfer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[n(3)]
        reference: Option<String>,
    },
    /// The capture failed, and the order was not shipped.
    #[n(10)]
    FulfilmentDropped {
        #[n(0)]
        reason: String,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The order was shipped.
    #[n(11)]
    Fulfilled {
        #[n(0)]
        of: EventSummary,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The order was shipped and is paid in full.
    #[n(12)]
    Completed {
        #[n(0)]
        of: EventSummary,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The personal data of the customer was erased from the order.
    #[n(13)]
    CustomerErased {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
        /// Whether the order was that of an account, which is not told any more.
        #[serde(default, skip_serializing_if = "is_false")]
        #[cbor(n(1), skip_if = "is_false")]
        of_account: bool,
    },
    /// The customer of an account has proved that this order of a guest is theirs.
    #[n(14)]
    Claimed {
        /// The account; none once the customer was erased.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[n(0)]
        account: Option<AccountId>,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
        /// Whose order it is, and under whose key the account is stored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[n(2)]
        customer: Option<Customer>,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// Pseudonym of a customer: the same for each order of one e-mail address, until that customer is erased. It also names the key under
/// which the contact details are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(transparent)]
#[cbor(transparent)]
pub(crate) struct Customer(#[n(0)] pub(crate) u64);

/// Summary of an order in the events that are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct EventSummary {
    #[n(0)]
    pub(crate) number: u64,
    #[n(1)]
    pub(crate) total: Money,
    /// Status of the order after the event.
    #[n(2)]
    pub(crate) status: OrderStatus,
}

/// Status of an order, as it is stored and published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub(crate) enum OrderStatus {
    #[n(0)]
    Pending,
    #[n(1)]
    Confirmed,
    #[n(2)]
    Completed,
    #[n(3)]
    Cancelled,
}

/// Immutable facts of an order, fixed when it is placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct Placed {
    #[n(0)]
    pub(crate) number: u64,
    #[n(1)]
    pub(crate) currency: Currency,
    #[n(2)]
    pub(crate) lines: Vec<Line>,
    #[n(3)]
    pub(crate) shipping: Shipping,
    #[n(4)]
    pub(crate) totals: Totals,
    #[n(5)]
    pub(crate) email: String,
    #[n(6)]
    pub(crate) shipping_address: Address,
    #[n(7)]
    pub(crate) billing_address: Address,
    #[n(8)]
    pub(crate) cart_id: Option<CartId>,
    #[n(9)]
    pub(crate) hold_id: HoldId,
    #[n(10)]
    pub(crate) payment_id: PaymentId,
    #[n(11)]
    pub(crate) payment_method: String,
    #[serde(with = "kernel::rfc3339")]
    #[cbor(n(12), with = "kernel::cbor")]
    pub(crate) at: Timestamp,
    #[serde(default, skip_serializing_if = "PaymentTerms::is_processor")]
    #[cbor(n(13), with = "kernel::cbor::known_variant", skip_if = "PaymentTerms::is_processor")]
    pub(crate) terms: PaymentTerms,
    /// Place in the sequence of all orders; the number itself where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(14)]
    pub(crate) sequence: Option<u64>,
    /// Whose order it is; unknown of orders that were placed before there were pseudonyms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(15)]
    pub(crate) customer: Option<Customer>,
    /// Account of the customer who was signed in; none of a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(16)]
    pub(crate) account: Option<AccountId>,
    /// Whether the order is one of an account that is not told any more, since its customer was erased.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cbor(n(17), skip_if = "is_false")]
    pub(crate) of_account: bool,
    /// Tag of the language of messages about the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(18)]
    pub(crate) language: Option<String>,
}

impl Placed {
    /// Memory that the facts occupy, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let lines: usize = self.lines.iter().map(Line::bytes).sum();
        let texts =
            [&self.email, &self.payment_method, &self.shipping.method, &self.shipping.label];
        let texts = texts.into_iter().chain(&self.language);
        let texts: usize = texts.map(String::len).sum();
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct Line {
    #[n(0)]
    pub(crate) sku: Sku,
    #[n(1)]
    pub(crate) product_id: ProductId,
    #[n(2)]
    pub(crate) name: String,
    #[n(3)]
    pub(crate) options: BTreeMap<String, String>,
    #[n(4)]
    pub(crate) quantity: i64,
    #[n(5)]
    pub(crate) unit_price: UnitPrice,
    /// Unit price times quantity, rounded once.
    #[n(6)]
    pub(crate) total: Money,
    /// Tax included in `total`, or added to it.
    #[n(7)]
    pub(crate) tax: Money,
    #[n(8)]
    pub(crate) tax_rate: String,
    /// Amount paid for the line after discounts, tax included.
    #[n(9)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct Shipping {
    #[n(0)]
    pub(crate) method: String,
    #[n(1)]
    pub(crate) label: String,
    #[n(2)]
    pub(crate) price: Money,
    #[n(3)]
    pub(crate) tax: Money,
}

/// Totals of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct Totals {
    #[n(0)]
    pub(crate) items: Money,
    #[n(1)]
    pub(crate) discount: Money,
    #[n(2)]
    pub(crate) shipping: Money,
    #[n(3)]
    pub(crate) tax: Money,
    #[n(4)]
    pub(crate) total: Money,
    #[n(5)]
    pub(crate) tax_included: bool,
}

/// Postal address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct Address {
    #[n(0)]
    pub(crate) name: String,
    #[n(1)]
    pub(crate) line1: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(5)]
    pub(crate) line2: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(3)]
    pub(crate) city: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(6)]
    pub(crate) region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(4)]
    pub(crate) postal_code: Option<String>,
    #[n(2)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct Refund {
    #[n(0)]
    pub(crate) id: RefundId,
    #[n(1)]
    pub(crate) amount: Money,
    /// Tax included in the amount.
    #[n(2)]
    pub(crate) tax: Money,
    /// Refunded units; empty for a sum without units.
    #[n(3)]
    pub(crate) units: Vec<UnitRange>,
    #[n(4)]
    pub(crate) restock: bool,
    #[n(5)]
    pub(crate) reason: String,
    /// Reference of the bank transfer by which the money was given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(6)]
    pub(crate) reference: Option<String>,
}

/// Scope of a refund, as it is stored in the saga log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum RefundScope {
    /// Numbers of units by SKU.
    #[n(0)]
    Units(#[n(0)] Vec<(Sku, i64)>),
    /// Sum without units.
    #[n(1)]
    Sum(#[n(0)] Money),
    /// Everything that is left: all units, the delivery, and whatever was not refunded.
    #[n(2)]
    Rest,
}

/// Range of units of a line, by their index in the line: from `from`, up to but without `until`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct UnitRange {
    #[n(0)]
    pub(crate) sku: Sku,
    #[n(1)]
    pub(crate) from: i64,
    #[n(2)]
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
            Self::CustomerErased { .. } => "customer_erased",
            Self::Claimed { .. } => "claimed",
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
            | Self::FulfilmentDropped { .. }
            | Self::CustomerErased { .. }
            | Self::Claimed { .. } => None,
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
            | Self::Completed { at, .. }
            | Self::CustomerErased { at, .. }
            | Self::Claimed { at, .. } => *at,
        }
    }
}
