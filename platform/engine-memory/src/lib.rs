//! Storage engine in memory for tests: it keeps every promise of an engine with a disk, except that the data
//! do not survive the process.
//!
//! Flushes can be held back and crashes injected at will ([`MemoryEngine`]), so that code that depends on durability is
//! tested without a disk and without waiting.

#![warn(missing_docs)]

mod blobs;
mod collections;
mod documents;
mod engine;
mod events;
mod journal;
mod key_value;
mod lease;
mod log;
mod values;

pub use collections::CollectionDocuments;
pub use engine::MemoryEngine;
pub use lease::MemoryLease;
