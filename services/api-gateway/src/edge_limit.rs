//! Concurrency limit of an edge: requests beyond it are refused at once instead of queued.

use kernel::{Problem, codes};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Limit on the requests that an edge serves at the same time.
#[derive(Debug)]
pub(crate) struct EdgeLimit {
    requests_max: usize,
    in_flight: AtomicUsize,
}

/// Permit of a request in flight, released on drop.
#[derive(Debug)]
pub(crate) struct EdgePermit<'a>(&'a EdgeLimit);

impl EdgeLimit {
    /// Limit of `requests_max` requests in flight.
    pub(crate) fn new(requests_max: usize) -> Self {
        Self { requests_max, in_flight: AtomicUsize::new(0) }
    }

    /// Permit for one request, or the problem that the edge is overloaded.
    pub(crate) fn try_acquire(&self) -> Result<EdgePermit<'_>, Problem> {
        let before = self.in_flight.fetch_add(1, Ordering::Relaxed);
        // Counted first, and released at once if the limit is reached: two requests never share the last permit.
        let permit = EdgePermit(self);
        if before < self.requests_max { Ok(permit) } else { Err(overloaded()) }
    }
}

impl Drop for EdgePermit<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Problem of a request refused by a concurrency limit, here or in an upstream service.
pub(crate) fn overloaded() -> Problem {
    let title = "too many requests are in progress; try again shortly";
    Problem::new(503, codes::OVERLOADED, title).retry_after(1)
}
