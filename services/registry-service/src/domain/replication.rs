//! Replication: what a registry tells its peers, and how it takes what they tell.

use super::{
    instance::{Instance, LeasedInstance},
    overrides::StatusOverride,
    registry::{Heartbeat, Origin, OverrideChange, Registry, RegistryFull, Renewal},
    status::InstanceStatus,
};

/// Kind of a change that is replicated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ReplicatedAction {
    Register,
    Heartbeat,
    Cancel,
    StatusUpdate,
    DeleteStatusOverride,
}

/// Change that is replicated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReplicatedChange {
    pub(crate) action: ReplicatedAction,
    pub(crate) app: String,
    pub(crate) id: String,
    pub(crate) last_dirty_ms: Option<u64>,
    pub(crate) status: Option<InstanceStatus>,
    pub(crate) overridden: Option<InstanceStatus>,
    /// The instance, as a peer is told of it.
    pub(crate) instance: Option<Instance>,
}

/// What became of a replicated change.
#[derive(Clone, Debug)]
pub(crate) enum ReplicatedOutcome {
    Applied,
    /// The instance is not known, or not as it is now.
    Unknown,
    /// The peer should take over this instance.
    Conflict(LeasedInstance),
    /// The change lacks what its action needs.
    Invalid,
    Full,
}

/// Answer of a peer to a replicated change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PeerAnswer {
    /// Status code, as of a request of its own.
    pub(crate) status: u16,
    /// Instance that the sender should take over.
    pub(crate) entity: Option<Instance>,
}

impl ReplicatedOutcome {
    /// Answer with this outcome, to a peer that may be one of ours.
    pub(crate) fn answer(self, registry: &Registry, origin: Origin) -> PeerAnswer {
        let (status, entity) = match self {
            Self::Applied => (200, None),
            Self::Unknown => (404, None),
            Self::Invalid => (400, None),
            Self::Full => (503, None),
            Self::Conflict(leased) => {
                let is_ours = origin == Origin::Peer { says_override_times: true };
                let instance = if is_ours {
                    registry.for_peer(&leased.instance)
                } else {
                    Instance::clone(&leased.instance)
                };
                (409, Some(instance))
            }
        };
        PeerAnswer { status, entity }
    }
}

impl Registry {
    /// Takes the answer of a peer to a change; returns what it has to be told next. `origin` is that peer.
    pub(crate) fn take_answer(
        &mut self,
        sent: &ReplicatedChange,
        answer: PeerAnswer,
        origin: Origin,
        now_ms: u64,
    ) -> Option<ReplicatedChange> {
        match answer {
            PeerAnswer { entity: Some(instance), .. } => {
                let is_registered = self.instance(&sent.app, &sent.id).is_some();
                if is_registered && instance.app == sent.app && instance.id == sent.id {
                    // It is registered already, so the registry cannot be too full for it.
                    let _ = self.register(instance, origin, now_ms);
                }
                None
            }
            PeerAnswer { status: 404, .. } if sent.action == ReplicatedAction::Heartbeat => {
                self.replicated(ReplicatedAction::Register, &sent.app, &sent.id)
            }
            _ => None,
        }
    }

    /// The change to tell peers of an instance as it is now; `None` if it is not registered.
    pub(crate) fn replicated(
        &self,
        action: ReplicatedAction,
        app: &str,
        id: &str,
    ) -> Option<ReplicatedChange> {
        let leased = self.instance(app, id)?;
        let instance = self.for_peer(&leased.instance);
        Some(ReplicatedChange {
            action,
            app: app.to_owned(),
            id: id.to_owned(),
            last_dirty_ms: Some(instance.last_dirty_ms),
            status: Some(instance.status),
            overridden: Some(instance.overridden),
            instance: Some(instance),
        })
    }

    /// Applies a change that a peer replicates.
    pub(crate) fn apply(
        &mut self,
        change: ReplicatedChange,
        origin: Origin,
        now_ms: u64,
    ) -> ReplicatedOutcome {
        let (app, id) = (change.app.clone(), change.id.clone());
        let applied = |is_known| {
            if is_known { ReplicatedOutcome::Applied } else { ReplicatedOutcome::Unknown }
        };
        match change.action {
            ReplicatedAction::Register => match change.instance {
                Some(instance) if instance.app == app && instance.id == id => {
                    match self.register(instance, origin, now_ms) {
                        Ok(()) => ReplicatedOutcome::Applied,
                        Err(RegistryFull) => ReplicatedOutcome::Full,
                    }
                }
                _ => ReplicatedOutcome::Invalid,
            },
            ReplicatedAction::Heartbeat => {
                let heartbeat = change.heartbeat(origin);
                match self.renew(&app, &id, &heartbeat, origin, now_ms) {
                    Renewal::Renewed => ReplicatedOutcome::Applied,
                    Renewal::Unknown => ReplicatedOutcome::Unknown,
                    Renewal::Conflict(leased) => ReplicatedOutcome::Conflict(leased),
                }
            }
            ReplicatedAction::Cancel => applied(self.cancel(&app, &id, now_ms)),
            ReplicatedAction::StatusUpdate => match change.override_change(origin, now_ms) {
                Some(change) => applied(self.set_override(&app, &id, change, now_ms)),
                None => ReplicatedOutcome::Invalid,
            },
            ReplicatedAction::DeleteStatusOverride => {
                let removal = change.override_change(origin, now_ms).unwrap_or(OverrideChange {
                    status: InstanceStatus::Unknown,
                    last_dirty_ms: change.last_dirty_ms,
                    changed_ms: now_ms,
                });
                applied(self.remove_override(&app, &id, removal, now_ms))
            }
        }
    }
}

impl ReplicatedChange {
    fn heartbeat(&self, origin: Origin) -> Heartbeat {
        let changed_ms = self.override_changed_ms(origin).unwrap_or_default();
        Heartbeat {
            last_dirty_ms: self.last_dirty_ms,
            overridden: self.overridden.map(|status| StatusOverride { changed_ms, status }),
            peer_status: self.status,
        }
    }

    fn override_change(&self, origin: Origin, now_ms: u64) -> Option<OverrideChange> {
        let changed_ms = self.override_changed_ms(origin).unwrap_or(now_ms);
        let last_dirty_ms = self.last_dirty_ms;
        self.status.map(|status| OverrideChange { status, last_dirty_ms, changed_ms })
    }

    /// When the override was changed, as a peer of ours says.
    fn override_changed_ms(&self, origin: Origin) -> Option<u64> {
        let is_said = origin == Origin::Peer { says_override_times: true };
        self.instance.as_ref().filter(|_| is_said).map(|instance| instance.last_updated_ms)
    }
}

#[cfg(test)]
mod simulation;
