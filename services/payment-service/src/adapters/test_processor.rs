//! The method `test`: a processor within the process that does what its token says, described in
//! `docs/guides/test-payments.md`. It keeps nothing, so a restart does not change what it says.

mod webhooks;

use super::settings::PaymentSettings;
use crate::{
    domain::{Answer, Instruction, Outcome},
    ports::{Authorising, Means, PaymentId, Processor},
};
use async_trait::async_trait;
use kernel::{Ids, Timestamp};
use std::{sync::Arc, time::Duration};
pub(crate) use webhooks::WebhookSender;

/// The test processor.
pub(crate) struct TestProcessor {
    slow: Duration,
    unknown_for: Duration,
    ids: Ids,
    webhooks: Arc<WebhookSender>,
}

/// What the processor is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Success,
    Decline,
    InsufficientFunds,
    Slow,
    UnknownOutcome,
    RequiresAction,
    LateWebhook,
}

const TOKENS: [(&str, Token); 7] = [
    ("success", Token::Success),
    ("decline", Token::Decline),
    ("insufficient_funds", Token::InsufficientFunds),
    ("slow", Token::Slow),
    ("unknown_outcome", Token::UnknownOutcome),
    ("requires_action", Token::RequiresAction),
    ("late_webhook", Token::LateWebhook),
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

    /// What is known of a payment at `now`.
    fn outcome(&self, authorising: &Authorising, now: Timestamp) -> Outcome {
        let declined = |reason: &str| Outcome::Declined { reason: reason.to_owned() };
        match token(&authorising.token) {
            Some(Token::Success | Token::Slow) => Outcome::Authorised,
            Some(Token::Decline) => declined("declined"),
            Some(Token::InsufficientFunds) => declined("insufficient_funds"),
            Some(Token::RequiresAction) => Outcome::ActionRequired,
            Some(Token::UnknownOutcome) => {
                let known_at = authorising.at.saturating_add(self.unknown_for);
                if known_at.is_ok_and(|at| now >= at) {
                    Outcome::Authorised
                } else {
                    Outcome::Unknown
                }
            }
            Some(Token::LateWebhook) => Outcome::Unknown,
            None => declined("unknown_token"),
        }
    }
}

#[async_trait]
impl Processor for TestProcessor {
    fn leaves_the_process(&self) -> bool {
        false
    }

    fn means(&self, text: &str) -> Means {
        if token(text).is_some() {
            return Means::Usable;
        }
        let known = TOKENS.map(|(name, _)| name).join(", ");
        Means::Unusable(format!("the method `test` knows the tokens {known}"))
    }

    async fn authorise(&self, authorising: &Authorising) -> Outcome {
        match token(&authorising.token) {
            Some(Token::Slow) => tokio::time::sleep(self.slow).await,
            Some(Token::LateWebhook) => self.webhooks.send_later(authorising.payment),
            _ => {}
        }
        self.outcome(authorising, authorising.at)
    }

    async fn look_up(&self, authorising: &Authorising) -> Outcome {
        if token(&authorising.token) == Some(Token::LateWebhook) {
            // The one that was on its way went down with the process.
            self.webhooks.send_later(authorising.payment);
        }
        self.outcome(authorising, self.ids.now())
    }

    fn at_once(&self, _: &Instruction) -> Option<Answer> {
        Some(Answer::Done)
    }

    async fn capture(&self, _: PaymentId, _: &Instruction) -> Option<Answer> {
        Some(Answer::Done)
    }

    async fn refund(&self, _: PaymentId, _: &Instruction) -> Option<Answer> {
        Some(Answer::Done)
    }

    async fn void(&self, _: PaymentId, _: &Instruction) -> Option<Answer> {
        Some(Answer::Done)
    }
}

fn token(text: &str) -> Option<Token> {
    TOKENS.iter().find(|(name, _)| *name == text).map(|(_, token)| *token)
}
