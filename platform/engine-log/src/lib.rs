//! Storage engine on an append-only log: all services of a process share one log, one writer and one stream of flushes (group
//! commit).
//!
//! **Log.** A write is decided in memory, takes its position and its location in the log, and is answered at once. The writer
//! thread writes whatever is queued as frames, with one flush. The log is a sequence of segments; what it says is never
//! changed. ADR 13 has the figures.
//!
//! **Compaction.** Full segments are written again without what nobody can ask for any more. Locations stay, and so does what
//! every read answers.
//!
//! **Index.** What a record is found by (stream and version, position, key, expiry) is a set of sorted entries that say where it
//! is: in memory for the newest segments, in files called runs for those before, which are merged as in an LSM tree. Whoever
//! follows an entry compares the record, so that a hash is never an identity.
//!
//! **Documents** go through the log as well. A thread of its own brings the last write of each into a database beside the log,
//! which serves the queries and is made again from the log when it is missing or behind.
//!
//! **Bulk data**, which may lag, has a log of its own, so that it never delays the services.
//!
//! The order of modules follows a write: `journal`, `key_value` and `documents` (ports), `record` (encoding), `log` (queue, order
//! and search), `writer` (flush), `frame` and `segments` (files), `background` (documents, runs), `compaction`,
//! `recovery`, `migration` (of former data folders), `plaintext` (of former personal data), `backup`, `stored_folder` and `folder_writer` (moves to another
//! engine and back); `simulated` is the engine without threads and files.

#![warn(missing_docs)]

mod background;
mod backup;
mod compaction;
mod disk;
mod documents;
mod engine;
mod folder_state;
mod folder_writer;
mod frame;
mod index;
mod journal;
mod key_file;
mod key_value;
mod log;
mod lookup;
mod migration;
mod open_log;
mod options;
mod plaintext;
mod record;
mod recovery;
mod run;
mod segment_file;
mod segment_writer;
mod segments;
mod service;
mod simulated;
mod stored_folder;
mod work_signal;
mod writer;

pub use compaction::Compaction;
pub use data_folder::{BACKUPS, FolderLock, Log2Histogram, OpenError, Statistics, lock};
pub use disk::{DiskFile, FileSystem};
pub use engine::LogEngine;
pub use folder_writer::FolderWriter;
pub use key_file::{KEY_FILE, forget_keys, key_file};
pub use options::{LogOptions, PlaintextReaders};
pub use simulated::{LogFeatures, RecentRecords, SimulatedParts, SimulatedWorker, WorkerRole};
pub use stored_folder::{RecordPlace, StoredFolder};
