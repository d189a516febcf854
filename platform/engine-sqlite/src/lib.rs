//! Storage in one file: all services of a process share one `SQLite` database, one writer and one stream of flushes.
//!
//! A write is decided in memory and answered at once; the writer thread commits whatever is queued, and the moment
//! one flush returns it begins the next. So a lone caller waits for one flush, and many callers share one.

#![warn(missing_docs)]

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
mod reserve;
mod schema;
mod service;
mod statistics;
mod writer;

pub use engine::Engine;
pub use open::OpenError;
pub use options::Options;
pub use statistics::{Histogram, Statistics};
