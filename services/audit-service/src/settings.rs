//! Settings of the audit service.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Settings of the audit service.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AuditSettings {
    /// Retention in days; 0 keeps activities forever.
    pub(crate) kept_days: u32,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { kept_days: 365 }
    }
}

impl AuditSettings {
    /// Retention period; `None` keeps activities forever.
    pub(crate) fn retention(self) -> Option<Duration> {
        (self.kept_days > 0).then(|| Duration::from_hours(24 * u64::from(self.kept_days)))
    }
}
