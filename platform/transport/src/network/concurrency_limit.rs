//! Concurrency limit (bulkhead) of the calls to one service, with a bounded queue.

use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Limit on concurrent requests, with a bounded queue; beyond it requests are refused at once (load shedding).
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

    /// A permit, possibly after waiting in the queue; `None` at once if the queue is full.
    pub(super) async fn acquire(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(permit) = self.running.try_acquire() {
            return Some(permit);
        }
        let _waiting = Waiting::begin(self)?;
        Some(self.running.acquire().await.expect("the semaphore is never closed"))
    }
}

/// Place in the queue, given back when it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(limit: &'a ConcurrencyLimit) -> Option<Self> {
        let waiting = Self(&limit.waiting);
        let before = waiting.0.fetch_add(1, Ordering::Relaxed);
        // Beyond the limit: dropping `waiting` decrements the counter again.
        (before < limit.waiting_max).then_some(waiting)
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
    async fn some_run_some_queue_and_the_rest_is_refused_at_once() {
        let limit = ConcurrencyLimit::new(1, 1);
        let first = limit.acquire().await;
        let mut second = Box::pin(limit.acquire());
        assert!(first.is_some() && poll!(&mut second).is_pending());
        assert!(limit.acquire().await.is_none());
        drop(first);
        assert!(second.await.is_some());
    }

    #[tokio::test]
    async fn a_cancelled_request_leaves_the_queue() {
        let limit = ConcurrencyLimit::new(1, 1);
        let _first = limit.acquire().await;
        for _ in 0..3 {
            let mut waiting = Box::pin(limit.acquire());
            assert!(poll!(&mut waiting).is_pending());
            assert!(limit.acquire().await.is_none());
        }
    }
}
