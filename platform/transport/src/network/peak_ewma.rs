//! Peak-EWMA load of an endpoint: an exponentially weighted moving average of its latency that follows peaks at once and
//! decays slowly, times the number of pending requests (as in Finagle and tower).

use parking_lot::Mutex;
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::time::Instant;

/// Initial latency of an endpoint: low, so that new endpoints are tried.
const LATENCY_ASSUMED: Duration = Duration::from_millis(1);

/// Peak-EWMA load of one endpoint.
#[derive(Debug)]
pub(super) struct PeakEwma {
    memory: Duration,
    latency: Mutex<Latency>,
    pending: AtomicU32,
}

#[derive(Debug)]
struct Latency {
    seconds: f64,
    at: Instant,
}

impl PeakEwma {
    pub(super) fn new(memory: Duration) -> Self {
        let latency = Latency { seconds: LATENCY_ASSUMED.as_secs_f64(), at: Instant::now() };
        Self { memory, latency: Mutex::new(latency), pending: AtomicU32::new(0) }
    }

    /// Counts a request as pending.
    pub(super) fn sent(&self) {
        self.pending.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a pending request as ended.
    pub(super) fn ended(&self) {
        self.pending.fetch_sub(1, Ordering::Relaxed);
    }

    /// Adds a latency to the average.
    pub(super) fn observe(&self, took: Duration) {
        let mut latency = self.latency.lock();
        let took = took.as_secs_f64();
        let weight = self.weight(&latency);
        // A peak counts at once; an improvement only gradually.
        let smoothed = latency.seconds * weight + took * (1.0 - weight);
        latency.seconds = smoothed.max(took);
        latency.at = Instant::now();
    }

    /// The load: expected latency of one more request, in seconds.
    pub(super) fn value(&self) -> f64 {
        let latency = self.latency.lock();
        // Old latencies decay, so that an endpoint which was slow once is tried again.
        let floor = LATENCY_ASSUMED.as_secs_f64();
        let faded = floor + (latency.seconds - floor).max(0.0) * self.weight(&latency);
        faded * f64::from(self.pending.load(Ordering::Relaxed).saturating_add(1))
    }

    /// Weight of the old average: e to the power of minus its age over the time constant.
    fn weight(&self, latency: &Latency) -> f64 {
        let age = latency.at.elapsed().as_secs_f64();
        (-age / self.memory.as_secs_f64().max(f64::MIN_POSITIVE)).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn load() -> PeakEwma {
        PeakEwma::new(Duration::from_secs(10))
    }

    #[tokio::test(start_paused = true)]
    async fn a_peak_counts_at_once_and_fades_slowly() {
        let (slow, quick) = (load(), load());
        slow.observe(Duration::from_secs(1));
        quick.observe(Duration::from_millis(2));
        assert!(slow.value() > quick.value() * 100.0);
        slow.observe(Duration::from_millis(2));
        assert!(slow.value() > quick.value() * 100.0, "one quick answer proves nothing");
        for _ in 0..60 {
            advance(Duration::from_secs(1)).await;
            slow.observe(Duration::from_millis(2));
        }
        assert!(slow.value() < 0.01);
    }

    #[tokio::test(start_paused = true)]
    async fn an_endpoint_that_is_not_asked_becomes_worth_trying_again() {
        let slow = load();
        slow.observe(Duration::from_secs(5));
        let before = slow.value();
        advance(Duration::from_mins(1)).await;
        assert!(slow.value() < before / 100.0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_under_way_counts() {
        let (busy, idle) = (load(), load());
        busy.sent();
        assert!(busy.value() > idle.value());
        busy.ended();
        assert!((busy.value() - idle.value()).abs() < f64::EPSILON);
    }
}
