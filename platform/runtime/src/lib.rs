//! How a process is put together: the module table, what a service is given, tracked tasks, readiness, drain.
//!
//! A service is a value in a table: its name, whom it calls, how it is built. Which of them run here, on which
//! engines and behind which listeners, is decided by the binary alone.

#![warn(missing_docs)]

mod assemble;
mod module;
mod site;
mod sweep;
mod table;
mod tasks;
mod upkeep;

pub use assemble::{Assembled, Materials, assemble};
pub use module::{BuildError, BuildFuture, Built, Module, Paths};
pub use site::Site;
pub use table::{Table, TableError};
pub use tasks::{Stopping, Tasks};
pub use upkeep::{Premises, Upkeep};
