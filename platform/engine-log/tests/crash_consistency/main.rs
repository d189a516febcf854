//! Crash-consistency tests: killed processes, and simulated power failures.

mod engine;
mod suite;

fn main() {
    suite::main();
}
