//! Real servers for tests, each on a free loopback port and in a folder of its own, which goes with it.
//!
//! A server is stopped when its handle is dropped. A test that wants a fault kills it, pauses it or starts it again.

#![warn(missing_docs)]
#![expect(clippy::disallowed_methods, reason = "it waits for real servers, which a test run names")]

mod postgres;
mod postgres_database;
mod server_process;

pub use postgres::{Durability, PostgresServer};
pub use postgres_database::{PostgresDatabase, postgres_programs};
