//! Renewal of a lease by a heartbeat, and what a heartbeat finds out: which side has the newer instance.

use super::{Origin, Registry};
use crate::domain::{instance::LeasedInstance, overrides::StatusOverride, status::InstanceStatus};

/// Heartbeat of an instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heartbeat {
    /// When the instance changed last, by its own clock, if it says so.
    pub(crate) last_dirty_ms: Option<u64>,
    /// Override that a peer replicates with it.
    pub(crate) overridden: Option<StatusOverride>,
    /// Status in which a peer shows the instance.
    pub(crate) peer_status: Option<InstanceStatus>,
}

/// What became of a heartbeat.
#[derive(Clone, Debug)]
pub(crate) enum Renewal {
    Renewed,
    /// The instance must register, or register again: it is not known, or not as it is now.
    Unknown,
    /// A peer is behind, and should take over this instance.
    Conflict(LeasedInstance),
}

impl Registry {
    /// Renews the lease of an instance.
    pub(crate) fn renew(
        &mut self,
        app: &str,
        id: &str,
        heartbeat: &Heartbeat,
        origin: Origin,
        now_ms: u64,
    ) -> Renewal {
        let value = self.overrides.access(id, now_ms);
        let Some(lease) = self.lease_mut(app, id) else { return Renewal::Unknown };
        let current = lease.instance.status;
        let shown = Self::shown_status(current, value, Some(current), origin);
        if shown == InstanceStatus::Unknown {
            return Renewal::Unknown;
        }
        lease.renew(now_ms);
        let stored_dirty_ms = lease.instance.last_dirty_ms;
        self.renewals.count(now_ms);
        if shown != current {
            self.modify(app, id, now_ms, |instance| instance.status = shown);
        }
        match heartbeat.last_dirty_ms {
            Some(dirty_ms) if dirty_ms > stored_dirty_ms => {
                self.learn_from_heartbeat(id, heartbeat, origin, now_ms);
                Renewal::Unknown
            }
            Some(dirty_ms) if dirty_ms < stored_dirty_ms && origin != Origin::Client => {
                self.conflict(app, id)
            }
            _ if origin == (Origin::Peer { says_override_times: true }) => {
                self.reconcile_override(app, id, heartbeat, now_ms)
            }
            _ => Renewal::Renewed,
        }
    }

    /// Takes over the override of a peer that has a newer instance, which it is about to send.
    fn learn_from_heartbeat(
        &mut self,
        id: &str,
        heartbeat: &Heartbeat,
        origin: Origin,
        now_ms: u64,
    ) {
        let Some(theirs) = heartbeat.overridden.filter(|_| origin != Origin::Client) else {
            return;
        };
        let is_in_force = theirs.status != InstanceStatus::Unknown;
        if is_in_force && theirs.status != self.overrides.value(id).status {
            self.overrides.set(id, theirs, now_ms);
        }
    }

    /// Lets the later of two changes of an override count on both sides.
    fn reconcile_override(
        &mut self,
        app: &str,
        id: &str,
        heartbeat: &Heartbeat,
        now_ms: u64,
    ) -> Renewal {
        let (Some(theirs), ours) = (heartbeat.overridden, self.overrides.value(id)) else {
            return Renewal::Renewed;
        };
        if theirs.status == ours.status {
            return self.reconcile_status(app, id, heartbeat, now_ms);
        }
        if ours.wins_over(theirs) {
            return self.conflict(app, id);
        }
        self.overrides.set(id, theirs, now_ms);
        self.modify(app, id, now_ms, |instance| {
            instance.overridden = theirs.status;
            instance.status = match (theirs.status, heartbeat.peer_status) {
                (InstanceStatus::Unknown, None) => instance.status,
                (InstanceStatus::Unknown, Some(status)) | (status, _) => status,
            };
        });
        Renewal::Renewed
    }

    /// Lets an override count on both sides where one shows another status. An instance that registered while its registry did not know of
    /// the override seems to have said itself what an earlier override said.
    fn reconcile_status(
        &mut self,
        app: &str,
        id: &str,
        heartbeat: &Heartbeat,
        now_ms: u64,
    ) -> Renewal {
        let overridden = self.overrides.value(id).status;
        let shown = self.lease(app, id).map(|lease| lease.instance.status);
        if overridden == InstanceStatus::Unknown || heartbeat.peer_status == shown {
            return Renewal::Renewed;
        }
        if shown == Some(overridden) && heartbeat.peer_status.is_some() {
            return self.conflict(app, id);
        }
        if heartbeat.peer_status == Some(overridden) {
            self.modify(app, id, now_ms, |instance| instance.status = overridden);
        }
        Renewal::Renewed
    }

    fn conflict(&self, app: &str, id: &str) -> Renewal {
        self.instance(app, id).map_or(Renewal::Unknown, Renewal::Conflict)
    }
}
