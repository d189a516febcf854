//! A status that everybody can look at and wait for.

use crate::SagaStatus;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// How a saga stands, for whoever waits for it. Those who wait are woken in the order in which they came, so that
/// the same history repeats from the same beginning.
pub(crate) struct StatusCell {
    status: Mutex<SagaStatus>,
    changed: Notify,
}

impl StatusCell {
    /// Shows this from the beginning.
    pub(crate) fn new(status: SagaStatus) -> Self {
        Self { status: Mutex::new(status), changed: Notify::new() }
    }

    /// How it stands now.
    pub(crate) fn now(&self) -> SagaStatus {
        self.status.lock().clone()
    }

    /// Shows something else.
    pub(crate) fn replace(&self, status: SagaStatus) {
        self.modify(|shown| *shown = status);
    }

    /// Changes what is shown.
    pub(crate) fn modify(&self, change: impl FnOnce(&mut SagaStatus)) {
        change(&mut self.status.lock());
        self.changed.notify_waiters();
    }

    /// Waits until it stands as wanted.
    pub(crate) async fn wait_for(&self, is_wanted: impl Fn(&SagaStatus) -> bool) -> SagaStatus {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let status = self.status.lock();
                if is_wanted(&status) {
                    return status.clone();
                }
            }
            changed.await;
        }
    }
}
