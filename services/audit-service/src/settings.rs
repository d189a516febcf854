//! Settings of the audit service.

use crate::application::ByKind;
use serde::{Deserialize, Serialize};
use settings::{Allowed, SectionSettings};
use std::time::Duration;

/// Settings of the audit service.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AuditSettings {
    /// Retention in days, by kind of activity; 0 keeps the kind forever.
    pub(crate) retention_days: ByKind<u32>,
    /// Budget in bytes a day (UTC), by kind of activity; 0 for no limit. In the second half of a budget activities are
    /// sampled; beyond it they are left out, and counted.
    pub(crate) day_bytes_max: ByKind<u64>,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self {
            retention_days: ByKind {
                operator: 5 * 365,
                order: 2 * 365,
                cart: 90,
                visit: 30,
                account: 365,
            },
            day_bytes_max: ByKind {
                operator: 0,
                order: 0,
                cart: 64 << 20,
                visit: 32 << 20,
                account: 32 << 20,
            },
        }
    }
}

impl SectionSettings for AuditSettings {
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("retention_days.*", 0, 36_500),
        Allowed::range("day_bytes_max.*", 0, 1 << 40),
    ];
}

impl AuditSettings {
    /// Retention period of each kind; `None` keeps it forever.
    pub(crate) fn retention(self) -> ByKind<Option<Duration>> {
        let period = |days: u32| (days > 0).then(|| Duration::from_hours(24 * u64::from(days)));
        let ByKind { operator, order, cart, visit, account } = self.retention_days;
        ByKind {
            operator: period(operator),
            order: period(order),
            cart: period(cart),
            visit: period(visit),
            account: period(account),
        }
    }
}
