//! The engine on a real server: conformance to the ports, migrations, faults.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue should say where")]

mod conformance;
mod failover;
mod faults;
mod fencing;
mod leases;
mod migrations;
mod processes;
mod server;
mod tls;
mod unanswered;
mod without_notify;
