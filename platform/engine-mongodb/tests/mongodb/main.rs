//! Tests of the engine on a real server of MongoDB's protocol.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue should say where")]

mod conformance;
mod faults;
mod lost_data;
mod opening;
mod tls;
