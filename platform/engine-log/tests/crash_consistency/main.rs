//! Crash-consistency tests: killed processes, and simulated power failures.

mod engine;
#[path = "../../../data-folder/tests/crash_consistency/suite.rs"]
mod suite;

fn main() {
    suite::main();
}
