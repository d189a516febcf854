//! Registry: who is registered, with leases, in which status. Time is an argument, in milliseconds of the Unix epoch.

mod eviction;
mod lease;
mod operator_commands;
mod registration;
mod renewal;
#[cfg(test)]
mod tests;

pub(crate) use eviction::Eviction;
pub(crate) use operator_commands::OverrideChange;
pub(crate) use renewal::{Heartbeat, Renewal};

use super::{
    instance::{Instance, LeasedInstance},
    overrides::{Overrides, StatusOverride},
    recent_changes::RecentChanges,
    renewal_rate::RenewalRate,
    self_preservation::SelfPreservation,
    status::{InstanceStatus, StatusCounts},
};
use lease::Lease;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Registrations and cancellations that are remembered for people.
pub(crate) const HISTORY_MAX: usize = 1_000;

/// What a registry may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RegistryPolicy {
    /// Whether nothing is evicted while too few heartbeats arrive.
    pub(crate) is_self_preserving: bool,
    /// Instances that may be registered.
    pub(crate) instances_max: usize,
}

/// From whom a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An instance, or an operator.
    Client,
    /// Another registry, which replicates.
    Peer {
        /// Whether it is one of ours: the instances that it sends say in `last_updated_ms` when their override was changed.
        says_override_times: bool,
    },
}

/// Refusal of a registration: the registry has as many instances as it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the registry is full")]
pub(crate) struct RegistryFull;

/// Registry of service instances.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    policy: RegistryPolicy,
    /// Leases by id, by application.
    apps: BTreeMap<String, BTreeMap<String, Lease>>,
    instances: usize,
    counts: StatusCounts,
    overrides: Overrides,
    changes: RecentChanges,
    renewals: RenewalRate,
    /// Heartbeats per minute that the registered instances promise.
    promised_per_minute: f64,
    registered: VecDeque<HistoryEntry>,
    cancelled: VecDeque<HistoryEntry>,
    last_eviction: Option<Eviction>,
}

/// Line of the history that people look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HistoryEntry {
    pub(crate) at_ms: u64,
    pub(crate) app: String,
    pub(crate) id: String,
}

impl Registry {
    pub(crate) fn new(policy: RegistryPolicy, now_ms: u64) -> Self {
        Self {
            policy,
            apps: BTreeMap::new(),
            instances: 0,
            counts: StatusCounts::default(),
            overrides: Overrides::default(),
            changes: RecentChanges::default(),
            renewals: RenewalRate::new(now_ms),
            promised_per_minute: 0.0,
            registered: VecDeque::new(),
            cancelled: VecDeque::new(),
            last_eviction: None,
        }
    }

    /// Every instance, by application.
    pub(crate) fn applications(&self) -> Vec<(&str, Vec<LeasedInstance>)> {
        let leased =
            |leases: &BTreeMap<String, Lease>| leases.values().map(Lease::leased).collect();
        self.apps.iter().map(|(app, leases)| (&**app, leased(leases))).collect()
    }

    /// Instances of an application; `None` if it has none.
    pub(crate) fn application(&self, app: &str) -> Option<Vec<LeasedInstance>> {
        self.apps.get(app).map(|leases| leases.values().map(Lease::leased).collect())
    }

    pub(crate) fn instance(&self, app: &str, id: &str) -> Option<LeasedInstance> {
        self.lease(app, id).map(Lease::leased)
    }

    /// Instance with this id, of whichever application.
    pub(crate) fn instance_by_id(&self, id: &str) -> Option<LeasedInstance> {
        self.apps.values().find_map(|leases| leases.get(id)).map(Lease::leased)
    }

    /// Instances with this virtual host name.
    pub(crate) fn by_vip(&self, name: &str, is_secure: bool) -> Vec<LeasedInstance> {
        let leases = self.apps.values().flat_map(BTreeMap::values);
        leases.filter(|lease| lease.instance.has_vip(name, is_secure)).map(Lease::leased).collect()
    }

    pub(crate) fn changes(&self) -> &RecentChanges {
        &self.changes
    }

    /// Instances that changed recently, with their leases as they are now.
    pub(crate) fn delta(&self) -> Vec<LeasedInstance> {
        self.with_leases(self.changes.all())
    }

    /// Instances that changed after the change of this number; `None` if some of these changes may be forgotten already.
    pub(crate) fn delta_after(&self, sequence: u64) -> Option<Vec<LeasedInstance>> {
        self.changes.after(sequence).map(|changed| self.with_leases(changed))
    }

    fn with_leases(&self, changed: Vec<LeasedInstance>) -> Vec<LeasedInstance> {
        let now =
            |it: LeasedInstance| self.instance(&it.instance.app, &it.instance.id).unwrap_or(it);
        changed.into_iter().map(now).collect()
    }

    pub(crate) fn counts(&self) -> &StatusCounts {
        &self.counts
    }

    pub(crate) fn overrides(&self) -> &Overrides {
        &self.overrides
    }

    pub(crate) fn len(&self) -> usize {
        self.instances
    }

    /// The last registrations and cancellations, oldest first.
    pub(crate) fn history(&self) -> (&VecDeque<HistoryEntry>, &VecDeque<HistoryEntry>) {
        (&self.registered, &self.cancelled)
    }

    pub(crate) fn last_eviction(&self) -> Option<&Eviction> {
        self.last_eviction.as_ref()
    }

    /// Arithmetic of self-preservation.
    pub(crate) fn self_preservation(&mut self, now_ms: u64) -> SelfPreservation {
        SelfPreservation {
            is_enabled: self.policy.is_self_preserving,
            instances: self.instances,
            promised_per_minute: self.promised_per_minute,
            threshold: SelfPreservation::threshold_of(self.promised_per_minute),
            received: self.renewals.last_minute(now_ms),
        }
    }

    /// Instance as a peer of ours is told of it: its last update is when its override was changed.
    pub(crate) fn for_peer(&self, instance: &Instance) -> Instance {
        let changed_ms = self.overrides.value(&instance.id).changed_ms;
        Instance { last_updated_ms: changed_ms, ..instance.clone() }
    }

    /// Forgets old changes and overrides.
    pub(crate) fn forget(&mut self, now_ms: u64) {
        self.changes.forget(now_ms);
        self.overrides.forget(now_ms);
    }

    fn lease(&self, app: &str, id: &str) -> Option<&Lease> {
        self.apps.get(app)?.get(id)
    }

    fn lease_mut(&mut self, app: &str, id: &str) -> Option<&mut Lease> {
        self.apps.get_mut(app)?.get_mut(id)
    }

    /// Changes an instance, and announces that. It stays where it is if it is not registered.
    fn modify(&mut self, app: &str, id: &str, now_ms: u64, change: impl FnOnce(&mut Instance)) {
        let Some(lease) = self.apps.get_mut(app).and_then(|leases| leases.get_mut(id)) else {
            return;
        };
        let before = lease.instance.status;
        let instance = Arc::make_mut(&mut lease.instance);
        change(instance);
        instance.last_updated_ms = now_ms;
        instance.action = Some(super::instance::Action::Modified);
        let after = instance.status;
        if after == InstanceStatus::Up {
            lease.note_service_up(now_ms);
        }
        self.counts.remove(before);
        self.counts.add(after);
        self.changes.push(Arc::clone(&lease.instance), lease.times, now_ms);
    }

    /// Status that an instance shows: the first rule that matches decides.
    fn shown_status(
        said: InstanceStatus,
        value: StatusOverride,
        existing: Option<InstanceStatus>,
        origin: Origin,
    ) -> InstanceStatus {
        use InstanceStatus::{OutOfService, Unknown, Up};
        let is_ready = |status| matches!(status, Up | OutOfService);
        match existing {
            // Who is not ready says so itself.
            _ if !is_ready(said) => said,
            _ if value.status != Unknown => value.status,
            // A client that registers again does not undo what an operator did before the override was forgotten.
            Some(existing) if origin == Origin::Client && is_ready(existing) => existing,
            _ => said,
        }
    }

    fn remember(history: &mut VecDeque<HistoryEntry>, instance: &Instance, now_ms: u64) {
        if history.len() >= HISTORY_MAX {
            history.pop_front();
        }
        let (app, id) = (instance.app.clone(), instance.id.clone());
        history.push_back(HistoryEntry { at_ms: now_ms, app, id });
    }
}
