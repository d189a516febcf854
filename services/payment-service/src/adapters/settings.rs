//! What can be set about payments.

use serde::{Deserialize, Serialize};
use settings::Secret;
use std::{num::NonZeroUsize, time::Duration};

/// The settings of the service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PaymentSettings {
    /// Whether the method `test` is taken. Never in a shop that takes real money.
    pub(crate) test_payments: bool,
    /// How long the token `slow` takes to answer.
    pub(crate) slow_ms: u64,
    /// How long after its beginning the outcome of the token `unknown_outcome` can be found out.
    pub(crate) unknown_outcome_ms: u64,
    /// How long after its beginning the webhook for the token `late_webhook` is sent.
    pub(crate) late_webhook_ms: u64,
    /// What webhooks are signed with. When it is empty every start makes one of its own, which nobody else knows.
    pub(crate) webhook_secret: Secret,
    /// How often the list of payments without a known outcome is looked at.
    pub(crate) resolve_every_ms: u64,
    /// How many payments stay in memory after they were used.
    pub(crate) payments_in_memory_max: NonZeroUsize,
}

const PAYMENTS_IN_MEMORY: NonZeroUsize = NonZeroUsize::new(10_000).expect("more than 0");

impl Default for PaymentSettings {
    fn default() -> Self {
        Self {
            test_payments: false,
            slow_ms: 2_000,
            unknown_outcome_ms: 3_000,
            late_webhook_ms: 3_000,
            webhook_secret: Secret::default(),
            resolve_every_ms: 1_000,
            payments_in_memory_max: PAYMENTS_IN_MEMORY,
        }
    }
}

impl PaymentSettings {
    pub(crate) fn resolve_every(&self) -> Duration {
        Duration::from_millis(self.resolve_every_ms.max(1))
    }
}
