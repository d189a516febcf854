//! How a process is put together: the module table, what a service is given, tracked tasks, readiness, drain.
//!
//! A service is a value in a table: its name, whom it calls, how it is built. Which of them run here, on which
//! engines and behind which listeners, is decided by the binary alone.

#![warn(missing_docs)]

mod assemble;
mod build_context;
mod expiry_sweeper;
mod maintenance;
mod module;
mod module_table;
mod task_tracker;

pub use assemble::{Assembly, ProcessResources, assemble};
pub use build_context::BuildContext;
pub use maintenance::{Maintenance, OfflineContext};
pub use module::{BuildError, BuildFuture, BuiltService, Module, RouteMatch};
pub use module_table::{ModuleTable, ModuleTableError};
pub use task_tracker::{ShutdownSignal, TaskTracker};
