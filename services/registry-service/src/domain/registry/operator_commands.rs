//! Commands of operators: overrides of a status, and metadata.

use super::{Origin, Registry, RegistryFull};
use crate::domain::{instance::Instance, overrides::StatusOverride, status::InstanceStatus};

/// Change of an override.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OverrideChange {
    /// Status that is set, or that the instance has when its override is removed.
    pub(crate) status: InstanceStatus,
    /// When the instance changed last, by its own clock, as a peer knows it.
    pub(crate) last_dirty_ms: Option<u64>,
    /// When somebody made the change, in milliseconds of the Unix epoch.
    pub(crate) changed_ms: u64,
}

impl Registry {
    /// Sets a status in place of the instance's own; false if it is not registered.
    pub(crate) fn set_override(
        &mut self,
        app: &str,
        id: &str,
        change: OverrideChange,
        now_ms: u64,
    ) -> bool {
        let Some(lease) = self.lease_mut(app, id) else { return false };
        lease.renew(now_ms);
        if lease.instance.status == change.status {
            return true;
        }
        let value = StatusOverride { changed_ms: change.changed_ms, status: change.status };
        self.overrides.set(id, value, now_ms);
        self.modify(app, id, now_ms, |instance| {
            instance.overridden = change.status;
            adopt(instance, change);
        });
        true
    }

    /// Removes an override; false if the instance is not registered.
    pub(crate) fn remove_override(
        &mut self,
        app: &str,
        id: &str,
        change: OverrideChange,
        now_ms: u64,
    ) -> bool {
        let Some(lease) = self.lease_mut(app, id) else { return false };
        lease.renew(now_ms);
        if self.overrides.value(id).status == InstanceStatus::Unknown {
            return true;
        }
        let value =
            StatusOverride { changed_ms: change.changed_ms, status: InstanceStatus::Unknown };
        self.overrides.set(id, value, now_ms);
        self.modify(app, id, now_ms, |instance| {
            instance.overridden = InstanceStatus::Unknown;
            adopt(instance, change);
        });
        true
    }

    /// Merges metadata into that of an instance, which is then registered as if it had said so itself; `None` if it is not registered.
    pub(crate) fn merge_metadata(
        &mut self,
        app: &str,
        id: &str,
        entries: Vec<(String, String)>,
        now_ms: u64,
    ) -> Result<Option<()>, RegistryFull> {
        let Some(leased) = self.instance(app, id) else { return Ok(None) };
        let mut instance = Instance::clone(&leased.instance);
        instance.metadata.extend(entries);
        self.register(instance, Origin::Client, now_ms).map(Some)
    }
}

fn adopt(instance: &mut Instance, change: OverrideChange) {
    instance.status = change.status;
    let known_ms = change.last_dirty_ms.unwrap_or_default();
    instance.last_dirty_ms = instance.last_dirty_ms.max(known_ms);
}
