//! Waiting for what another process does, for a limited time.

use std::time::{Duration, Instant};

/// Time limit of every wait.
const WAIT_SECONDS_MAX: u64 = 60;
/// Interval between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(15);

/// Looks until there is a result.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut result: impl FnMut() -> Option<T>) -> T {
    let deadline = now() + Duration::from_secs(WAIT_SECONDS_MAX);
    loop {
        if let Some(result) = result() {
            return result;
        }
        assert!(now() < deadline, "timed out waiting for {what}");
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "files tell nobody when they change")]
fn pause() {
    std::thread::sleep(LOOK_AGAIN);
}

#[expect(
    clippy::disallowed_methods,
    reason = "a shop takes real time, and a test must not wait for ever"
)]
fn now() -> Instant {
    Instant::now()
}
