//! Behaviour of the product service through its HTTP routes, on the in-memory engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod activities;
mod commands;
mod contract;
mod harness;
mod importing;
mod pictures;
mod problems;
mod queries;
mod restart;
mod variants;
