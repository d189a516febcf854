//! Crash-consistency tests: killed processes, and simulated power failures.
//!
//! Started with `--append FOLDER COUNT`, this program is the process that is killed. `power CUTS SEED` simulates as many power
//! failures as one likes.

mod disk_model;
mod kill;
mod power_failure;
pub(crate) mod syscall_trace;
mod workload;

use std::path::Path;
use tokio::runtime::Runtime;

/// Argument that makes this program run the workload.
const APPEND: &str = "--append";
const NAMES: [&str; 3] = [
    "a_killed_process_keeps_what_it_acknowledged",
    "a_disk_that_ignores_flushes_is_detected",
    "a_power_failure_at_any_moment_loses_nothing_acknowledged",
];

/// Runs the tests, or what the arguments say.
pub(crate) fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = Runtime::new().expect("a runtime can be created");
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [APPEND, folder, acknowledgements_max] => {
            let acknowledgements_max = acknowledgements_max.parse().expect("it is a number");
            runtime.block_on(workload::append(Path::new(folder), acknowledgements_max));
        }
        ["power", cuts, seed] => {
            let (cuts, seed) = (cuts.parse().ok(), seed.parse().ok());
            let was_possible = runtime.block_on(
                power_failure::a_power_failure_at_any_moment_loses_nothing_acknowledged(cuts, seed),
            );
            println!(
                "{}",
                if was_possible { "nothing was lost" } else { "skipped: there is no strace" }
            );
        }
        _ if arguments.iter().any(|argument| argument == "--list") => {
            for name in NAMES {
                println!("{name}: test");
            }
        }
        _ => runtime.block_on(run()),
    }
}

/// Runs all tests, and reports in the format of the standard test harness.
async fn run() {
    println!("running {} tests", NAMES.len());
    kill::a_killed_process_keeps_what_it_acknowledged().await;
    println!("test {} ... ok", NAMES[0]);
    let detected = power_failure::a_disk_that_ignores_flushes_is_detected().await;
    println!("test {} ... ok", NAMES[1]);
    let lost_nothing =
        power_failure::a_power_failure_at_any_moment_loses_nothing_acknowledged(None, None).await;
    println!("test {} ... ok", NAMES[2]);
    for (name, was_possible) in NAMES[1..].iter().zip([detected, lost_nothing]) {
        if !was_possible {
            println!(
                "---- {name} stdout ----\nskipped: there is no strace to watch the process with"
            );
        }
    }
    println!("test result: ok. {} passed; 0 failed", NAMES.len());
}
