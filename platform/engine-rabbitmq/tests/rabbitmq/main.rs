//! The bus on a real broker: conformance, and faults under load.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue should say where")]

mod broker;
mod conformance;
mod faults;
mod opening;
mod tls;
