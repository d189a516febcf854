//! Saga tests: a small saga under every fault, and what callers, operators and restarts see of it.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

mod dinner;
mod matrix;
mod runner;
