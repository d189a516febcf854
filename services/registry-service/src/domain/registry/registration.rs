//! Registration, and its end.

use super::{Origin, Registry, RegistryFull, lease::Lease};
use crate::domain::{
    instance::{Action, Instance, LeaseTimes},
    overrides::StatusOverride,
    status::InstanceStatus,
};
use std::sync::Arc;

impl Registry {
    /// Registers an instance, or registers it again. What the registry knows already stays if it is newer.
    pub(crate) fn register(
        &mut self,
        instance: Instance,
        origin: Origin,
        now_ms: u64,
    ) -> Result<(), RegistryFull> {
        let existing = self.lease(&instance.app, &instance.id).cloned();
        if existing.is_none() && self.instances >= self.policy.instances_max {
            return Err(RegistryFull);
        }
        self.learn_override(&instance, origin, now_ms);
        let mut instance = match &existing {
            Some(existing) if existing.instance.last_dirty_ms > instance.last_dirty_ms => {
                Instance::clone(&existing.instance)
            }
            _ => instance,
        };
        let value = self.overrides.access(&instance.id, now_ms);
        let existing_status = existing.as_ref().map(|lease| lease.instance.status);
        instance.overridden = value.status;
        instance.status = Self::shown_status(instance.status, value, existing_status, origin);
        instance.action = Some(Action::Added);
        instance.last_updated_ms = now_ms;
        let service_up_ms = existing.as_ref().map_or(0, |lease| lease.times.service_up_ms);
        let times =
            LeaseTimes { registered_ms: now_ms, renewed_ms: now_ms, ended_ms: 0, service_up_ms };
        let mut lease = Lease { instance: Arc::new(instance), times };
        if lease.instance.status == InstanceStatus::Up {
            lease.note_service_up(now_ms);
        }
        match existing {
            Some(existing) => self.uncount(&existing.instance),
            None => self.instances += 1,
        }
        self.counts.add(lease.instance.status);
        self.promised_per_minute += lease.instance.renewals_per_minute();
        self.changes.push(Arc::clone(&lease.instance), lease.times, now_ms);
        Self::remember(&mut self.registered, &lease.instance, now_ms);
        let (app, id) = (lease.instance.app.clone(), lease.instance.id.clone());
        self.apps.entry(app).or_default().insert(id, lease);
        Ok(())
    }

    /// Ends the lease of an instance; false if there is none.
    pub(crate) fn cancel(&mut self, app: &str, id: &str, now_ms: u64) -> bool {
        let Some(leases) = self.apps.get_mut(app) else { return false };
        let Some(mut lease) = leases.remove(id) else { return false };
        if leases.is_empty() {
            self.apps.remove(app);
        }
        self.overrides.remove(id);
        self.instances -= 1;
        self.uncount(&lease.instance);
        if self.instances == 0 {
            // Sums of fractions leave a rest.
            self.promised_per_minute = 0.0;
        }
        let instance = Arc::make_mut(&mut lease.instance);
        instance.action = Some(Action::Deleted);
        instance.last_updated_ms = now_ms;
        lease.times.ended_ms = now_ms;
        self.changes.push(Arc::clone(&lease.instance), lease.times, now_ms);
        Self::remember(&mut self.cancelled, &lease.instance, now_ms);
        true
    }

    fn uncount(&mut self, instance: &Instance) {
        self.counts.remove(instance.status);
        self.promised_per_minute -= instance.renewals_per_minute();
    }

    /// Takes over an override that an incoming instance brings, where nothing better is known.
    fn learn_override(&mut self, incoming: &Instance, origin: Origin, now_ms: u64) {
        let known = self.overrides.value(&incoming.id);
        let changed_ms = match origin {
            Origin::Peer { says_override_times: true } => incoming.last_updated_ms,
            _ => 0,
        };
        let value = StatusOverride { changed_ms, status: incoming.overridden };
        let is_better = match origin {
            Origin::Peer { says_override_times: true } => value.wins_over(known),
            _ => known == StatusOverride::NONE && value.status != InstanceStatus::Unknown,
        };
        if is_better {
            self.overrides.set(&incoming.id, value, now_ms);
        }
    }
}
