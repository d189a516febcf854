//! Registry of service instances: leases, statuses, changes, self-preservation, and what peers tell each other.

pub(crate) mod instance;
pub(crate) mod overrides;
pub(crate) mod peer_queue;
pub(crate) mod recent_changes;
pub(crate) mod registry;
pub(crate) mod renewal_rate;
pub(crate) mod replication;
pub(crate) mod self_preservation;
pub(crate) mod status;
