//! Task tracker: the background tasks of the process, which a shutdown waits for.

use parking_lot::Mutex;
use std::{
    fmt,
    future::Future,
    pin::Pin,
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

/// Task of a tracker, boxed.
pub type TrackedTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tracker that spawns background tasks and drains them at shutdown. Clones share one set of tasks.
#[derive(Clone, Debug, Default)]
pub struct TaskTracker {
    running: Arc<Mutex<JoinSet<()>>>,
    begin: Arc<Latch>,
    stop: Arc<Latch>,
    wrapper: Option<TaskWrapper>,
}

/// What each task is wrapped in.
#[derive(Clone)]
struct TaskWrapper(Arc<dyn Fn(TrackedTask) -> TrackedTask + Send + Sync>);

impl fmt::Debug for TaskWrapper {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TaskWrapper")
    }
}

/// Signal that the process is shutting down.
#[derive(Clone, Debug)]
pub struct ShutdownSignal(Arc<Latch>);

/// One-shot event. Waiters are woken in the order of their arrival, so that simulations are reproducible.
#[derive(Debug, Default)]
struct Latch {
    is_set: AtomicBool,
    notify: Notify,
}

impl Latch {
    fn set(&self) {
        self.is_set.store(true, Ordering::Release);
        self.notify.notify_waiters();
    }

    fn is_given(&self) -> bool {
        self.is_set.load(Ordering::Acquire)
    }

    async fn wait(&self) {
        let notify = self.notify.notified();
        tokio::pin!(notify);
        notify.as_mut().enable();
        if !self.is_given() {
            notify.await;
        }
    }
}

impl TaskTracker {
    /// Tracker that wraps each task before it is spawned: for simulations, which pause them.
    pub fn wrapping(wrap: impl Fn(TrackedTask) -> TrackedTask + Send + Sync + 'static) -> Self {
        Self { wrapper: Some(TaskWrapper(Arc::new(wrap))), ..Self::default() }
    }

    /// Spawns `task`. One that should end with the process watches [`TaskTracker::shutdown_signal`].
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.running.lock();
        // Frees the entries of tasks that have ended.
        while running.try_join_next().is_some() {}
        match &self.wrapper {
            None => running.spawn(task),
            Some(TaskWrapper(wrap)) => running.spawn(wrap(Box::pin(task))),
        };
    }

    /// Spawns `task`, which is dropped at shutdown. It starts after [`TaskTracker::begin`]: services cannot be called while
    /// they are being built.
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

    /// Starts the tasks that wait until all services are built.
    pub fn begin(&self) {
        self.begin.set();
    }

    /// A signal of the shutdown.
    pub fn shutdown_signal(&self) -> ShutdownSignal {
        ShutdownSignal(Arc::clone(&self.stop))
    }

    /// Begins the shutdown: fires all signals.
    pub fn stop(&self) {
        self.stop.set();
    }

    /// Begins the shutdown and waits up to `limit` for the tasks to end. Returns the number of tasks that had to be dropped.
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
    /// Aborts all tasks at once, as the end of the process would.
    pub fn abort_all(&self) {
        self.running.lock().abort_all();
    }
}

impl ShutdownSignal {
    /// Completes when the shutdown has begun.
    pub async fn wait(&mut self) {
        self.0.wait().await;
    }

    /// Whether the shutdown has begun.
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
    async fn each_task_is_wrapped() {
        let (wrapped, mut seen) = watch::channel(0);
        let tasks = TaskTracker::wrapping(move |task| {
            wrapped.send_modify(|count| *count += 1);
            task
        });
        tasks.spawn(async {});
        tasks.spawn_until_shutdown(async {});
        assert_eq!(*seen.borrow_and_update(), 2);
        assert_eq!(tasks.drain(Duration::from_secs(1)).await, 0);
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
