//! Queue of products that a background worker has something to do for.

use contracts::shared::ProductId;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use tokio::sync::Notify;

/// Products that wait for a worker, each once.
#[derive(Debug, Default)]
pub(crate) struct ProductQueue {
    waiting: Mutex<BTreeSet<ProductId>>,
    added: Notify,
}

impl ProductQueue {
    pub(crate) fn push(&self, id: ProductId) {
        self.waiting.lock().insert(id);
        self.added.notify_one();
    }

    /// The next product, as soon as there is one.
    pub(super) async fn next(&self) -> ProductId {
        loop {
            if let Some(id) = self.waiting.lock().pop_first() {
                // A worker that was not woken for want of a permit finds the rest.
                self.added.notify_one();
                return id;
            }
            self.added.notified().await;
        }
    }
}
