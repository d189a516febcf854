//! Status cell: the current status of a saga, to read and to wait for.

use crate::SagaStatus;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Shared status of one saga, like a `tokio::sync::watch` channel whose waiters are woken in the order in which they
/// came, so that the same history repeats from the same seed.
pub(crate) struct StatusCell {
    status: Mutex<SagaStatus>,
    changed: Notify,
}

impl StatusCell {
    /// Cell with this first status.
    pub(crate) fn new(status: SagaStatus) -> Self {
        Self { status: Mutex::new(status), changed: Notify::new() }
    }

    /// Current status.
    pub(crate) fn get(&self) -> SagaStatus {
        self.status.lock().clone()
    }

    /// Replaces the status.
    pub(crate) fn replace(&self, status: SagaStatus) {
        self.modify(|current| *current = status);
    }

    /// Changes the status in place.
    pub(crate) fn modify(&self, change: impl FnOnce(&mut SagaStatus)) {
        change(&mut self.status.lock());
        self.changed.notify_waiters();
    }

    /// Waits for a status that the condition accepts.
    pub(crate) async fn wait_for(&self, is_met: impl Fn(&SagaStatus) -> bool) -> SagaStatus {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let status = self.status.lock();
                if is_met(&status) {
                    return status.clone();
                }
            }
            changed.await;
        }
    }
}
