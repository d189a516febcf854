//! Bank transfers, the methods `prepayment` and `invoice`: the customer owes the whole amount from the order on, and an
//! operator records by hand what arrives and what is given back. So every transfer is done as soon as it is recorded.

use crate::{
    domain::{AuthorisationOutcome, Transfer, TransferOutcome},
    ports::{AuthorisationRequest, Processor, TokenValidity},
};
use async_trait::async_trait;
use identifiers::PaymentId;

/// Processor of payments by bank transfer.
pub(crate) struct BankTransfer;

#[async_trait]
impl Processor for BankTransfer {
    fn is_external(&self) -> bool {
        false
    }

    fn validate_token(&self, token: &str) -> TokenValidity {
        if token.is_empty() {
            return TokenValidity::Valid;
        }
        TokenValidity::Invalid("a payment by bank transfer has no token".to_owned())
    }

    async fn authorise(&self, _: &AuthorisationRequest) -> AuthorisationOutcome {
        AuthorisationOutcome::Authorised
    }

    async fn look_up(&self, _: &AuthorisationRequest) -> AuthorisationOutcome {
        AuthorisationOutcome::Authorised
    }

    fn execute_inline(&self, _: &Transfer) -> Option<TransferOutcome> {
        Some(TransferOutcome::Done)
    }

    async fn capture(&self, _: PaymentId, _: &Transfer) -> Option<TransferOutcome> {
        Some(TransferOutcome::Done)
    }

    async fn refund(&self, _: PaymentId, _: &Transfer) -> Option<TransferOutcome> {
        Some(TransferOutcome::Done)
    }

    async fn void(&self, _: PaymentId, _: &Transfer) -> Option<TransferOutcome> {
        Some(TransferOutcome::Done)
    }
}
