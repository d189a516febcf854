//! The engine on real brokers: those that the environment names (`cargo xtask test` finds or installs them).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod conformance;
mod faults;
mod network_partition;
#[cfg(feature = "tls")]
mod tls;
mod topics;
