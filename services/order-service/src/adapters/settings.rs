//! Settings of the order service.

use crate::application::checkout_input::CapturePolicy;
use serde::{Deserialize, Serialize};
use settings::{Allowed, SectionSettings};

/// Settings of the order service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OrderSettings {
    /// Lifetime of the hold of a pending order, in minutes.
    pub(crate) hold_minutes: u32,
    /// Time that an order waits for its payment before it is cancelled, in minutes.
    pub(crate) payment_wait_minutes: u32,
    /// Time at which the payment of an order is captured: `at_confirmation` or `at_fulfilment`. An order keeps the policy
    /// that was set when its checkout began.
    pub(crate) capture: CapturePolicy,
    /// Limit of orders that are cached in memory.
    pub(crate) orders_in_memory_max: usize,
}

impl SectionSettings for OrderSettings {
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("hold_minutes", 1, 31 * 24 * 60),
        Allowed::range("payment_wait_minutes", 1, 31 * 24 * 60),
        Allowed::range("orders_in_memory_max", 1, 10_000_000),
    ];
}

impl Default for OrderSettings {
    fn default() -> Self {
        Self {
            hold_minutes: 15,
            payment_wait_minutes: 60,
            capture: CapturePolicy::default(),
            orders_in_memory_max: 10_000,
        }
    }
}
