//! How loaded an endpoint is: its latency, quick to believe bad news and slow to forget them, times what is under
//! way (the peak-EWMA of Finagle).

use parking_lot::Mutex;
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::time::Instant;

/// What an endpoint is assumed to take before it was asked: little, so that new ones are tried.
const LATENCY_ASSUMED: Duration = Duration::from_millis(1);

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

    /// A request was sent.
    pub(super) fn sent(&self) {
        self.pending.fetch_add(1, Ordering::Relaxed);
    }

    /// A request ended, however it ended.
    pub(super) fn ended(&self) {
        self.pending.fetch_sub(1, Ordering::Relaxed);
    }

    /// An answer took so long.
    pub(super) fn observe(&self, took: Duration) {
        let mut latency = self.latency.lock();
        let took = took.as_secs_f64();
        let weight = self.weight(&latency);
        // A peak counts at once; getting better has to prove itself.
        let smoothed = latency.seconds * weight + took * (1.0 - weight);
        latency.seconds = smoothed.max(took);
        latency.at = Instant::now();
    }

    /// The expected wait of one request more.
    pub(super) fn value(&self) -> f64 {
        let latency = self.latency.lock();
        // What is old fades, so that an endpoint which was slow once is tried again.
        let floor = LATENCY_ASSUMED.as_secs_f64();
        let faded = floor + (latency.seconds - floor).max(0.0) * self.weight(&latency);
        faded * f64::from(self.pending.load(Ordering::Relaxed).saturating_add(1))
    }

    /// How much of what was known then is still believed.
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
