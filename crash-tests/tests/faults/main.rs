//! Short fault-injection runs against the real server; `cargo xtask crash` runs long ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod disks;
mod engines;
mod failover;
mod fleet;
mod kill;
mod lost_writes;
mod pause;

use crash_tests::{Program, RunOptions};

/// The server program, as `cargo xtask test` passes it on.
#[expect(
    clippy::disallowed_methods,
    reason = "the test runner passes paths through the environment, and no settings are involved"
)]
fn program() -> Program {
    let binary = std::env::var_os("TEST_PRODUCT")
        .expect("TEST_PRODUCT is not set: run `cargo xtask test --only crash-tests`");
    Program::new(binary.into())
}

/// Options with few customers, because several shops share the machine.
fn options(faults: u64) -> RunOptions {
    RunOptions { faults, seed: 7, customers: 10, quiesce_every: 15, orders: 0 }
}
