//! What a feed and its consumers promise, on the engine in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod delivery;
mod failure;
mod feed;
mod parking;
mod source;
