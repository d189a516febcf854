//! Storage engine on PostgreSQL: the journal, documents and values of each service in a schema of its own.
//!
//! **Order.** A batch of writes is one transaction. It begins by taking positions from a counter row, whose lock it holds until the
//! commit: positions are committed in their order, by however many processes, and a reader that has seen one has seen all before it.
//!
//! **Group commit.** The writes of a service in one process go through one writer, which sends everything that is waiting as
//! one transaction in one network round trip. A call returns when its transaction is committed, so that its
//! [`Commit`](storage::Commit) is durable already.
//!
//! **Decisions are the database's.** Whether an append has the version that it expects is decided by the statement that stores it,
//! after the lock was taken: no cache of versions can be wrong.
//!
//! The suites of the [`journal`] and [`storage`] crates run against a real server.

#![warn(missing_docs)]

mod batch;
mod connection;
mod documents;
mod engine;
mod error;
mod failure;
mod fence;
mod group_commit;
mod hints;
mod history;
mod journal;
mod key_value;
mod lease;
mod migrations;
mod occupants;
mod options;
mod pipeline;
mod probe;
mod readers;
mod recent_events;
mod rounds;
mod sequencing;
mod statements;
mod transfer;
mod writer;
mod writer_statistics;

pub use engine::{BlobStores, PostgresEngine};
pub use error::DatabaseError;
pub use failure::EngineFailure;
pub use lease::PostgresLease;
pub use migrations::{ChangeSet, Migration, check_rights, migrate, pending};
pub use options::{PostgresOptions, UrlError};
pub use transfer::{
    DatabaseExport, DatabaseImport, ImportError, ImportPlace, RecordKind, StoredCursor,
};
pub use writer_statistics::{LATENCY_BUCKETS, WriterStatistics};
