//! Test processor, the method `test`: a processor within the process whose behaviour the token selects, as described in
//! `docs/guides/test-payments.md`. It is stateless, so a restart does not change its outcomes.

mod webhooks;

use super::settings::PaymentSettings;
use crate::{
    domain::{AuthorisationOutcome, Transfer, TransferOutcome},
    ports::{AuthorisationRequest, Processor, TokenValidity},
};
use async_trait::async_trait;
use identifiers::PaymentId;
use kernel::{Ids, Timestamp};
use std::{sync::Arc, time::Duration};
pub(crate) use webhooks::WebhookSender;

/// Test processor.
pub(crate) struct TestProcessor {
    slow: Duration,
    unknown_for: Duration,
    ids: Ids,
    webhooks: Arc<WebhookSender>,
}

/// Behaviour of the test processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TestToken {
    Success,
    Decline,
    InsufficientFunds,
    Slow,
    UnknownOutcome,
    RequiresAction,
    LateWebhook,
}

const TOKENS: [(&str, TestToken); 7] = [
    ("success", TestToken::Success),
    ("decline", TestToken::Decline),
    ("insufficient_funds", TestToken::InsufficientFunds),
    ("slow", TestToken::Slow),
    ("unknown_outcome", TestToken::UnknownOutcome),
    ("requires_action", TestToken::RequiresAction),
    ("late_webhook", TestToken::LateWebhook),
];

impl TestProcessor {
    pub(crate) fn new(settings: &PaymentSettings, ids: Ids, webhooks: Arc<WebhookSender>) -> Self {
        Self {
            slow: Duration::from_millis(settings.slow_ms),
            unknown_for: Duration::from_millis(settings.unknown_outcome_ms),
            ids,
            webhooks,
        }
    }

    /// Outcome of a payment as it is known at `now`.
    fn outcome(&self, request: &AuthorisationRequest, now: Timestamp) -> AuthorisationOutcome {
        let declined = |reason: &str| AuthorisationOutcome::Declined { reason: reason.to_owned() };
        match token(&request.token) {
            Some(TestToken::Success | TestToken::Slow) => AuthorisationOutcome::Authorised,
            Some(TestToken::Decline) => declined("declined"),
            Some(TestToken::InsufficientFunds) => declined("insufficient_funds"),
            Some(TestToken::RequiresAction) => AuthorisationOutcome::ActionRequired,
            Some(TestToken::UnknownOutcome) => {
                // A bank has a clock of its own: if this one was set back since, the outcome is known as soon.
                if now.duration_since(request.at).unsigned_abs() >= self.unknown_for {
                    AuthorisationOutcome::Authorised
                } else {
                    AuthorisationOutcome::Unknown
                }
            }
            Some(TestToken::LateWebhook) => AuthorisationOutcome::Unknown,
            None => declined("unknown_token"),
        }
    }
}

#[async_trait]
impl Processor for TestProcessor {
    fn is_external(&self) -> bool {
        false
    }

    fn validate_token(&self, text: &str) -> TokenValidity {
        if token(text).is_some() {
            return TokenValidity::Valid;
        }
        let known = TOKENS.map(|(name, _)| name).join(", ");
        TokenValidity::Invalid(format!("the method `test` accepts the tokens {known}"))
    }

    async fn authorise(&self, request: &AuthorisationRequest) -> AuthorisationOutcome {
        match token(&request.token) {
            Some(TestToken::Slow) => tokio::time::sleep(self.slow).await,
            Some(TestToken::LateWebhook) => self.webhooks.schedule(request.payment),
            _ => {}
        }
        self.outcome(request, request.at)
    }

    async fn look_up(&self, request: &AuthorisationRequest) -> AuthorisationOutcome {
        if token(&request.token) == Some(TestToken::LateWebhook) {
            // A webhook that was scheduled before a restart was lost with the process.
            self.webhooks.schedule(request.payment);
        }
        self.outcome(request, self.ids.now())
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

fn token(text: &str) -> Option<TestToken> {
    TOKENS.iter().find(|(name, _)| *name == text).map(|(_, token)| *token)
}
