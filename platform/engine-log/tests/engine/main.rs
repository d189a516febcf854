//! Promises of the engine beyond the ports: opening, recovery, a full disk, failed flushes.

mod compaction;
mod engine;
mod flush_failure;
mod lost_files;
mod migration;
mod model;
mod opening;
mod plaintext;
mod recovery;
mod subject_keys;
mod suite;
mod torn_log;

/// Folder in memory where there is one, for tests whose disk is simulated.
fn fast_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("there is room for a test")
}
