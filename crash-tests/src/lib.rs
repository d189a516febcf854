//! Crash tests: fault injection against the real server process under concurrent load.
//!
//! A fault is a process kill, a pause, a full disk, a power loss or the failure of a server that the shop is on. After each one the server is restarted and the
//! acknowledged facts are read back: every acknowledged response must be there exactly once, every request in doubt
//! must have been applied as a whole or not at all, and at quiescence no saga, hold or open authorisation may remain.

mod client;
mod clock_file;
mod counters;
mod customer;
mod disk;
mod faults;
mod fetch;
mod fleet;
mod followers;
mod invariants;
mod namespaces;
mod operation;
mod order_document;
mod outage;
mod payment_journal;
mod quiescence;
mod run;
mod shop;
mod storage_fault;
mod violation;
mod workload;

pub use client::EdgeClient;
pub use counters::Counters;
pub use disk::{Disk, DiskUnavailable, FileSystem};
pub use faults::{
    engines::{BusEngine, EngineFault, Engines, FailingServer, FaultKind, break_engines},
    failover::fail_over,
    fleet::{FleetFaultKind, FleetFaults, break_fleet},
    full_disk::{DiskReserve, fill_disk, small_disk},
    kill::kill,
    overload::overload,
    pause::pause,
    power_loss::cut_power,
};
pub use quiescence::CheckScope;
pub use run::{RunOptions, RunReport};
pub use shop::{Program, Shop, StartingShop, Topology};
pub use storage_fault::StorageFault;
pub use violation::{CheckResult, Violation};
pub use workload::Workload;
