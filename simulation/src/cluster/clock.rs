//! Clock of a simulated process: simulated time plus the skew of this process.

use kernel::{Clock, Timestamp};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// Second at which simulated time begins in every run: 2 March 2026, 08:00 UTC.
const EPOCH_SECONDS: i64 = 1_772_438_400;

/// Clock that follows simulated time.
#[derive(Clone, Debug)]
pub(crate) struct SimulatedClock {
    started: Instant,
    skew_ms: Arc<AtomicU64>,
}

impl SimulatedClock {
    /// Clock that is ahead by its skew.
    pub(crate) fn new(started: Instant, skew_ms: u64) -> Self {
        Self { started, skew_ms: Arc::new(skew_ms.into()) }
    }

    /// Jumps forward, as after the machine was suspended.
    pub(crate) fn jump(&self, millis: u64) {
        self.skew_ms.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        let passed =
            self.started.elapsed() + Duration::from_millis(self.skew_ms.load(Ordering::Relaxed));
        let micros = i64::try_from(passed.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_microsecond(EPOCH_SECONDS * 1_000_000 + micros).unwrap_or(Timestamp::MAX)
    }
}
