//! Clock: time as an argument, so that tests and the simulation decide it.

use parking_lot::Mutex;
use std::fmt::Debug;

/// Timestamp: an instant in UTC, in text as RFC 3339 has it.
pub type Timestamp = jiff::Timestamp;

/// Source of the current time.
///
/// ```
/// use kernel::{Clock, ManualClock, Timestamp};
/// use std::time::Duration;
///
/// let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
/// clock.advance(Duration::from_secs(90));
/// assert_eq!(clock.now().to_string(), "1970-01-01T00:01:30Z");
/// ```
pub trait Clock: Debug + Send + Sync {
    /// Current time. Within one process it goes back by no more than the operating system's own corrections.
    fn now(&self) -> Timestamp;
}

/// Clock of the operating system, in microseconds. Only the binary and the benchmarks use it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where real time enters")]
    fn now(&self) -> Timestamp {
        // Microseconds are precise enough for stored times, and short to write.
        let now = jiff::Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// Clock that only moves when a test moves it. [`Clock`] has an example.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// Clock that shows `start`.
    pub fn at(start: Timestamp) -> Self {
        Self(Mutex::new(start))
    }

    /// Moves the clock forward, at most to [`Timestamp::MAX`](jiff::Timestamp::MAX).
    pub fn advance(&self, by: std::time::Duration) {
        let mut now = self.0.lock();
        *now = now.checked_add(by).unwrap_or(Timestamp::MAX);
    }

    /// Sets the clock, forward or back.
    pub fn set(&self, to: Timestamp) {
        *self.0.lock() = to;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }
}
