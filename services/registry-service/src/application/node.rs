//! Node: a registry with its peers. Every change goes to the peers unless it came from one, and wakes those who watch.

use super::replication_link::ReplicationLink;
use crate::domain::{
    instance::Instance,
    registry::{
        Heartbeat, Origin, OverrideChange, Registry, RegistryFull, RegistryPolicy, Renewal,
    },
    replication::{PeerAnswer, ReplicatedAction, ReplicatedChange},
    status::InstanceStatus,
};
use kernel::Ids;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::watch;

/// Node of the registry.
#[derive(Debug)]
pub(crate) struct RegistryNode {
    registry: Mutex<Registry>,
    ids: Ids,
    /// Random identity, by which a node recognises itself among its peers, and a watcher that it speaks with another one than before.
    pub(crate) identity: String,
    pub(crate) started_ms: u64,
    /// Lease of an instance that names none, in seconds.
    pub(crate) lease_seconds: u32,
    pub(crate) links: Vec<Arc<ReplicationLink>>,
    /// Number of the last change.
    announced: watch::Sender<u64>,
}

impl RegistryNode {
    pub(crate) fn new(
        policy: RegistryPolicy,
        lease_seconds: u32,
        identity: String,
        links: Vec<Arc<ReplicationLink>>,
        ids: Ids,
    ) -> Self {
        let started_ms = now_ms(&ids);
        let registry = Mutex::new(Registry::new(policy, started_ms));
        let announced = watch::Sender::new(0);
        Self { registry, ids, identity, started_ms, lease_seconds, links, announced }
    }

    /// Now, in milliseconds of the Unix epoch.
    pub(crate) fn now_ms(&self) -> u64 {
        now_ms(&self.ids)
    }

    /// What `read` finds in the registry.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Registry) -> T) -> T {
        read(&self.registry.lock())
    }

    /// Changes the registry, and wakes those who watch if something changed.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Registry, u64) -> T) -> T {
        let mut registry = self.registry.lock();
        // Read within the lock, so that changes are in the order of their times.
        let changed = change(&mut registry, self.now_ms());
        let sequence = registry.changes().sequence();
        self.announced.send_if_modified(|known| std::mem::replace(known, sequence) != sequence);
        changed
    }

    /// Number of the last change, which a watcher waits for.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.announced.subscribe()
    }

    pub(crate) fn register(&self, instance: Instance, origin: Origin) -> Result<(), RegistryFull> {
        let (app, id) = (instance.app.clone(), instance.id.clone());
        let replicated = self.change(|registry, now_ms| {
            registry.register(instance, origin, now_ms)?;
            Ok(registry.replicated(ReplicatedAction::Register, &app, &id))
        })?;
        self.replicate(replicated, origin);
        Ok(())
    }

    pub(crate) fn renew(
        &self,
        app: &str,
        id: &str,
        heartbeat: &Heartbeat,
        origin: Origin,
    ) -> Renewal {
        let has_links = !self.links.is_empty();
        let (renewal, replicated) = self.change(|registry, now_ms| {
            let renewal = registry.renew(app, id, heartbeat, origin, now_ms);
            let is_told = has_links && matches!(renewal, Renewal::Renewed);
            let told = is_told.then(|| registry.replicated(ReplicatedAction::Heartbeat, app, id));
            (renewal, told.flatten())
        });
        self.replicate(replicated, origin);
        renewal
    }

    /// Ends the lease of an instance; false if there is none.
    pub(crate) fn cancel(&self, app: &str, id: &str, origin: Origin) -> bool {
        let is_known = self.change(|registry, now_ms| registry.cancel(app, id, now_ms));
        if is_known {
            let change = ReplicatedChange {
                action: ReplicatedAction::Cancel,
                app: app.to_owned(),
                id: id.to_owned(),
                last_dirty_ms: None,
                status: None,
                overridden: None,
                instance: None,
            };
            self.replicate(Some(change), origin);
        }
        is_known
    }

    /// Sets an override; false if the instance is not registered.
    pub(crate) fn set_override(
        &self,
        app: &str,
        id: &str,
        status: InstanceStatus,
        last_dirty_ms: Option<u64>,
        origin: Origin,
    ) -> bool {
        let replicated = self.change(|registry, now_ms| {
            let change = OverrideChange { status, last_dirty_ms, changed_ms: now_ms };
            let is_known = registry.set_override(app, id, change, now_ms);
            let told = registry.replicated(ReplicatedAction::StatusUpdate, app, id);
            told.filter(|_| is_known).map(|told| ReplicatedChange { status: Some(status), ..told })
        });
        let is_known = replicated.is_some();
        self.replicate(replicated, origin);
        is_known
    }

    /// Removes an override; false if the instance is not registered.
    pub(crate) fn remove_override(
        &self,
        app: &str,
        id: &str,
        status: InstanceStatus,
        last_dirty_ms: Option<u64>,
        origin: Origin,
    ) -> bool {
        let replicated = self.change(|registry, now_ms| {
            let change = OverrideChange { status, last_dirty_ms, changed_ms: now_ms };
            let is_known = registry.remove_override(app, id, change, now_ms);
            let told = registry.replicated(ReplicatedAction::DeleteStatusOverride, app, id);
            told.filter(|_| is_known).map(|told| ReplicatedChange { status: Some(status), ..told })
        });
        let is_known = replicated.is_some();
        self.replicate(replicated, origin);
        is_known
    }

    /// Merges metadata into that of an instance; `None` if it is not registered.
    pub(crate) fn merge_metadata(
        &self,
        app: &str,
        id: &str,
        entries: Vec<(String, String)>,
        origin: Origin,
    ) -> Result<Option<()>, RegistryFull> {
        let merged = self.change(|registry, now_ms| {
            let merged = registry.merge_metadata(app, id, entries, now_ms)?;
            Ok(merged.and_then(|()| registry.replicated(ReplicatedAction::Register, app, id)))
        })?;
        let is_known = merged.is_some();
        self.replicate(merged, origin);
        Ok(is_known.then_some(()))
    }

    /// Applies changes that a peer replicates.
    pub(crate) fn apply(
        &self,
        changes: Vec<Option<ReplicatedChange>>,
        origin: Origin,
    ) -> Vec<PeerAnswer> {
        let answers = changes.into_iter().map(|change| match change {
            Some(change) => self.change(|registry, now_ms| {
                registry.apply(change, origin, now_ms).answer(registry, origin)
            }),
            None => PeerAnswer { status: 400, entity: None },
        });
        answers.collect()
    }

    fn replicate(&self, change: Option<ReplicatedChange>, origin: Origin) {
        let Some(change) = change.filter(|_| origin == Origin::Client) else { return };
        let now_ms = self.now_ms();
        for link in &self.links {
            link.push(change.clone(), now_ms);
        }
    }
}

fn now_ms(ids: &Ids) -> u64 {
    u64::try_from(ids.now().as_millisecond()).unwrap_or_default()
}
