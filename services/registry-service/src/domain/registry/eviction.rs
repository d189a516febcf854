//! Eviction of instances that stopped sending heartbeats.

use super::Registry;
use crate::domain::self_preservation::SelfPreservation;

/// Outcome of one run of evictions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Eviction {
    pub(crate) at_ms: u64,
    /// Arithmetic that allowed or forbade it.
    pub(crate) reason: SelfPreservation,
    /// Instances without a heartbeat for longer than their lease.
    pub(crate) expired: usize,
    /// Those that were evicted. The others stay until the next run.
    pub(crate) evicted: usize,
}

impl Registry {
    /// Evicts instances whose leases expired, if self-preservation allows it: those first that have been silent for longest, and no
    /// more than a share of all.
    pub(crate) fn evict(&mut self, now_ms: u64) -> Eviction {
        let reason = self.self_preservation(now_ms);
        let leases = self.apps.values().flat_map(|leases| leases.values());
        let expired = leases.filter(|lease| lease.has_expired(now_ms));
        let mut expired: Vec<_> = expired
            .map(|lease| {
                (lease.times.renewed_ms, lease.instance.app.clone(), lease.instance.id.clone())
            })
            .collect();
        let found = expired.len();
        expired.sort();
        let evictions_max =
            if reason.may_evict() { SelfPreservation::evictions_max(self.instances) } else { 0 };
        expired.truncate(evictions_max);
        for (_, app, id) in &expired {
            self.cancel(app, id, now_ms);
        }
        let outcome = Eviction { at_ms: now_ms, reason, expired: found, evicted: expired.len() };
        self.last_eviction = Some(outcome);
        outcome
    }
}
