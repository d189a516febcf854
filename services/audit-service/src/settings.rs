//! The settings of the audit service.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The settings of the audit service.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AuditSettings {
    /// How many days activities are kept; 0 keeps them for ever.
    pub(crate) kept_days: u32,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { kept_days: 365 }
    }
}

impl AuditSettings {
    /// How long activities are kept, unless for ever.
    pub(crate) fn kept(self) -> Option<Duration> {
        (self.kept_days > 0).then(|| Duration::from_hours(24 * u64::from(self.kept_days)))
    }
}
