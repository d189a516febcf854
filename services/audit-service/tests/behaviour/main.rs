//! Behaviour of the audit service through its contract, its feeds and its router, on the in-memory engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue should fail")]

mod contract;
mod feeds;
mod fixture;
mod flood;
mod lookup;
mod recording;
mod retention;
