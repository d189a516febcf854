//! Storage engine in one file: all services of a process share one `SQLite` database, one writer and one stream of flushes
//! (group commit).
//!
//! **Group commit.** A write is decided in memory, takes its position in the log and is answered at once. The writer thread
//! commits whatever is queued with one flush, and begins the next flush the moment the previous one returns: a lone caller
//! waits for one flush, and many callers share one.
//!
//! **Log first, tables later.** A batch is committed as one row of a table named `log`. The writer applies batches to the
//! tables of the services a little later, many in one transaction, so that a page that twenty batches change is written
//! once. Until then a memtable serves the reads of what is flushed and not applied, as in an LSM tree; after a crash,
//! recovery applies the log before anything else (redo). ADR 6 has the figures.
//!
//! **Checkpoints.** `SQLite` itself writes to a write-ahead log (WAL); a thread of its own copies it into the database file.
//!
//! The order of modules follows a write: `journal`, `documents` and `key_value` (ports), `open_log` and `log` (queue and
//! order), `writer` (flush), `log_record` (encoding), `table_writer` (apply), `checkpointer`.

#![warn(missing_docs)]

mod append_row;
mod backlog;
mod bulk_store;
mod checkpointer;
mod document_index;
mod documents;
mod engine;
mod folder_state;
mod index_scan;
mod journal;
mod key_value;
mod log;
mod log_record;
mod open;
mod open_log;
mod options;
mod reader_pool;
mod recent_appends;
mod recovery;
mod schema;
mod service;
mod service_state;
mod sql_value;
mod table_writer;
mod write_operation;
mod writer;

pub use bulk_store::BulkStore;
pub use data_folder::{Log2Histogram, OpenError, Statistics};
pub use document_index::{DocumentIndex, IndexedBody, IndexedDocuments, IndexedWrite};
pub use engine::SqliteEngine;
pub use options::Options;
