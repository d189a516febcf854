//! Details of health components that other programs read: how a process has its lease, and how far a consumer is behind.

/// Component of a process whose services have one owner.
pub const LEASE: &str = "lease";
/// Detail of [`LEASE`]: whether the process is the [`OWNER`] of its services or a [`STANDBY`].
pub const LEASE_STATE: &str = "state";
/// State of the process that owns the services.
pub const OWNER: &str = "owner";
/// State of a process that stands by for the owner.
pub const STANDBY: &str = "standby";
/// Detail of each consumer: age of the oldest event of its last batch when the effects were recorded, in milliseconds; 0 where
/// there was nothing new.
pub const LAG_MS: &str = "lag_ms";
