//! Hard times for the engine: processes that are killed, and disks that lose their power.
//!
//! Started again with a folder's name, this program is the process that gets killed. `power CUTS SEED` cuts the power
//! as often as one likes.

mod disk;
mod kill;
mod power;
mod trace;
mod victim;

use std::path::Path;
use tokio::runtime::Runtime;

/// How this program is told to be the victim.
const APPEND: &str = "--append";
const NAMES: [&str; 3] = [
    "a_killed_process_keeps_what_it_acknowledged",
    "a_disk_that_lies_about_flushing_is_found_out",
    "the_power_may_fail_at_any_moment",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = Runtime::new().expect("a runtime can be made");
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [APPEND, folder, sayings_max] => {
            let sayings_max = sayings_max.parse().expect("it is a number");
            runtime.block_on(victim::append(Path::new(folder), sayings_max));
        }
        ["power", cuts, seed] => {
            let (cuts, seed) = (cuts.parse().ok(), seed.parse().ok());
            let could = runtime.block_on(power::the_power_may_fail_at_any_moment(cuts, seed));
            println!("{}", if could { "nothing was lost" } else { "skipped: there is no strace" });
        }
        _ if arguments.iter().any(|argument| argument == "--list") => {
            for name in NAMES {
                println!("{name}: test");
            }
        }
        _ => runtime.block_on(run()),
    }
}

/// Runs all tests, and says so as the usual test programs do.
async fn run() {
    println!("running {} tests", NAMES.len());
    kill::a_killed_process_keeps_what_it_acknowledged().await;
    println!("test {} ... ok", NAMES[0]);
    let found_out = power::a_disk_that_lies_about_flushing_is_found_out().await;
    println!("test {} ... ok", NAMES[1]);
    let survived = power::the_power_may_fail_at_any_moment(None, None).await;
    println!("test {} ... ok", NAMES[2]);
    for (name, could) in NAMES[1..].iter().zip([found_out, survived]) {
        if !could {
            println!(
                "---- {name} stdout ----\nskipped: there is no strace to watch the process with"
            );
        }
    }
    println!("test result: ok. {} passed; 0 failed", NAMES.len());
}
