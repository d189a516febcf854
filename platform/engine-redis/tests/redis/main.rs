//! The engine on real servers: conformance to the ports, a cluster, TLS, faults.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue should say where")]

mod bus;
mod cluster;
mod conformance;
mod faults;
mod opening;
mod server;
mod tls;
