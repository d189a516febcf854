//! Storage in one file: all services of a process share one `SQLite` database, one writer and one stream of flushes.
//!
//! A write is decided in memory and answered at once; the writer thread commits whatever is queued, and the moment
//! one flush returns it begins the next. So a lone caller waits for one flush, and many callers share one.
//!
//! What is committed first is the batch as it is, one row of the log. The tables get it a little later, many batches
//! in one transaction: a page that twenty batches change is written once and not twenty times. Until then reads find
//! it in memory; after a crash it is brought from the log into the tables before anything else.

#![warn(missing_docs)]

mod apply;
mod backlog;
mod checkpoint;
mod documents;
mod encoding;
mod engine;
mod folder;
mod journal;
mod key_value;
mod log;
mod open;
mod operation;
mod options;
mod query;
mod readers;
mod recent;
mod record;
mod recovery;
mod reserve;
mod schema;
mod service;
mod statistics;
mod writer;

pub use engine::SqliteEngine;
pub use open::OpenError;
pub use options::Options;
pub use statistics::{Histogram, Statistics};
