//! Lease: an instance is registered for as long as it sends heartbeats.

use crate::domain::instance::{Instance, LeaseTimes, LeasedInstance};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) instance: Arc<Instance>,
    pub(super) times: LeaseTimes,
}

impl Lease {
    pub(super) fn leased(&self) -> LeasedInstance {
        LeasedInstance { instance: Arc::clone(&self.instance), times: self.times }
    }

    pub(super) fn renew(&mut self, now_ms: u64) {
        // A clock that was set back does not shorten a lease.
        self.times.renewed_ms = self.times.renewed_ms.max(now_ms);
    }

    /// Notes that the instance is up, the first time.
    pub(super) fn note_service_up(&mut self, now_ms: u64) {
        if self.times.service_up_ms == 0 {
            self.times.service_up_ms = now_ms;
        }
    }

    pub(super) fn has_expired(&self, now_ms: u64) -> bool {
        let duration_ms = u64::from(self.instance.lease_seconds) * 1_000;
        now_ms > self.times.renewed_ms.saturating_add(duration_ms)
    }
}
