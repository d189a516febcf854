//! Behaviour of the shopping cart service through its public API and its contract, on the in-memory engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod carts;
mod contract;
mod errors;
mod expiry;
mod harness;
mod keys;
mod merges;
mod notices;
mod quotes;
mod refusals;
mod skus;
mod stored_format;
mod wish_lists;
