//! The payment service's contract: payment intents and what becomes of the money.

use crate::shared::{OrderId, PaymentId, RefundId};
use kernel::{Money, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use transport::{CallError, Channel, Client};

/// How to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentMethod {
    /// The processor's name, such as `test`.
    pub method: String,
    /// What the processor knows the customer's means of payment by. Never a card number.
    pub token: String,
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// About to be authorised.
    Created,
    /// Waits for the customer, as with 3-D Secure.
    RequiresAction,
    /// The processor did not say; it will be asked again.
    Unknown,
    /// The money is set aside at the bank.
    Authorised,
    /// A part was taken.
    PartiallyCaptured,
    /// Taken.
    Captured,
    /// All of what was taken was given back.
    Refunded,
    /// Set free without being taken.
    Voided,
    /// Refused.
    Failed,
}

/// A payment intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Payment {
    /// Identity, chosen by the caller.
    pub id: PaymentId,
    /// What is paid for.
    pub order_id: OrderId,
    /// The processor.
    pub method: String,
    /// Where it stands.
    pub state: PaymentState,
    /// What is to be paid.
    pub amount: Money,
    /// Set aside at the bank, taken or not.
    pub authorised: Money,
    /// Taken.
    pub captured: Money,
    /// Given back.
    pub refunded: Money,
    /// Why it failed: `declined`, `insufficient_funds`, …
    pub failure: Option<String>,
    /// Where the customer has to act.
    pub action_url: Option<String>,
    /// What was given back, oldest first.
    pub refunds: Vec<PaymentRefund>,
}

/// Money given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRefund {
    /// Identity.
    pub id: RefundId,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: String,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

/// Asks for money to be set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Authorisation {
    /// What is paid for.
    pub order_id: OrderId,
    /// How much.
    pub amount: Money,
    /// How.
    pub payment: PaymentMethod,
}

/// Asks for money to be taken; all that is authorised when no amount is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// How much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

/// Asks for money to be given back; all that is left when no amount is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// How much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Why.
    pub reason: String,
}

/// A payment as whoever knows its id may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentSummary {
    /// Identity. Knowing it is the right to see this.
    pub id: PaymentId,
    /// Where it stands.
    pub state: PaymentState,
    /// What is to be paid.
    pub amount: Money,
    /// Where the customer has to act.
    pub action_url: Option<String>,
}

/// A payment as it is shown: whole to operators and services, in short to shoppers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PaymentView {
    /// All of it.
    Whole(Box<Payment>),
    /// What a shopper needs.
    Summary(PaymentSummary),
}

/// What a customer did where the bank wanted to see the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentAction {
    /// What came of it.
    pub outcome: ActionOutcome,
}

/// What came of a customer's action.
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

/// What a processor tells later, signed. For `test`, see `docs/guides/test-payments.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The processor's id of this message; a repeated one changes nothing.
    pub event_id: String,
    /// The payment it is about.
    pub payment_id: PaymentId,
    /// What became of it.
    pub outcome: WebhookOutcome,
}

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookOutcome {
    /// The money is set aside.
    Authorised,
    /// The bank said no.
    Declined,
}

/// What the payment service tells the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PaymentEvent {
    /// A payment moved on.
    PaymentChanged {
        /// Which.
        payment_id: PaymentId,
        /// What is paid for.
        order_id: OrderId,
        /// Where it stands now.
        state: PaymentState,
    },
}

/// Speaks to the payment service.
#[derive(Clone, Debug)]
pub struct PaymentClient(Client);

impl PaymentClient {
    /// The service's name in the module table.
    pub const SERVICE: &'static str = "payment-service";

    /// A client over this transport.
    pub fn new(transport: Channel) -> Self {
        Self(Client::new(Self::SERVICE, transport))
    }

    /// A payment as it stands.
    pub async fn payment(&self, id: PaymentId) -> Result<Payment, CallError> {
        self.0.get(format!("/api/v1/payments/{id}")).send().await
    }

    /// Takes in what the customer did. Repeating it is no error.
    pub async fn act(
        &self,
        id: PaymentId,
        action: &PaymentAction,
    ) -> Result<PaymentSummary, CallError> {
        self.0.post(format!("/api/v1/payments/{id}/action")).json(action).send().await
    }

    /// Authorises. Asking again with the same id gives the same payment. A refusal by the bank is a payment in
    /// state `failed`, not an error.
    pub async fn authorise(
        &self,
        id: PaymentId,
        authorisation: &Authorisation,
    ) -> Result<Payment, CallError> {
        self.0.put(format!("/internal/v1/payments/{id}")).json(authorisation).send().await
    }

    /// Captures, once per `reference`.
    pub async fn capture(
        &self,
        id: PaymentId,
        reference: &str,
        capture: &Capture,
    ) -> Result<Payment, CallError> {
        let reference = crate::path_segment(reference);
        self.0
            .put(format!("/internal/v1/payments/{id}/captures/{reference}"))
            .json(capture)
            .send()
            .await
    }

    /// Sets free what is authorised and not captured; what is captured is refunded. Unknown payments are no error:
    /// they can never be authorised afterwards.
    pub async fn cancel(&self, id: PaymentId, order_id: OrderId) -> Result<(), CallError> {
        let body = crate::cart::ForOrder { order_id };
        self.0
            .put(format!("/internal/v1/payments/{id}/cancellation"))
            .json(&body)
            .send_empty()
            .await
    }

    /// Gives money back, once per refund id.
    pub async fn refund(
        &self,
        id: PaymentId,
        refund_id: RefundId,
        refund: &Refund,
    ) -> Result<Payment, CallError> {
        self.0
            .put(format!("/internal/v1/payments/{id}/refunds/{refund_id}"))
            .json(refund)
            .send()
            .await
    }
}
