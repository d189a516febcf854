//! Promises of the engine beyond the ports: opening, recovery, a full disk, failed flushes.

mod engine;
mod flush_failure;
mod lost_files;
mod opening;
mod recovery;
#[path = "../../../data-folder/tests/embedded_engine/suite.rs"]
mod suite;
mod write_ahead_log;
