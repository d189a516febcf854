//! Contract of the order service: orders, refunds, sagas.

mod account;
mod address_book;
mod claims;
mod client;
mod customers;
mod details;
mod lookup;

pub use account::AccountOrderQuery;
pub use address_book::{AddressBook, AddressBooks, AddressToStore, StoredAddress};
pub use claims::{OrderClaim, OrderClaimLink};
pub use client::OrderClient;
pub use customers::{CustomerErasure, CustomerOrders, Customers};
pub use details::OrderDetails;
pub use lookup::{OrderLookup, OrderReference};

use crate::{
    cart::{QuotedLine, QuotedShipping},
    payment::PaymentMethod,
    shared::{Address, CartId, OrderId, PaymentId, Quantity, RefundId, SagaId, Totals},
};
use kernel::{Currency, Cursor, Money, PageLimit, Timestamp};
use rpc::FeedEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The service's name in the module table.
pub const SERVICE: &str = "order-service";

/// Request to place an order from a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    /// Email address for messages about the order.
    pub email: String,
    /// Shipping address.
    pub shipping_address: Address,
    /// Billing address; the shipping address when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    /// Code of the shipping method; the cheapest when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<String>,
    /// Payment method.
    pub payment: PaymentMethod,
    /// Total that the shopper was shown; another total is refused with `price_changed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_total: Option<Money>,
    /// Language of messages about the order, as a tag such as `de` (RFC 5646); that of the shop when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// Request to place an order without a cart, for imports and agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// Lines, at current prices.
    pub lines: Vec<Quantity>,
    /// Email address for messages about the order.
    pub email: String,
    /// Shipping address.
    pub shipping_address: Address,
    /// Billing address; the shipping address when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    /// Code of the shipping method; the cheapest when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<String>,
    /// Payment method.
    pub payment: PaymentMethod,
    /// The currency; the shop's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Expected total; another total is refused with `price_changed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_total: Option<Money>,
    /// Language of messages about the order, as a tag such as `de` (RFC 5646); that of the shop when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// Status of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Being placed, or waiting for the payment.
    Pending,
    /// Placed and paid for.
    Confirmed,
    /// Shipped and settled.
    Completed,
    /// Cancelled; nothing is held or owed.
    Cancelled,
}

/// Payment status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Nothing yet.
    Pending,
    /// The customer or the bank has to act, or the bank has not answered.
    Waiting,
    /// Set aside at the bank.
    Authorised,
    /// Partially captured.
    PartiallyPaid,
    /// Captured.
    Paid,
    /// A part was given back.
    PartiallyRefunded,
    /// All was given back.
    Refunded,
    /// Voided: released without a capture.
    Voided,
    /// Failed.
    Failed,
    /// There is nothing to pay.
    NotRequired,
}

/// Fulfilment status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FulfilmentStatus {
    /// Nothing has left.
    Unfulfilled,
    /// Everything has left.
    Fulfilled,
    /// Nothing will leave.
    NotRequired,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// Identity; for the order of a guest, the right to see it.
    pub id: OrderId,
    /// Order number for people.
    pub number: String,
    /// Status.
    pub status: OrderStatus,
    /// Payment status.
    pub payment_status: PaymentStatus,
    /// Fulfilment status.
    pub fulfilment_status: FulfilmentStatus,
    /// Email address for messages about the order; empty once the customer was erased.
    pub email: String,
    /// Language of messages about the order, as a tag; that of the shop when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether the customer was erased: e-mail address and addresses are empty then, but for the countries.
    #[serde(default)]
    pub customer_erased: bool,
    /// Currency of all amounts.
    pub currency: Currency,
    /// Frozen lines and prices.
    pub lines: Vec<OrderLine>,
    /// Shipping.
    pub shipping: QuotedShipping,
    /// Frozen sums.
    pub totals: Totals,
    /// Shipping address.
    pub shipping_address: Address,
    /// Billing address.
    pub billing_address: Address,
    /// Its payment.
    pub payment: OrderPayment,
    /// Refunds, oldest first.
    pub refunds: Vec<OrderRefund>,
    /// The cart it came from.
    pub cart_id: Option<CartId>,
    /// Reason of the cancellation: a problem code or an operator's words.
    pub cancel_reason: Option<String>,
    /// When it was placed.
    #[schemars(with = "String")]
    #[serde(with = "kernel::rfc3339")]
    pub placed_at: Timestamp,
    /// History, oldest first.
    pub history: Vec<HistoryEntry>,
    /// Version; incremented with every change.
    pub version: u64,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLine {
    /// The line as it was quoted.
    #[serde(flatten)]
    pub quoted: QuotedLine,
    /// Refunded units.
    pub refunded_quantity: i64,
}

/// The payment of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderPayment {
    /// The intent.
    pub id: PaymentId,
    /// The processor.
    pub method: String,
    /// Set aside and not taken yet, once the order is confirmed.
    pub authorised: Money,
    /// Captured.
    pub captured: Money,
    /// Refunded.
    pub refunded: Money,
    /// URL where the customer has to act, as with 3-D Secure.
    pub action_url: Option<String>,
    /// Bank details to which the customer transfers the money, as they were when the order was placed; the reference of
    /// the transfer is the order's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_details: Option<String>,
    /// By when the customer has to pay. An unpaid prepayment is cancelled then.
    #[schemars(with = "Option<String>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_by: Option<Timestamp>,
}

/// Refund of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderRefund {
    /// Identity.
    pub id: RefundId,
    /// Amount.
    pub amount: Money,
    /// The tax in it.
    pub tax: Money,
    /// Status of the refund.
    pub status: RefundStatus,
    /// For which units; empty for a sum without goods.
    pub lines: Vec<Quantity>,
    /// Whether the units came back into stock, or will.
    pub restocked: bool,
    /// Reason.
    pub reason: String,
    /// Reference of the bank transfer by which an operator made the refund, where no processor makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Time.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

/// Status of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Accepted; the payment is not refunded yet.
    Pending,
    /// Refunded.
    Done,
}

/// Entry of an order's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryEntry {
    /// Time.
    #[schemars(with = "String")]
    #[serde(with = "kernel::rfc3339")]
    pub at: Timestamp,
    /// The name of the event, such as `placed`.
    pub event: String,
    /// Description in words.
    pub text: String,
    /// Reason, if one was given.
    pub reason: Option<String>,
}

/// Order in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderSummary {
    /// Identity.
    pub id: OrderId,
    /// Order number for people.
    pub number: String,
    /// Status.
    pub status: OrderStatus,
    /// Payment status.
    pub payment_status: PaymentStatus,
    /// Fulfilment status.
    pub fulfilment_status: FulfilmentStatus,
    /// Email address for messages about the order.
    pub email: String,
    /// Recipient of the goods.
    pub name: String,
    /// Total.
    pub total: Money,
    /// Number of units over all lines.
    pub item_count: i64,
    /// Whether it is only an attempt: a checkout that ended before it became an order.
    #[serde(default)]
    pub attempt: bool,
    /// When it was placed.
    #[schemars(with = "String")]
    #[serde(with = "kernel::rfc3339")]
    pub placed_at: Timestamp,
}

/// A page of orders, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderPage {
    /// The orders.
    pub items: Vec<OrderSummary>,
    /// Cursor of the next page.
    pub next_cursor: Option<Cursor>,
}

/// Status by which a list of orders is filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderListStatus {
    /// Being placed, or waiting for the payment.
    Pending,
    /// Placed and paid for.
    Confirmed,
    /// Shipped and settled.
    Completed,
    /// Cancelled after it became an order.
    Cancelled,
    /// Checkout that ended before it became an order.
    Attempted,
}

/// Filter of orders, and page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderQuery {
    /// `pending`, `confirmed`, `completed`, `cancelled`, or `attempted` for checkouts that ended before they became an
    /// order. Without a status, all orders are listed, and no attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<OrderListStatus>")]
    pub status: Option<String>,
    /// Customer's email address, exact match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Order number, exact match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Items of the page, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<PageLimit>")]
    pub limit: Option<String>,
    /// Cursor of the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
}

/// Time of a historical view of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsOf {
    /// RFC 3339, such as `2026-03-01T12:00:00Z`; now when absent. Operators only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub as_of: Option<String>,
}

/// Filter of sagas, and page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SagaQuery {
    /// `running`, `waiting`, `undoing`, `stuck`. Those that are `done` or `undone` are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<SagaState>")]
    pub state: Option<String>,
    /// Items of the page, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<PageLimit>")]
    pub limit: Option<String>,
    /// Cursor of the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
}

/// Reason of an operation on an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// Description in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Request to refund units or an amount; all that is left when both are absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRefund {
    /// A sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Units, each giving back the share that was paid for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<Quantity>>,
    /// Whether the units come back into stock.
    #[serde(default)]
    pub restock: bool,
    /// Reason.
    pub reason: String,
    /// Reference of the bank transfer by which the money was given back. Required where the order was paid by bank
    /// transfer: then an operator makes the refund by hand, and this request records it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Record of money that arrived by bank transfer for an order with the method `prepayment` or `invoice`.
///
/// Part of what is due is taken as well: the order counts as paid once all of it has arrived. More than is due is
/// refused with `exceeds_due`: record what is due, and return the rest to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReceipt {
    /// Amount that arrived, in the currency of the order.
    pub amount: Money,
    /// Reference of the transfer on the bank statement.
    pub reference: String,
}

/// State of a saga.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SagaState {
    /// Running its steps.
    Running,
    /// Waiting for an external event.
    Waiting,
    /// Compensating.
    Undoing,
    /// A step or a compensation failed and will be retried.
    Stuck,
    /// Completed.
    Done,
    /// Compensated.
    Undone,
}

/// A saga, for operators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Saga {
    /// Identity.
    pub id: SagaId,
    /// Which saga, such as `checkout`.
    pub name: String,
    /// The order it is about.
    pub order_id: OrderId,
    /// Status.
    pub state: SagaState,
    /// The step it is at.
    pub step: String,
    /// Number of attempts of that step.
    pub tries: u32,
    /// Last error.
    pub error: Option<String>,
    /// When it will be retried.
    #[schemars(with = "Option<String>")]
    pub next_try_at: Option<Timestamp>,
    /// When it began.
    #[schemars(with = "String")]
    pub started_at: Timestamp,
}

/// Sagas that have not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SagaPage {
    /// Oldest first.
    pub items: Vec<Saga>,
    /// Cursor of the next page.
    pub next_cursor: Option<Cursor>,
}

/// Event of the order service's feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OrderEvent {
    /// The status of an order changed.
    OrderChanged {
        /// Id.
        order_id: OrderId,
        /// Its number.
        number: String,
        /// The name of what happened, such as `confirmed`.
        change: String,
        /// New status.
        status: OrderStatus,
        /// Total.
        total: Money,
    },
    /// The customer of an order was erased: whoever has a copy of the contact details removes it.
    CustomerErased {
        /// Id of the order.
        order_id: OrderId,
    },
}

impl FeedEvent for OrderEvent {
    const SOURCE: &'static str = SERVICE;
    const TYPES: &'static [&'static str] = &["order_changed", "customer_erased"];
}
