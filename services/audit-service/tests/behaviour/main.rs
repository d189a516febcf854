//! What the audit service promises, over HTTP and on the engine in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod feeds;
mod lookup;
mod recording;
mod retention;
mod shop;
