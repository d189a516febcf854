//! The order service's contract: placing orders and what becomes of them.

use crate::{
    cart::{QuotedLine, QuotedShipping},
    payment::PaymentMethod,
    shared::{Address, CartId, OrderId, PaymentId, Quantity, RefundId, SagaId, Totals},
};
use kernel::{Currency, Cursor, Money, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use transport::{CallError, Channel, Client};

/// What turns a cart into an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    /// Where news of the order goes.
    pub email: String,
    /// Where the goods go.
    pub shipping_address: Address,
    /// Where the bill goes, if elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    /// The delivery; the cheapest when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<String>,
    /// How to pay.
    pub payment: PaymentMethod,
    /// What the shopper was shown; another total is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_total: Option<Money>,
}

/// A whole order in one request, for imports and agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// What is ordered, at today's prices.
    pub lines: Vec<Quantity>,
    /// Where news of the order goes.
    pub email: String,
    /// Where the goods go.
    pub shipping_address: Address,
    /// Where the bill goes, if elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    /// The delivery; the cheapest when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<String>,
    /// How to pay.
    pub payment: PaymentMethod,
    /// The currency; the shop's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// What it is expected to come to; another total is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_total: Option<Money>,
}

/// Where an order stands.
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

/// Where its money stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Nothing yet.
    Pending,
    /// The customer or the bank has to act, or the bank has not answered.
    Waiting,
    /// Set aside at the bank.
    Authorised,
    /// A part was taken.
    PartiallyPaid,
    /// Taken.
    Paid,
    /// A part was given back.
    PartiallyRefunded,
    /// All was given back.
    Refunded,
    /// Set free without being taken.
    Voided,
    /// Refused.
    Failed,
    /// There is nothing to pay.
    NotRequired,
}

/// Where its goods stand.
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
    /// Identity; for a guest, the right to see it.
    pub id: OrderId,
    /// What people call it by.
    pub number: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where its money stands.
    pub payment_status: PaymentStatus,
    /// Where its goods stand.
    pub fulfilment_status: FulfilmentStatus,
    /// Where news of it goes.
    pub email: String,
    /// The currency of everything.
    pub currency: Currency,
    /// Frozen lines and prices.
    pub lines: Vec<OrderLine>,
    /// The delivery.
    pub shipping: QuotedShipping,
    /// Frozen sums.
    pub totals: Totals,
    /// Where the goods go.
    pub shipping_address: Address,
    /// Where the bill goes.
    pub billing_address: Address,
    /// Its payment.
    pub payment: OrderPayment,
    /// What was given back, oldest first.
    pub refunds: Vec<OrderRefund>,
    /// The cart it came from.
    pub cart_id: Option<CartId>,
    /// Why it was cancelled: a problem code or an operator's words.
    pub cancel_reason: Option<String>,
    /// When it was placed.
    #[schemars(with = "String")]
    pub placed_at: Timestamp,
    /// What happened and why, oldest first.
    pub history: Vec<HistoryEntry>,
    /// Grows with every change.
    pub version: u64,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLine {
    /// The line as it was quoted.
    #[serde(flatten)]
    pub quoted: QuotedLine,
    /// Units given back for money.
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
    /// Taken.
    pub captured: Money,
    /// Given back.
    pub refunded: Money,
    /// Where the customer has to act.
    pub action_url: Option<String>,
}

/// Money given back for an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderRefund {
    /// Identity.
    pub id: RefundId,
    /// How much.
    pub amount: Money,
    /// The tax in it.
    pub tax: Money,
    /// Whether the money has gone.
    pub status: RefundStatus,
    /// For which units; empty for a sum without goods.
    pub lines: Vec<Quantity>,
    /// Whether the units came back into stock, or will.
    pub restocked: bool,
    /// Why.
    pub reason: String,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Promised; the payment has not given it back yet.
    Pending,
    /// Given back.
    Done,
}

/// Something that happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryEntry {
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// The name of the event, such as `placed`.
    pub event: String,
    /// In words.
    pub text: String,
    /// Why, where somebody said.
    pub reason: Option<String>,
}

/// An order in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderSummary {
    /// Identity.
    pub id: OrderId,
    /// What people call it by.
    pub number: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where its money stands.
    pub payment_status: PaymentStatus,
    /// Where its goods stand.
    pub fulfilment_status: FulfilmentStatus,
    /// Where news of it goes.
    pub email: String,
    /// For whom the goods are.
    pub name: String,
    /// What was due.
    pub total: Money,
    /// Units over all lines.
    pub item_count: i64,
    /// When it was placed.
    #[schemars(with = "String")]
    pub placed_at: Timestamp,
}

/// A page of orders, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderPage {
    /// The orders.
    pub items: Vec<OrderSummary>,
    /// Where to go on.
    pub next_cursor: Option<Cursor>,
}

/// Which orders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderQuery {
    /// `pending`, `confirmed`, `completed`, `cancelled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The customer's address, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The order's number, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Items of the page, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Where to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
}

/// At which moment to look at an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsOf {
    /// RFC 3339, such as `2026-03-01T12:00:00Z`; now when absent. Operators only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
}

/// Which sagas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SagaQuery {
    /// `running`, `waiting`, `undoing`, `stuck`. Those that are `done` or `undone` are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Items of the page, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Where to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
}

/// Why something is done to an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Gives money back: for units, or a sum; all that is left when neither is given.
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
    /// Why.
    pub reason: String,
}

/// Where a saga stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SagaState {
    /// Going forward.
    Running,
    /// For an answer from outside.
    Waiting,
    /// Going back.
    Undoing,
    /// A step or an undo failed and is tried again later.
    Stuck,
    /// Ended well.
    Done,
    /// Ended with everything undone.
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
    /// Where it stands.
    pub state: SagaState,
    /// The step it is at.
    pub step: String,
    /// How often that step was tried.
    pub tries: u32,
    /// What went wrong last.
    pub error: Option<String>,
    /// When it is tried again.
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
    /// Where to go on.
    pub next_cursor: Option<Cursor>,
}

/// What the order service tells the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OrderEvent {
    /// An order moved on.
    OrderChanged {
        /// Which.
        order_id: OrderId,
        /// Its number.
        number: String,
        /// The name of what happened, such as `confirmed`.
        change: String,
        /// Where it stands now.
        status: OrderStatus,
        /// What was due.
        total: Money,
    },
}

/// Speaks to the order service.
#[derive(Clone, Debug)]
pub struct OrderClient(Client);

impl OrderClient {
    /// The service's name in the module table.
    pub const SERVICE: &'static str = "order-service";

    /// A client over this transport.
    pub fn new(transport: Channel) -> Self {
        Self(Client::new(Self::SERVICE, transport))
    }

    /// Turns a cart into an order, once per key.
    pub async fn checkout(
        &self,
        cart: CartId,
        key: &str,
        checkout: &Checkout,
    ) -> Result<Order, CallError> {
        self.0
            .post(format!("/api/v1/carts/{cart}/checkout"))
            .idempotency_key(key)
            .json(checkout)
            .send()
            .await
    }

    /// An order as it stands.
    pub async fn order(&self, id: OrderId) -> Result<Order, CallError> {
        self.0.get(format!("/api/v1/orders/{id}")).send().await
    }

    /// Places a whole order in one request, once per key.
    pub async fn create(&self, key: &str, order: &NewOrder) -> Result<Order, CallError> {
        self.0.post("/api/v1/orders").idempotency_key(key).json(order).send().await
    }

    /// A page of orders, newest first.
    pub async fn orders(&self, query: &OrderQuery) -> Result<OrderPage, CallError> {
        self.0.get("/api/v1/orders").query(query).send().await
    }

    /// Cancels an order that has not shipped.
    pub async fn cancel(&self, id: OrderId, because: &Because) -> Result<Order, CallError> {
        self.0.post(format!("/api/v1/orders/{id}/cancel")).json(because).send().await
    }

    /// The goods of an order have left.
    pub async fn fulfil(&self, id: OrderId) -> Result<Order, CallError> {
        self.0.post(format!("/api/v1/orders/{id}/fulfil")).json(&Because::default()).send().await
    }

    /// Gives money back, once per key; the answer is the order.
    pub async fn refund(
        &self,
        id: OrderId,
        key: &str,
        refund: &NewRefund,
    ) -> Result<Order, CallError> {
        let path = format!("/api/v1/orders/{id}/refunds");
        self.0.post(path).idempotency_key(key).json(refund).send().await
    }

    /// Sagas that have not ended, oldest first.
    pub async fn sagas(&self, query: &SagaQuery) -> Result<SagaPage, CallError> {
        self.0.get("/api/v1/sagas").query(query).send().await
    }
}
