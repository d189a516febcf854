//! Fault injectors: process kill, process pause, full disk, power loss, faults and failover of servers, faults of the processes of a fleet, each repeated under load.

pub(crate) mod engines;
pub(crate) mod failover;
pub(crate) mod fleet;
pub(crate) mod full_disk;
pub(crate) mod kill;
pub(crate) mod overload;
pub(crate) mod pause;
pub(crate) mod power_loss;

use std::ops::Range;

/// Range of the load's duration before a fault is injected.
pub(crate) const LOAD_MS: Range<u64> = 100..600;
