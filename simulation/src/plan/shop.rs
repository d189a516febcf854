//! Shop of a plan: its topology, settings and products.

/// Division of the shop into processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Topology {
    /// One process with one log.
    #[value(name = "one")]
    SingleProcess,
    /// Several processes with a log each, and a network between them.
    Fleet,
}

impl Topology {
    /// Name on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SingleProcess => "one",
            Self::Fleet => "fleet",
        }
    }
}

/// Product with one variant.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub(crate) sku: String,
    pub(crate) cents: i64,
    pub(crate) stock: i64,
}

/// Settings of the shop: time-outs, delays of the test processor, cache sizes and the capture mode.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShopSettings {
    pub(crate) hold_minutes: u64,
    pub(crate) payment_wait_minutes: u64,
    pub(crate) slow_ms: u64,
    pub(crate) unknown_outcome_ms: u64,
    pub(crate) late_webhook_ms: u64,
    /// How many orders, carts and payments stay in memory.
    pub(crate) in_memory_max: u64,
    pub(crate) capture: CaptureMode,
    pub(crate) calls: CallMode,
}

/// How services of one process call each other's contracts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CallMode {
    /// With typed values, as the binary does.
    #[default]
    Typed,
    /// As JSON over the loopback channel, as between processes.
    OverTheWire,
    /// The same, with idempotent calls sent twice and every n-th call lost.
    Chaotic,
}

/// Moment at which the payment of an order is captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CaptureMode {
    #[default]
    AtConfirmation,
    AtFulfilment,
}

impl CaptureMode {
    /// Value of the setting.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AtConfirmation => "at_confirmation",
            Self::AtFulfilment => "at_fulfilment",
        }
    }
}
