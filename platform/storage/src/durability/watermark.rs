//! High-watermark of a log, and the queue of tasks that wait for it to rise.

use super::CommitError;
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    fmt,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

/// High-watermark of one log: everything up to this position is flushed. The engine that flushes the log owns and advances
/// it; [`Commit`](crate::Commit) handles wait for it.
///
/// ```
/// use storage::Watermark;
///
/// let watermark = Watermark::at(0);
/// watermark.advance(7);
/// watermark.advance(5);
/// assert_eq!(watermark.flushed(), 7, "it never falls");
/// ```
#[derive(Default)]
pub struct Watermark {
    flushed: AtomicU64,
    voided: AtomicBool,
    waiters: Mutex<WaitQueue>,
    on_demand: OnceLock<Box<dyn Fn(u64) + Send + Sync>>,
}

/// Queue of waiting tasks, by the position they wait for and by ticket. A flush wakes exactly the tasks whose position it
/// has reached: waking all of them would be a thundering herd of as many tasks as there are clients.
#[derive(Default)]
struct WaitQueue {
    last_ticket: u64,
    tasks: BTreeMap<(u64, u64), Waker>,
}

impl Watermark {
    /// Watermark of a log that is flushed up to `position`.
    pub fn at(position: u64) -> Arc<Self> {
        Arc::new(Self { flushed: AtomicU64::new(position), ..Self::default() })
    }

    /// Registers a callback that gets the position whenever a task begins to wait for one that is not flushed: an engine
    /// may put off a flush that nothing waits for. Only the first registration counts.
    pub fn on_demand(&self, on_demand: impl Fn(u64) + Send + Sync + 'static) {
        // A second registration would be a defect of the engine; the first one still hears every wait.
        let _ = self.on_demand.set(Box::new(on_demand));
    }

    /// Raises the watermark after a flush up to `position`, and wakes the tasks that wait for it. Never lowers it.
    pub fn advance(&self, position: u64) {
        self.flushed.fetch_max(position, Ordering::Release);
        let mut waiters = self.waiters.lock();
        let later = waiters.tasks.split_off(&(position.saturating_add(1), 0));
        let reached = std::mem::replace(&mut waiters.tasks, later);
        drop(waiters);
        reached.into_values().for_each(Waker::wake);
    }

    /// Fails the log: everything above the watermark is lost, and every wait for it ends with [`CommitError`].
    pub fn void(&self) {
        self.voided.store(true, Ordering::Release);
        let all = std::mem::take(&mut self.waiters.lock().tasks);
        all.into_values().for_each(Waker::wake);
    }

    /// Whether the log has failed.
    pub fn is_void(&self) -> bool {
        self.voided.load(Ordering::Acquire)
    }

    /// Position up to which the log is flushed.
    pub fn flushed(&self) -> u64 {
        self.flushed.load(Ordering::Acquire)
    }

    /// Waits until the log is flushed up to `position`. Cancel-safe: a dropped wait leaves the queue.
    ///
    /// # Errors
    ///
    /// [`CommitError`] when the log failed first.
    pub async fn wait_for(&self, position: u64) -> Result<(), CommitError> {
        WaitForPosition { watermark: self, position, ticket: None }.await
    }

    /// How a wait for `position` ends; `None` as long as it goes on.
    fn outcome(&self, position: u64) -> Option<Result<(), CommitError>> {
        if self.flushed() >= position {
            return Some(Ok(()));
        }
        self.is_void().then_some(Err(CommitError))
    }
}

impl fmt::Debug for Watermark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Watermark").field("flushed", &self.flushed()).finish_non_exhaustive()
    }
}

/// Future of [`Watermark::wait_for`].
struct WaitForPosition<'watermark> {
    watermark: &'watermark Watermark,
    position: u64,
    /// Ticket in the queue, from the first poll that has to wait.
    ticket: Option<u64>,
}

impl Future for WaitForPosition<'_> {
    type Output = Result<(), CommitError>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), CommitError>> {
        let watermark = self.watermark;
        if let Some(outcome) = watermark.outcome(self.position) {
            return Poll::Ready(outcome);
        }
        let mut waiters = watermark.waiters.lock();
        // Checked once more under the lock: a flush raises the watermark before it locks the queue, so no wake-up is lost.
        if let Some(outcome) = watermark.outcome(self.position) {
            return Poll::Ready(outcome);
        }
        let ticket = self.ticket.unwrap_or_else(|| {
            waiters.last_ticket += 1;
            waiters.last_ticket
        });
        waiters.tasks.insert((self.position, ticket), task.waker().clone());
        drop(waiters);
        if self.ticket.replace(ticket).is_none()
            && let Some(on_demand) = watermark.on_demand.get()
        {
            on_demand(self.position);
        }
        Poll::Pending
    }
}

impl Drop for WaitForPosition<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.watermark.waiters.lock().tasks.remove(&(self.position, ticket));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::atomic::AtomicUsize,
        task::{Wake, Waker},
    };

    #[derive(Default)]
    struct CountingWaker(AtomicUsize);

    impl Wake for CountingWaker {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_flush_wakes_exactly_the_tasks_whose_position_it_reached() {
        let watermark = Watermark::at(0);
        let woken: Vec<Arc<CountingWaker>> = (0..3).map(|_| Arc::default()).collect();
        let mut waiting: Vec<_> =
            (1..=3).map(|position| Box::pin(watermark.wait_for(position))).collect();
        let mut poll = |index: usize| {
            let waker = Waker::from(Arc::clone(&woken[index]));
            waiting[index].as_mut().poll(&mut Context::from_waker(&waker))
        };
        assert!((0..3).all(|index| poll(index).is_pending()));
        watermark.advance(2);
        let counts: Vec<_> = woken.iter().map(|woken| woken.0.load(Ordering::Relaxed)).collect();
        assert_eq!(counts, [1, 1, 0]);
        assert!(poll(0).is_ready() && poll(1).is_ready() && poll(2).is_pending());
        watermark.void();
        assert_eq!(poll(2), Poll::Ready(Err(CommitError)));
    }

    #[test]
    fn a_dropped_wait_leaves_the_queue() {
        let watermark = Watermark::at(0);
        for _ in 0..100 {
            let mut waiting = Box::pin(watermark.wait_for(1));
            assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert!(watermark.waiters.lock().tasks.is_empty());
    }

    #[test]
    fn each_wait_that_has_to_wait_is_reported_once() {
        let watermark = Watermark::at(5);
        let demanded = Arc::new(AtomicU64::new(0));
        let sum = Arc::clone(&demanded);
        watermark.on_demand(move |position| {
            sum.fetch_add(position, Ordering::Relaxed);
        });
        let mut task = Context::from_waker(Waker::noop());
        assert!(Box::pin(watermark.wait_for(5)).as_mut().poll(&mut task).is_ready());
        let mut later = Box::pin(watermark.wait_for(7));
        assert!(later.as_mut().poll(&mut task).is_pending());
        assert!(later.as_mut().poll(&mut task).is_pending());
        assert_eq!(demanded.load(Ordering::Relaxed), 7);
    }
}
