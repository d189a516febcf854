//! Port to payment processors: the parties that transfer the money.

use crate::domain::{AuthorisationOutcome, Transfer, TransferOutcome};
use async_trait::async_trait;
use identifiers::PaymentId;
use kernel::{Money, Timestamp};

/// Authorisation request to the processor. The payment's id is its idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorisationRequest {
    pub(crate) payment: PaymentId,
    pub(crate) amount: Money,
    pub(crate) token: String,
    /// Time of the first request.
    pub(crate) at: Timestamp,
}

/// Result of the check of a payment token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenValidity {
    Valid,
    /// Refused before anything is recorded, with a sentence about what would be valid.
    Invalid(String),
}

/// Payment processor. Every call may be repeated after a crash or a timeout: the processor acts once per payment, and
/// once per payment and key of a transfer.
#[async_trait]
pub(crate) trait Processor: Send + Sync {
    /// Whether calls leave the process. Then the intent must be durable before the call; otherwise intent and
    /// outcome become durable together.
    fn is_external(&self) -> bool;

    /// Checks the form of the token, without a call.
    fn validate_token(&self, token: &str) -> TokenValidity;

    /// Authorises the amount.
    async fn authorise(&self, request: &AuthorisationRequest) -> AuthorisationOutcome;

    /// Queries the outcome of an authorisation.
    async fn look_up(&self, request: &AuthorisationRequest) -> AuthorisationOutcome;

    /// Executes a transfer within the process; `None` where a call is needed.
    fn execute_inline(&self, transfer: &Transfer) -> Option<TransferOutcome>;

    /// Captures. `None`: the processor did not report an outcome.
    async fn capture(&self, payment: PaymentId, transfer: &Transfer) -> Option<TransferOutcome>;

    /// Refunds. `None`: the processor did not report an outcome.
    async fn refund(&self, payment: PaymentId, transfer: &Transfer) -> Option<TransferOutcome>;

    /// Voids. `None`: the processor did not report an outcome.
    async fn void(&self, payment: PaymentId, transfer: &Transfer) -> Option<TransferOutcome>;
}
