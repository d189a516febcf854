//! Conformance tests: loopback and network transports behave alike.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod behaviours;
mod echo_service;
mod mutual_tls;
mod sockets;
