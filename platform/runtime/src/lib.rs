//! Runtime of a process: module table, assembly of services, background tasks, shutdown, offline maintenance.
//!
//! A service is a line of the [`ModuleTable`]: its name, the services that it calls, how it is built. The binary decides
//! which of them run in a process, on which engines and behind which listeners.

#![warn(missing_docs)]

mod assemble;
mod build_context;
mod fleet_member;
mod maintenance;
mod module;
mod module_table;
mod origin_journal;
mod ownership;
mod server_health;
mod task_tracker;

pub use assemble::{Assembly, OverWire, ProcessResources, assemble};
pub use build_context::BuildContext;
pub use fleet_member::FleetMember;
pub use maintenance::{Maintenance, OfflineContext};
pub use module::{BuildError, BuildFuture, BuiltService, InstanceModel, Module, RouteMatch};
pub use module_table::{ModuleTable, ModuleTableError};
pub use ownership::{acquire_lease, keep_lease, reclaim_lease};
pub use server_health::follow_server;
pub use task_tracker::{ShutdownSignal, TaskTracker, TrackedTask};
