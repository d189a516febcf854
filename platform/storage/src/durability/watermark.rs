//! How far a log is flushed, and who waits for it to get further.

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

/// How far one log is flushed. Owned by the engine that flushes it.
#[derive(Default)]
pub struct Watermark {
    flushed: AtomicU64,
    voided: AtomicBool,
    waiting: Mutex<Waiting>,
    demand: OnceLock<Box<dyn Fn(u64) + Send + Sync>>,
}

/// Those who wait, by the position they wait for and the order in which they came. A flush wakes those whose position it
/// has reached, and nobody else: with a hundred clients it would be a hundred tasks each time.
#[derive(Default)]
struct Waiting {
    came: u64,
    tasks: BTreeMap<(u64, u64), Waker>,
}

impl Watermark {
    /// A log that is flushed up to `position`.
    pub fn at(position: u64) -> Arc<Self> {
        Arc::new(Self { flushed: AtomicU64::new(position), ..Self::default() })
    }

    /// From here on `demand` is called, with the position, whenever somebody begins to wait for one that is not flushed:
    /// an engine need not flush what nobody waits for. Only the first call counts.
    pub fn on_demand(&self, demand: impl Fn(u64) + Send + Sync + 'static) {
        // A second owner of the log would be a mistake of the engine, and its demands are heard by the first.
        let _ = self.demand.set(Box::new(demand));
    }

    /// Everything up to `position` is on the disk.
    pub fn advance(&self, position: u64) {
        self.flushed.fetch_max(position, Ordering::Release);
        let mut waiting = self.waiting.lock();
        let later = waiting.tasks.split_off(&(position.saturating_add(1), 0));
        let reached = std::mem::replace(&mut waiting.tasks, later);
        drop(waiting);
        reached.into_values().for_each(Waker::wake);
    }

    /// The log failed: whatever is not flushed is lost.
    pub fn void(&self) {
        self.voided.store(true, Ordering::Release);
        let all = std::mem::take(&mut self.waiting.lock().tasks);
        all.into_values().for_each(Waker::wake);
    }

    /// How far the log is flushed.
    pub fn flushed(&self) -> u64 {
        self.flushed.load(Ordering::Acquire)
    }

    /// Waits until the log is flushed up to `position`.
    pub async fn wait_for(&self, position: u64) -> Result<(), CommitError> {
        Reaching { tail: self, position, came: None }.await
    }

    /// Whether there is nothing to wait for any more, and why.
    fn outcome(&self, position: u64) -> Option<Result<(), CommitError>> {
        if self.flushed() >= position {
            return Some(Ok(()));
        }
        self.voided.load(Ordering::Acquire).then_some(Err(CommitError))
    }
}

impl fmt::Debug for Watermark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Watermark").field("flushed", &self.flushed()).finish_non_exhaustive()
    }
}

/// Somebody who waits.
struct Reaching<'tail> {
    tail: &'tail Watermark,
    position: u64,
    /// As which it came, once it waits.
    came: Option<u64>,
}

impl Future for Reaching<'_> {
    type Output = Result<(), CommitError>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), CommitError>> {
        let tail = self.tail;
        if let Some(outcome) = tail.outcome(self.position) {
            return Poll::Ready(outcome);
        }
        let mut waiting = tail.waiting.lock();
        // Once more under the lock: whoever flushes takes it after having said so, and then sees who waits.
        if let Some(outcome) = tail.outcome(self.position) {
            return Poll::Ready(outcome);
        }
        let came = self.came.unwrap_or_else(|| {
            waiting.came += 1;
            waiting.came
        });
        waiting.tasks.insert((self.position, came), task.waker().clone());
        drop(waiting);
        if self.came.replace(came).is_none()
            && let Some(demand) = tail.demand.get()
        {
            demand(self.position);
        }
        Poll::Pending
    }
}

impl Drop for Reaching<'_> {
    fn drop(&mut self) {
        if let Some(came) = self.came {
            self.tail.waiting.lock().tasks.remove(&(self.position, came));
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
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_flush_wakes_those_whose_position_it_has_reached_and_nobody_else() {
        let tail = Watermark::at(0);
        let woken: Vec<Arc<Woken>> = (0..3).map(|_| Arc::default()).collect();
        let mut waiting: Vec<_> =
            (1..=3).map(|position| Box::pin(tail.wait_for(position))).collect();
        let mut poll = |index: usize| {
            let waker = Waker::from(Arc::clone(&woken[index]));
            waiting[index].as_mut().poll(&mut Context::from_waker(&waker))
        };
        assert!((0..3).all(|index| poll(index).is_pending()));
        tail.advance(2);
        let counts: Vec<_> = woken.iter().map(|woken| woken.0.load(Ordering::Relaxed)).collect();
        assert_eq!(counts, [1, 1, 0]);
        assert!(poll(0).is_ready() && poll(1).is_ready() && poll(2).is_pending());
        tail.void();
        assert_eq!(poll(2), Poll::Ready(Err(CommitError)));
    }

    #[test]
    fn who_does_not_wait_any_more_is_forgotten() {
        let tail = Watermark::at(0);
        for _ in 0..100 {
            let mut waiting = Box::pin(tail.wait_for(1));
            assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert!(tail.waiting.lock().tasks.is_empty());
    }

    #[test]
    fn each_who_begins_to_wait_is_a_demand_and_who_need_not_is_none() {
        let tail = Watermark::at(5);
        let demanded = Arc::new(AtomicU64::new(0));
        let heard = Arc::clone(&demanded);
        tail.on_demand(move |position| {
            heard.fetch_add(position, Ordering::Relaxed);
        });
        let mut task = Context::from_waker(Waker::noop());
        assert!(Box::pin(tail.wait_for(5)).as_mut().poll(&mut task).is_ready());
        let mut later = Box::pin(tail.wait_for(7));
        assert!(later.as_mut().poll(&mut task).is_pending());
        assert!(later.as_mut().poll(&mut task).is_pending());
        assert_eq!(demanded.load(Ordering::Relaxed), 7);
    }
}
