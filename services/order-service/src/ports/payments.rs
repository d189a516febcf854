//! Port to the payment service.

use super::PortError;
use async_trait::async_trait;
use identifiers::{OrderId, PaymentId, RefundId};
use kernel::{Money, Uuid};

/// Payments of orders.
#[async_trait]
pub(crate) trait Payments: Send + Sync {
    /// Methods that are offered for new payments.
    async fn methods(&self) -> Result<Vec<MethodOffer>, PortError>;

    /// Takes money that arrived by bank transfer, once per operation; returns what has arrived in all.
    async fn receive(
        &self,
        payment: PaymentId,
        operation: Uuid,
        amount: Money,
    ) -> Result<Money, PortError>;

    /// Authorises a payment. Repeated under the same id: its current status; it is never authorised twice.
    async fn authorise(
        &self,
        request: AuthorisationRequest<'_>,
    ) -> Result<AuthorisationStatus, PortError>;

    /// Captures everything that is authorised, once; returns the captured amount.
    async fn capture(&self, payment: PaymentId) -> Result<Money, PortError>;

    /// Voids what is authorised and refunds what was captured. Idempotent; a payment that does not exist is no error, and
    /// can never be authorised afterwards.
    async fn cancel(&self, payment: PaymentId, order: OrderId) -> Result<(), PortError>;

    /// Refunds an amount, once per refund id.
    async fn refund(
        &self,
        payment: PaymentId,
        refund: RefundId,
        amount: Money,
        reason: &str,
    ) -> Result<(), PortError>;
}

/// Payment method that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MethodOffer {
    pub(crate) method: String,
    pub(crate) needs_token: bool,
    pub(crate) bank_details: Option<String>,
    pub(crate) days_to_pay: Option<u32>,
}

/// Request for an authorisation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuthorisationRequest<'a> {
    pub(crate) payment: PaymentId,
    pub(crate) order: OrderId,
    pub(crate) amount: Money,
    /// Payment method: the name of the processor.
    pub(crate) method: &'a str,
    /// The processor's token for the means of payment.
    pub(crate) token: &'a str,
}

/// Status of an authorisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AuthorisationStatus {
    Authorised,
    /// The payment waits for the customer, or for the outcome from the bank.
    Waiting {
        reason: String,
        action_url: Option<String>,
    },
    Declined {
        reason: String,
    },
}
