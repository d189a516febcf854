//! Storage in memory that keeps every promise of a disk but one: a stop of the process loses it.
//!
//! Tests and the simulation run on it. Flushes can be held back, and a crash be had at will, so that what depends
//! on durability is tested without a disk and without waiting.

#![warn(missing_docs)]

mod documents;
mod engine;
mod events;
mod journal;
mod key_value;
mod log;

pub use engine::{Disk, MemoryEngine};
