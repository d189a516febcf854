//! A standing that everybody can look at and wait for.

use crate::Standing;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// How a saga stands, for whoever waits for it. Those who wait are woken in the order in which they came, so that
/// the same history repeats from the same beginning.
pub(crate) struct Shown {
    standing: Mutex<Standing>,
    changed: Notify,
}

impl Shown {
    /// Shows this from the beginning.
    pub(crate) fn new(standing: Standing) -> Self {
        Self { standing: Mutex::new(standing), changed: Notify::new() }
    }

    /// How it stands now.
    pub(crate) fn now(&self) -> Standing {
        self.standing.lock().clone()
    }

    /// Shows something else.
    pub(crate) fn replace(&self, standing: Standing) {
        self.modify(|shown| *shown = standing);
    }

    /// Changes what is shown.
    pub(crate) fn modify(&self, change: impl FnOnce(&mut Standing)) {
        change(&mut self.standing.lock());
        self.changed.notify_waiters();
    }

    /// Waits until it stands as wanted.
    pub(crate) async fn wait_for(&self, is_wanted: impl Fn(&Standing) -> bool) -> Standing {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let standing = self.standing.lock();
                if is_wanted(&standing) {
                    return standing.clone();
                }
            }
            changed.await;
        }
    }
}
