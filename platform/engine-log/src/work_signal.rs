//! Work signal: wakes whoever does the work behind the log, a thread or a simulated worker.

use parking_lot::{Condvar, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// Work that may be due.
pub(crate) enum Due<T> {
    Now(T),
    /// Not before there is a signal, or this time has passed.
    Later(Option<Duration>),
    /// There will be no more.
    Never,
}

/// Signal to one worker that there may be work.
#[derive(Debug)]
pub(crate) enum WorkSignal {
    Thread(Condvar),
    Task(Notify),
}

/// What the work behind a log runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkMode {
    Threads,
    Tasks,
}

impl WorkSignal {
    pub(crate) fn new(mode: WorkMode) -> Self {
        match mode {
            WorkMode::Threads => Self::Thread(Condvar::new()),
            WorkMode::Tasks => Self::Task(Notify::new()),
        }
    }

    /// Wakes the worker.
    pub(crate) fn notify(&self) {
        match self {
            Self::Thread(thread) => _ = thread.notify_one(),
            Self::Task(task) => task.notify_one(),
        }
    }

    /// Blocks until there is work; `None` when there will be no more.
    pub(crate) fn wait_for<S, T>(
        &self,
        state: &Mutex<S>,
        mut due: impl FnMut(&mut S) -> Due<T>,
    ) -> Option<T> {
        let Self::Thread(thread) = self else { unreachable!("the worker is a thread") };
        let mut state = state.lock();
        loop {
            match due(&mut state) {
                Due::Now(work) => return Some(work),
                Due::Never => return None,
                Due::Later(None) => thread.wait(&mut state),
                Due::Later(Some(pause)) => _ = thread.wait_for(&mut state, pause),
            }
        }
    }

    /// Waits until there is work; `None` when there will be no more.
    pub(crate) async fn next<S, T>(
        &self,
        state: &Mutex<S>,
        mut due: impl FnMut(&mut S) -> Due<T>,
    ) -> Option<T> {
        let Self::Task(task) = self else { unreachable!("the worker is a task") };
        loop {
            let found = due(&mut state.lock());
            match found {
                Due::Now(work) => return Some(work),
                Due::Never => return None,
                Due::Later(None) => task.notified().await,
                // There may be work either way.
                Due::Later(Some(pause)) => _ = tokio::time::timeout(pause, task.notified()).await,
            }
        }
    }
}
