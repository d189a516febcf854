//! Hard times for the real shop, in small portions; `cargo xtask crash` gives it large ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod disks;
mod forgetful;
mod kill;
mod pause;

use crash_tests::{Program, Terms};

/// The shop's program, as `cargo xtask test` hands it over.
#[expect(
    clippy::disallowed_methods,
    reason = "the runner of the tests speaks through the environment, and no settings are involved"
)]
fn program() -> Program {
    let binary = std::env::var_os("TEST_PRODUCT")
        .expect("TEST_PRODUCT is not set: run `cargo xtask test --only crash-tests`");
    Program::new(binary.into())
}

/// Few customers: several shops share the machine.
fn terms(times: u64) -> Terms {
    Terms { times, seed: 7, customers: 10, rest_every: 15, orders: 0 }
}
