//! Tasks the process knows of, so that a stop can wait for them.

use parking_lot::Mutex;
use std::{future::Future, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout_at},
};

/// Spawns tasks and waits for them at the end. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Tasks {
    running: Arc<Mutex<JoinSet<()>>>,
    begin: Arc<watch::Sender<bool>>,
    stop: Arc<watch::Sender<bool>>,
}

/// Told when the process begins to stop.
#[derive(Clone, Debug)]
pub struct Stopping(watch::Receiver<bool>);

impl Default for Tasks {
    fn default() -> Self {
        let signal = || Arc::new(watch::Sender::new(false));
        Self { running: Arc::default(), begin: signal(), stop: signal() }
    }
}

impl Tasks {
    /// Runs `task` in the background. A task that should end with the process watches [`Tasks::stopping`].
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.running.lock();
        // Those that have ended need no place any more.
        while running.try_join_next().is_some() {}
        running.spawn(task);
    }

    /// Runs `task` until it ends or the process stops, whichever comes first. It waits for [`Tasks::begin`]: while
    /// services are being built there is nobody yet to talk to.
    pub fn spawn_until_stop(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut stopping = self.stopping();
        let mut begun = Stopping(self.begin.subscribe());
        self.spawn(async move {
            let task = async {
                begun.begun().await;
                task.await;
            };
            tokio::select! {
                biased;
                () = task => {}
                () = stopping.begun() => {}
            }
        });
    }

    /// Everything is built: the tasks begin.
    pub fn begin(&self) {
        self.begin.send_replace(true);
    }

    /// Watches for the stop.
    pub fn stopping(&self) -> Stopping {
        Stopping(self.stop.subscribe())
    }

    /// Tells everyone that the process stops.
    pub fn stop(&self) {
        self.stop.send_replace(true);
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

impl Tasks {
    /// Drops all tasks where they stand, as the end of the process would.
    pub fn cut(&self) {
        self.running.lock().abort_all();
    }
}

impl Stopping {
    /// Returns when the stop has begun.
    pub async fn begun(&mut self) {
        // An error means that the sender is gone, and with it the process.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }

    /// Whether the stop has begun.
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tasks_wait_until_everything_is_built() {
        let tasks = Tasks::default();
        let (ran, mut seen) = watch::channel(false);
        tasks.spawn_until_stop(async move {
            ran.send_replace(true);
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!*seen.borrow_and_update());
        tasks.begin();
        seen.wait_for(|ran| *ran).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_waits_for_what_ends_and_drops_what_does_not() {
        let tasks = Tasks::default();
        let mut stopping = tasks.stopping();
        let (ended, mut end) = watch::channel(false);
        tasks.spawn(async move {
            stopping.begun().await;
            ended.send_replace(true);
        });
        tasks.spawn(std::future::pending());
        assert_eq!(tasks.drain(Duration::from_secs(1)).await, 1);
        assert!(*end.borrow_and_update());
    }
}
