//! Settings of the payment service.

use serde::{Deserialize, Serialize};
use settings::{Allowed, Secret, SectionSettings};
use std::{num::NonZeroUsize, time::Duration};

/// Settings of the payment service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PaymentSettings {
    /// Whether the payment method `test` is accepted. Never in a shop that takes real money.
    pub(crate) test_payments: bool,
    /// Response time of the token `slow`, in milliseconds.
    pub(crate) slow_ms: u64,
    /// Time after its creation until the outcome of a payment with the token `unknown_outcome` is known, in milliseconds.
    pub(crate) unknown_outcome_ms: u64,
    /// Time after its creation until the webhook of a payment with the token `late_webhook` is sent, in milliseconds.
    pub(crate) late_webhook_ms: u64,
    /// Secret with which webhooks are signed. When it is empty, each start draws its own, which nobody else knows.
    pub(crate) webhook_secret: Secret,
    /// Interval of the reconciliation of payments without a known outcome, in milliseconds.
    pub(crate) resolve_every_ms: u64,
    /// Limit of payments that are cached in memory.
    pub(crate) payments_in_memory_max: NonZeroUsize,
}

const PAYMENTS_IN_MEMORY: NonZeroUsize = NonZeroUsize::new(10_000).expect("more than 0");

impl SectionSettings for PaymentSettings {
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("slow_ms", 0, 600_000),
        Allowed::range("unknown_outcome_ms", 0, 86_400_000),
        Allowed::range("late_webhook_ms", 0, 86_400_000),
        Allowed::range("resolve_every_ms", 1, 3_600_000),
        Allowed::range("payments_in_memory_max", 1, 10_000_000),
    ];
}

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
    pub(crate) fn reconcile_interval(&self) -> Duration {
        Duration::from_millis(self.resolve_every_ms)
    }
}
