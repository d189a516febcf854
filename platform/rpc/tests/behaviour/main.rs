//! Behaviour of contracts, typed and over the wire.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod bank;
mod conformance;
mod guard;
