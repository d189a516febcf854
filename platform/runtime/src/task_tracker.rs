//! Task tracker: every background task of the process, so that a shutdown can wait for it.

use parking_lot::Mutex;
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{Instant, timeout_at},
};

/// Spawns tasks and waits for them at the end. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct TaskTracker {
    running: Arc<Mutex<JoinSet<()>>>,
    begin: Arc<Latch>,
    stop: Arc<Latch>,
}

/// Told when the process begins to stop.
#[derive(Clone, Debug)]
pub struct ShutdownSignal(Arc<Latch>);

/// Something that begins once. Those who wait for it are woken in the order in which they came, so that the same
/// history repeats from the same beginning.
#[derive(Debug, Default)]
struct Latch {
    given: AtomicBool,
    told: Notify,
}

impl Latch {
    fn give(&self) {
        self.given.store(true, Ordering::Release);
        self.told.notify_waiters();
    }

    fn is_given(&self) -> bool {
        self.given.load(Ordering::Acquire)
    }

    async fn wait(&self) {
        let told = self.told.notified();
        tokio::pin!(told);
        told.as_mut().enable();
        if !self.is_given() {
            told.await;
        }
    }
}

impl TaskTracker {
    /// Runs `task` in the background. A task that should end with the process watches [`TaskTracker::shutdown`].
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.running.lock();
        // Those that have ended need no place any more.
        while running.try_join_next().is_some() {}
        running.spawn(task);
    }

    /// Runs `task` until it ends or the process stops, whichever comes first. It waits for [`TaskTracker::begin`]: while
    /// services are being built there is nobody yet to talk to.
    pub fn spawn_until_shutdown(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut shutdown = self.shutdown_signal();
        let begun = Arc::clone(&self.begin);
        self.spawn(async move {
            let task = async {
                begun.wait().await;
                task.await;
            };
            tokio::select! {
                biased;
                () = task => {}
                () = shutdown.wait() => {}
            }
        });
    }

    /// Everything is built: the tasks begin.
    pub fn begin(&self) {
        self.begin.give();
    }

    /// Watches for the stop.
    pub fn shutdown_signal(&self) -> ShutdownSignal {
        ShutdownSignal(Arc::clone(&self.stop))
    }

    /// Tells everyone that the process stops.
    pub fn stop(&self) {
        self.stop.give();
    }

    /// Stops and waits up to `limit` for the tasks to end; those that have not are dropped. Returns how many.
    pub async fn drain(&self, limit: Duration) -> usize {
        self.stop();
        let deadline = Instant::now() + limit;
        let mut running = std::mem::take(&mut *self.running.lock());
        while !running.is_empty() {
            if timeout_at(deadline, running.join_next()).await.is_err() {
                break;
            }
        }
        running.len()
    }
}

impl TaskTracker {
    /// Drops all tasks where they stand, as the end of the process would.
    pub fn abort_all(&self) {
        self.running.lock().abort_all();
    }
}

impl ShutdownSignal {
    /// Returns when the stop has begun.
    pub async fn wait(&mut self) {
        self.0.wait().await;
    }

    /// Whether the stop has begun.
    pub fn has_begun(&self) -> bool {
        self.0.is_given()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::watch;

    #[tokio::test(start_paused = true)]
    async fn tasks_wait_until_everything_is_built() {
        let tasks = TaskTracker::default();
        let (ran, mut seen) = watch::channel(false);
        tasks.spawn_until_shutdown(async move {
            ran.send_replace(true);
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!*seen.borrow_and_update());
        tasks.begin();
        seen.wait_for(|ran| *ran).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_waits_for_what_ends_and_drops_what_does_not() {
        let tasks = TaskTracker::default();
        let mut shutdown = tasks.shutdown_signal();
        let (ended, mut end) = watch::channel(false);
        tasks.spawn(async move {
            shutdown.wait().await;
            ended.send_replace(true);
        });
        tasks.spawn(std::future::pending());
        assert_eq!(tasks.drain(Duration::from_secs(1)).await, 1);
        assert!(*end.borrow_and_update());
    }
}
