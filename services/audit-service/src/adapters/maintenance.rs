//! Maintenance: the subscriptions to all feeds, and what no journal can rebuild.

use super::feeds;
use messaging::Subscription;
use runtime::{Maintenance, OfflineContext};

pub(crate) fn maintenance(offline: &OfflineContext) -> Maintenance {
    let storage = offline.bulk.projected();
    let subscription =
        |source: &&'static str| Subscription::new(feeds::GROUP, source, storage.clone());
    Maintenance {
        subscriptions: feeds::SOURCES.iter().map(subscription).collect(),
        primary: Some("activities are primary records: what shoppers did is stored nowhere else"),
        ..Maintenance::default()
    }
}
