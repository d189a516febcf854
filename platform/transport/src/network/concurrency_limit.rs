//! How many requests are under way, and how many wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Lets some in, some wait, and turns the rest away at once.
#[derive(Debug)]
pub(super) struct ConcurrencyLimit {
    running: Semaphore,
    waiting: AtomicUsize,
    waiting_max: usize,
}

impl ConcurrencyLimit {
    pub(super) fn new(running_max: usize, waiting_max: usize) -> Self {
        let running = Semaphore::new(running_max);
        Self { running, waiting: AtomicUsize::new(0), waiting_max }
    }

    /// A place, after some waiting perhaps; `None` at once if too many are waiting.
    pub(super) async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(place) = self.running.try_acquire() {
            return Some(place);
        }
        let _waiting = Waiting::begin(self)?;
        self.running.acquire().await.ok()
    }
}

/// One who waits, until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(admission: &'a ConcurrencyLimit) -> Option<Self> {
        let waiting = Self(&admission.waiting);
        let before = waiting.0.fetch_add(1, Ordering::Relaxed);
        // Too many: dropping `waiting` takes this one off again.
        (before < admission.waiting_max).then_some(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::poll;

    #[tokio::test]
    async fn some_enter_some_wait_and_the_rest_is_turned_away_at_once() {
        let admission = ConcurrencyLimit::new(1, 1);
        let first = admission.enter().await;
        let mut second = Box::pin(admission.enter());
        assert!(first.is_some() && poll!(&mut second).is_pending());
        assert!(admission.enter().await.is_none());
        drop(first);
        assert!(second.await.is_some());
    }

    #[tokio::test]
    async fn who_stops_waiting_makes_room() {
        let admission = ConcurrencyLimit::new(1, 1);
        let _first = admission.enter().await;
        for _ in 0..3 {
            let mut waiting = Box::pin(admission.enter());
            assert!(poll!(&mut waiting).is_pending());
            assert!(admission.enter().await.is_none());
        }
    }
}
