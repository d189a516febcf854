//! Settings of the payment service.

use crate::application::{Offer, ReconcileLimits};
use contracts::payment::{INVOICE, PREPAYMENT, SERVICE};
use serde::{Deserialize, Serialize};
use settings::{Allowed, Secret, SectionSettings};
use std::{num::NonZeroUsize, time::Duration};

/// Settings of the payment service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PaymentSettings {
    /// Whether the payment method `test` is offered for new orders. Never in a shop that takes real money. Payments that
    /// exist are captured, refunded and cancelled either way.
    pub(crate) test_payments: bool,
    /// Whether prepayment by bank transfer is offered for new orders; needs `bank_details`. How long an order waits for
    /// the money is `order-service.prepayment_hold_days`.
    pub(crate) prepayment: bool,
    /// Whether payment by invoice is offered for new orders; needs `bank_details`.
    pub(crate) invoice: bool,
    /// Bank details that customers pay to, shown with an order: account holder, IBAN, BIC, on one line or several.
    pub(crate) bank_details: String,
    /// Days in which an invoice is to be paid.
    pub(crate) invoice_days: u32,
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
    /// Limit of concurrent calls to one processor while payments without a known outcome are reconciled.
    pub(crate) resolve_calls_max: NonZeroUsize,
    /// Limit of the backoff of a processor that does not respond, in seconds.
    pub(crate) resolve_backoff_seconds_max: u32,
    /// Limit of payments that are cached in memory.
    pub(crate) payments_in_memory_max: NonZeroUsize,
}

const PAYMENTS_IN_MEMORY: NonZeroUsize = NonZeroUsize::new(10_000).expect("more than 0");
const RESOLVE_CALLS: NonZeroUsize = NonZeroUsize::new(16).expect("more than 0");
/// Limit of the bank details, in characters.
const BANK_DETAILS_CHARACTERS_MAX: usize = 1_000;

impl SectionSettings for PaymentSettings {
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("invoice_days", 0, 365),
        Allowed::range("slow_ms", 0, 600_000),
        Allowed::range("unknown_outcome_ms", 0, 86_400_000),
        Allowed::range("late_webhook_ms", 0, 86_400_000),
        Allowed::range("resolve_every_ms", 1, 3_600_000),
        Allowed::range("resolve_calls_max", 1, 1_024),
        Allowed::range("resolve_backoff_seconds_max", 1, 3_600),
        Allowed::range("payments_in_memory_max", 1, 10_000_000),
    ];
}

impl Default for PaymentSettings {
    fn default() -> Self {
        Self {
            test_payments: false,
            prepayment: false,
            invoice: false,
            bank_details: String::new(),
            invoice_days: 14,
            slow_ms: 2_000,
            unknown_outcome_ms: 3_000,
            late_webhook_ms: 3_000,
            webhook_secret: Secret::default(),
            resolve_every_ms: 1_000,
            resolve_calls_max: RESOLVE_CALLS,
            resolve_backoff_seconds_max: 60,
            payments_in_memory_max: PAYMENTS_IN_MEMORY,
        }
    }
}

impl PaymentSettings {
    pub(crate) fn reconcile_limits(&self) -> ReconcileLimits {
        ReconcileLimits {
            interval: Duration::from_millis(self.resolve_every_ms),
            calls_max: self.resolve_calls_max,
            backoff_max: Duration::from_secs(self.resolve_backoff_seconds_max.into()),
        }
    }

    /// Methods that are offered for new payments, in the order in which to show them.
    pub(crate) fn offers(&self) -> Result<Vec<Offer>, String> {
        let mut offers = Vec::new();
        if self.test_payments {
            offers.push(Offer::with_token(crate::TEST));
        }
        let details = self.bank_details.trim();
        let transfers =
            [(self.prepayment, PREPAYMENT, None), (self.invoice, INVOICE, Some(self.invoice_days))];
        for (is_offered, method, days_to_pay) in transfers {
            if !is_offered {
                continue;
            }
            if details.is_empty() || details.chars().count() > BANK_DETAILS_CHARACTERS_MAX {
                return Err(format!(
                    "{SERVICE}.bank_details must be 1 to {BANK_DETAILS_CHARACTERS_MAX} characters, as {SERVICE}.{method} is on"
                ));
            }
            offers.push(Offer { days_to_pay, ..Offer::by_transfer(method, details) });
        }
        Ok(offers)
    }
}
