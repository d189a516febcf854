//! Seeded run for a given time, with progress on the terminal.

use fuzz_targets::{Failure, SeededRun};
use std::time::{Duration, Instant};

/// Time between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(10);

/// Runs a target for this time, at least once, with a line of progress now and then.
pub(crate) fn run(mut run: SeededRun<'_>, time: Duration) -> Result<(), Failure> {
    run.corpus()?;
    let (begun, first_seed) = (now(), run.next_seed());
    let mut reported = Duration::ZERO;
    let mut slowest = (Duration::ZERO, first_seed);
    loop {
        let (before, seed) = (now(), run.next_seed());
        run.step()?;
        slowest = slowest.max((before.elapsed(), seed));
        let elapsed = begun.elapsed();
        let is_over = elapsed >= time;
        if is_over || elapsed >= reported + PROGRESS {
            reported = elapsed;
            let inputs = run.next_seed().wrapping_sub(first_seed);
            let (seconds, milliseconds, slowest) =
                (elapsed.as_secs(), slowest.0.as_millis(), slowest.1);
            println!(
                "{}: {inputs} inputs from --seed {first_seed} in {seconds} s; the slowest took {milliseconds} ms (--seed {slowest})",
                run.target().name
            );
        }
        if is_over {
            return Ok(());
        }
    }
}

/// The current instant, for measuring durations.
#[expect(
    clippy::disallowed_methods,
    reason = "a tool at a terminal measures real time; no target depends on it"
)]
fn now() -> Instant {
    Instant::now()
}
