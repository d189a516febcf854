//! Maintenance: the subscription to the feed, and what no journal can rebuild.

use super::consumer;
use contracts::order;
use messaging::Subscription;
use runtime::{Maintenance, OfflineContext};

pub(crate) fn maintenance(offline: &OfflineContext) -> Maintenance {
    let storage = offline.storage.clone();
    Maintenance {
        subscriptions: vec![Subscription::new(consumer::GROUP, order::SERVICE, storage)],
        primary: Some(
            "notifications are primary records: which mails were sent is stored nowhere else",
        ),
        ..Maintenance::default()
    }
}
