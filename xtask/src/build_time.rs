//! `cargo xtask build-time`: CPU time of the first build, as a newcomer's `cargo run --release` needs it.

use crate::Outcome;
use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

/// CPU time of a build from scratch that the README states as the upper limit, in seconds.
const GOAL_SECONDS: u64 = 9 * 60;
/// Unit of the CPU times in `/proc`: Linux reports them to programs in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

/// Builds the program for release into a new folder and prints the CPU time; it never fails because of the time.
pub(crate) fn run(root: &Path) -> Outcome<bool> {
    let folder = root.join("target/build-time");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let before = cpu_of_children()?;
    let started_at = now();
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--package", "icommerce", "--timings", "--target-dir"])
        .arg(&folder);
    let built = cargo.current_dir(root).env("CARGO_INCREMENTAL", "0").status()?.success();
    let (cpu, took) = (cpu_of_children()?.saturating_sub(before), started_at.elapsed());
    if built {
        let bytes = std::fs::metadata(folder.join("release/icommerce"))?.len();
        println!(
            "build from scratch: {} s of CPU time (goal: at most {GOAL_SECONDS}), {} s elapsed; the program has {} MB",
            cpu.as_secs(),
            took.as_secs(),
            bytes / 1_000_000
        );
        println!("what it went to: {}", folder.join("cargo-timings/cargo-timing.html").display());
    }
    Ok(built)
}

/// User and system time of all child processes that have ended.
fn cpu_of_children() -> Outcome<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The second field, a name in parentheses, may contain spaces; cutime and cstime are the 16th and the 17th.
    let fields = stat.rsplit_once(')').ok_or("/proc/self/stat has another form")?.1;
    let ticks = fields.split_whitespace().skip(13).take(2).map(str::parse::<f64>);
    let ticks = ticks.sum::<Result<f64, _>>()?;
    Ok(Duration::from_secs_f64(ticks / TICKS_PER_SECOND))
}

#[expect(clippy::disallowed_methods, reason = "a build is measured by the real clock")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_time_of_a_child_is_counted_once_it_has_ended() {
        let before = cpu_of_children().unwrap();
        let mut busy = Command::new("sh");
        busy.args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]);
        assert!(busy.status().unwrap().success());
        assert!(cpu_of_children().unwrap() > before);
    }
}
