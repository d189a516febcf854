//! Contract of the payment service: payment intents, captures, refunds.

use crate::shared::{OrderId, PaymentId, RefundId};
use kernel::{Money, Timestamp};
use rpc::{FeedEvent, contract};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use transport::{CallError, Channel, Client};

/// The service's name in the module table.
pub const SERVICE: &str = "payment-service";

/// Payment method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentMethod {
    /// The method: a processor's name, such as `test`, or [`PREPAYMENT`] or [`INVOICE`].
    pub method: String,
    /// Token of the customer's means of payment at the processor; absent where the method needs none. Never a card
    /// number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub token: String,
}

/// Method of an order that is paid by bank transfer before it is shipped.
pub const PREPAYMENT: &str = "prepayment";
/// Method of an order that is paid by bank transfer after it was invoiced.
pub const INVOICE: &str = "invoice";

/// Payment methods that are offered for new orders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfferedMethods {
    /// The methods, in the order in which to show them; none when nothing is set up.
    pub items: Vec<OfferedMethod>,
}

/// Payment method that is offered for new orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfferedMethod {
    /// The method, as in [`PaymentMethod::method`].
    pub method: String,
    /// Whether a payment needs a token of the processor.
    pub needs_token: bool,
    /// Bank details to which the customer transfers the money, as lines of text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_details: Option<String>,
    /// Days in which the customer has to pay, from the day of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_to_pay: Option<u32>,
}

/// State of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// About to be authorised.
    Created,
    /// Waits for the customer, as with 3-D Secure.
    RequiresAction,
    /// Outcome unknown; the processor will be queried again.
    Unknown,
    /// Authorised.
    Authorised,
    /// Partially captured.
    PartiallyCaptured,
    /// Captured.
    Captured,
    /// Fully refunded.
    Refunded,
    /// Voided: released without a capture.
    Voided,
    /// Failed.
    Failed,
}

/// A payment intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Payment {
    /// Identity, chosen by the caller.
    pub id: PaymentId,
    /// Order that is paid for.
    pub order_id: OrderId,
    /// The processor.
    pub method: String,
    /// Status.
    pub state: PaymentState,
    /// Amount due.
    pub amount: Money,
    /// Authorised amount, captured or not.
    pub authorised: Money,
    /// Captured.
    pub captured: Money,
    /// Refunded.
    pub refunded: Money,
    /// Why it failed: `declined`, `insufficient_funds`, …
    pub failure: Option<String>,
    /// URL where the customer has to act, as with 3-D Secure.
    pub action_url: Option<String>,
    /// Refunds, oldest first.
    pub refunds: Vec<PaymentRefund>,
}

/// Refund of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRefund {
    /// Identity.
    pub id: RefundId,
    /// Amount.
    pub amount: Money,
    /// Reason.
    pub reason: String,
    /// Time.
    #[schemars(with = "String")]
    #[serde(with = "kernel::rfc3339")]
    pub at: Timestamp,
}

/// Request to authorise an amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Authorisation {
    /// Order that is paid for.
    pub order_id: OrderId,
    /// Amount.
    pub amount: Money,
    /// Payment method.
    pub payment: PaymentMethod,
}

/// Request to capture an amount; all that is authorised when absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// Amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

/// Request to refund an amount; all that is left when absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// Amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Reason.
    pub reason: String,
}

/// Payment as shown to a client that knows its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentSummary {
    /// Identity. Knowing it is the right to see this.
    pub id: PaymentId,
    /// Status.
    pub state: PaymentState,
    /// Amount due.
    pub amount: Money,
    /// URL where the customer has to act, as with 3-D Secure.
    pub action_url: Option<String>,
}

/// Payment in full for operators and services, in short for shoppers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PaymentView {
    /// In full.
    Whole(Box<Payment>),
    /// In short, for shoppers.
    Summary(PaymentSummary),
}

/// Outcome of an action by the customer, as with 3-D Secure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentAction {
    /// Outcome.
    pub outcome: ActionOutcome,
}

/// Outcome of a customer's action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionOutcome {
    /// The customer agreed.
    Approve,
    /// The customer did not.
    Decline,
}

/// The header that carries a webhook's signature: `sha256=` and the HMAC-SHA-256 of the body in hexadecimal digits.
pub const SIGNATURE_HEADER: &str = "icommerce-signature";

/// Signed webhook of a processor. For `test`, see `docs/guides/test-payments.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The processor's id of this message; a repeated one changes nothing.
    pub event_id: String,
    /// The payment it is about.
    pub payment_id: PaymentId,
    /// Outcome.
    pub outcome: WebhookOutcome,
}

/// Outcome of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookOutcome {
    /// Authorised.
    Authorised,
    /// Declined by the bank.
    Declined,
}

/// Event of the payment service's feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PaymentEvent {
    /// The state of a payment changed.
    PaymentChanged {
        /// Id.
        payment_id: PaymentId,
        /// Order that is paid for.
        order_id: OrderId,
        /// New status.
        state: PaymentState,
    },
}

impl FeedEvent for PaymentEvent {
    const SOURCE: &'static str = SERVICE;
    const TYPES: &'static [&'static str] = &["payment_changed"];
}

contract! {
    /// Contract of the payment service towards the services that sell.
    pub trait Payments in (SERVICE) {
        /// Methods that are offered for new payments. Existing payments keep theirs, whatever is offered since.
        idempotent fn methods() -> OfferedMethods;

        /// Authorises an amount. A repeated call with the same id returns the same payment. A decline by the bank is a
        /// payment in state `failed`, not an error.
        idempotent fn authorise(id: PaymentId, authorisation: Authorisation) -> Payment;

        /// Captures, once per `reference`.
        idempotent fn capture(id: PaymentId, reference: String, capture: Capture) -> Payment;

        /// Voids what is authorised and not captured; what is captured is refunded. Unknown payments are no error: they
        /// can never be authorised afterwards.
        idempotent fn cancel(id: PaymentId, order_id: OrderId) -> ();

        /// Refunds, once per refund id. Refused with `exceeds_refundable`.
        idempotent fn refund(id: PaymentId, refund_id: RefundId, refund: Refund) -> Payment;
    }
}

/// HTTP client of the payment service's public API.
#[derive(Clone, Debug)]
pub struct PaymentClient(Client);

impl PaymentClient {
    /// The service's name in the module table.
    pub const SERVICE: &'static str = SERVICE;

    /// A client over this channel.
    pub fn new(transport: Channel) -> Self {
        Self(Client::new(Self::SERVICE, transport))
    }

    /// A payment as it stands.
    pub async fn payment(&self, id: PaymentId) -> Result<Payment, CallError> {
        self.0.get(format!("/api/v1/payments/{id}")).send().await
    }

    /// Payment as shown to a client that knows its id.
    pub async fn summary(&self, id: PaymentId) -> Result<PaymentSummary, CallError> {
        self.0.get(format!("/api/v1/payments/{id}")).send().await
    }

    /// Reports the customer's action. Repeating it is no error.
    pub async fn complete_action(
        &self,
        id: PaymentId,
        action: &PaymentAction,
    ) -> Result<PaymentSummary, CallError> {
        self.0.post(format!("/api/v1/payments/{id}/action")).json(action).send().await
    }
}
