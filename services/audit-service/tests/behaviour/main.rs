//! Behaviour of the audit service over HTTP, on the in-memory engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue should fail")]

mod feeds;
mod fixture;
mod lookup;
mod recording;
mod retention;
