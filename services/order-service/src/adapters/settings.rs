//! What can be set about orders.

use crate::application::checkout_case::CapturePolicy;
use serde::{Deserialize, Serialize};

/// The settings of the order service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OrderSettings {
    /// How long goods are set aside for an order that is being placed, in minutes.
    pub(crate) hold_minutes: u32,
    /// How long an order waits for its payment before it is cancelled, in minutes.
    pub(crate) payment_wait_minutes: u32,
    /// When the money of an order is taken: `at_confirmation`, or `at_fulfilment`, when its goods leave. An order keeps
    /// what was set when its checkout began.
    pub(crate) capture: CapturePolicy,
    /// The most orders kept in memory.
    pub(crate) orders_in_memory_max: usize,
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
