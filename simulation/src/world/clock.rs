//! The clock of a simulated process: the simulated time since the beginning, and how far it is wrong.

use kernel::{Clock, Timestamp};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// When every simulation begins: the second of 2 March 2026, 08:00 UTC.
const MORNING: i64 = 1_772_438_400;

/// A clock that follows the simulated time.
#[derive(Clone, Debug)]
pub(crate) struct SimulatedClock {
    began: Instant,
    ahead_ms: Arc<AtomicU64>,
}

impl SimulatedClock {
    /// A clock that is ahead by so much.
    pub(crate) fn new(began: Instant, ahead_ms: u64) -> Self {
        Self { began, ahead_ms: Arc::new(ahead_ms.into()) }
    }

    /// Jumps forward, as after a machine was asleep.
    pub(crate) fn jump(&self, millis: u64) {
        self.ahead_ms.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        let passed =
            self.began.elapsed() + Duration::from_millis(self.ahead_ms.load(Ordering::Relaxed));
        let micros = i64::try_from(passed.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_microsecond(MORNING * 1_000_000 + micros).unwrap_or(Timestamp::MAX)
    }
}
