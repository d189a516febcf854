//! What every service gets from this crate, seen from outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod documents;
mod keys;
mod listener;
mod refusals;
mod request_layer;
mod things;
