//! Shop of a plan: its topology, settings and products.

use crate::rng::SimRng;

/// Division of the shop into processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Topology {
    /// One process with one log.
    #[value(name = "one")]
    SingleProcess,
    /// Several processes with a log each, and a network between them.
    Fleet,
    /// Several processes of each service, which share a database: one of them owns the service, and the others stand by.
    Instances,
}

impl Topology {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::SingleProcess, Self::Fleet, Self::Instances];

    /// Name on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SingleProcess => "one",
            Self::Fleet => "fleet",
            Self::Instances => "instances",
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
    /// Whether the payment method of all orders is offered for new ones.
    pub(crate) test_payments: bool,
    /// Choice among the values of each setting in [`OTHER_SETTINGS`]; their first ones, which are the defaults, when 0.
    pub(crate) others: u64,
}

/// Settings that a restart may find changed, beside those that the plan draws for its own purposes: each with its default
/// and other values in its range. Prices depend on the settings that are not here (currency, tax, delivery), and an
/// existing order may not depend on them; the shop as the clients see it does.
pub(crate) const OTHER_SETTINGS: &[(&str, &[&str])] = &[
    ("ORDER_SERVICE__NUMBER", &["scrambled", "sequential"]),
    ("ORDER_SERVICE__PREPAYMENT_HOLD_DAYS", &["7", "1", "60"]),
    ("ORDER_SERVICE__UNPAID_ORDERS_MAX", &["30", "1", "1000"]),
    ("ORDER_SERVICE__UNPAID_SHARE_PERCENT_MAX", &["50", "1", "100"]),
    ("ORDER_SERVICE__UNPAID_UNITS_MIN", &["20", "0", "1000"]),
    ("ORDER_SERVICE__LOOKUPS_PER_EMAIL_MAX", &["10", "1"]),
    ("ORDER_SERVICE__LOOKUPS_PER_ADDRESS_MAX", &["30", "1"]),
    ("ORDER_SERVICE__FAILED_CHECKOUTS_PER_ADDRESS_MAX", &["300", "1000"]),
    ("PAYMENT_SERVICE__PREPAYMENT", &["false", "true"]),
    ("PAYMENT_SERVICE__INVOICE", &["false", "true"]),
    ("PAYMENT_SERVICE__INVOICE_DAYS", &["14", "1", "90"]),
    ("PAYMENT_SERVICE__RESOLVE_EVERY_MS", &["2000", "500", "10000"]),
    ("PAYMENT_SERVICE__RESOLVE_CALLS_MAX", &["16", "1", "64"]),
    ("PAYMENT_SERVICE__RESOLVE_BACKOFF_SECONDS_MAX", &["60", "1", "120"]),
    ("SHOPPING_CART_SERVICE__CART_KEEP_HOURS", &["720", "24"]),
    ("AUDIT_SERVICE__RETENTION_DAYS__ORDER", &["730", "1", "3650"]),
    ("SHOPPING_CART_SERVICE__CART_DELETE_DAYS", &["30", "0", "365"]),
    ("API_GATEWAY__DEADLINE_MS", &["30000", "20000", "60000"]),
    ("API_GATEWAY__SHOP_REQUESTS_MAX", &["512", "64"]),
    ("API_GATEWAY__OPERATOR_REQUESTS_MAX", &["256", "64"]),
    ("API_GATEWAY__LIMIT_LOOPBACK_CLIENTS", &["false", "true"]),
];

impl ShopSettings {
    /// Settings that another life of a process finds: every one is drawn anew, but for the way of the calls, which is no
    /// setting of the shop.
    pub(crate) fn redrawn(self, rng: &mut SimRng) -> Self {
        Self {
            hold_minutes: rng.range(1, 2),
            payment_wait_minutes: rng.range(1, 3),
            slow_ms: rng.choose(&[500, 3_000, 14_000, 20_000]),
            unknown_outcome_ms: rng.choose(&[1_000, 8_000, 40_000, 59_500]),
            late_webhook_ms: rng.choose(&[200, 3_000, 30_000, 59_990, 75_000]),
            in_memory_max: rng.choose(&[1, 3, 100]),
            capture: rng.choose(&[CaptureMode::AtConfirmation, CaptureMode::AtFulfilment]),
            calls: self.calls,
            test_payments: rng.chance(600),
            others: rng.next_u64() | 1,
        }
    }

    /// Value of each setting in [`OTHER_SETTINGS`].
    pub(crate) fn others(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let mut rng = SimRng::stream(self.others, "other settings");
        OTHER_SETTINGS.iter().map(move |(key, values)| {
            let drawn = rng.choose(values);
            (*key, if self.others == 0 { values[0] } else { drawn })
        })
    }
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
