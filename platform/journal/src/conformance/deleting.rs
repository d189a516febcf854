//! Deletion of streams.

use super::{append, appended, event, events};
use crate::{AppendError, DeleteError, Journal, ServiceStorage, Version};
use storage::StorageError;

async fn delete(journal: &dyn Journal, stream: &str, expected: Version) {
    let commit = journal.delete_stream(stream, expected).await.expect("the deletion is taken");
    commit.wait().await.expect("the deletion is flushed");
}

/// Only the events of the stream go, from streams and feed alike; the stream may begin anew.
pub async fn a_deleted_stream_is_gone_and_leaves_the_others(storage: ServiceStorage) {
    let journal = &*storage.journal;
    appended(journal, append("a", 0, events(1..3))).await;
    appended(journal, append("b", 0, events(3..5))).await;
    appended(journal, append("a", 2, events(5..6))).await;
    appended(journal, append("b", 2, events(6..7))).await;
    let last = journal.last_position().await.expect("the journal answers");
    delete(journal, "a", 3).await;
    assert!(super::read(journal, "a").await.is_empty());
    assert_eq!(super::read(journal, "b").await.len(), 3);
    assert_eq!(journal.last_position().await.expect("the journal answers"), last);
    delete(journal, "a", 0).await;
    // Until the deletion is applied an append is refused; afterwards the stream begins anew.
    let anew = loop {
        match journal.append(append("a", 0, vec![event(9)])).await {
            Err(AppendError::Storage(StorageError::Unavailable(_))) => {
                tokio::task::yield_now().await;
            }
            anew => break anew.expect("the append is taken"),
        }
    };
    anew.commit.wait().await.expect("the append is flushed");
    assert_eq!((anew.version, super::read(journal, "a").await.len()), (1, 1));
    let followed = journal.follow(0, 100).await.expect("the journal answers");
    let of_a: Vec<Version> =
        followed.iter().filter(|event| event.stream == "a").map(|event| event.version).collect();
    assert_eq!(of_a.last(), Some(&1));
    assert_eq!(followed.iter().filter(|event| event.stream == "b").count(), 3);
}

/// A stream that was appended to meanwhile stays as it is.
pub async fn a_stream_is_deleted_at_the_expected_version_only(storage: ServiceStorage) {
    let journal = &*storage.journal;
    appended(journal, append("a", 0, events(1..3))).await;
    appended(journal, append("b", 0, events(3..4))).await;
    for expected in [0, 1, 3] {
        let refused = journal.delete_stream("a", expected).await;
        assert!(matches!(refused, Err(DeleteError::Conflict { actual: 2 })), "{expected}");
    }
    assert_eq!(super::read(journal, "a").await.len(), 2);
    let missing = journal.delete_stream("none", 1).await;
    assert!(matches!(missing, Err(DeleteError::Conflict { actual: 0 })));
}

/// Positions are never given again, so the last one stays taken.
pub async fn the_last_event_of_a_service_is_not_deleted(storage: ServiceStorage) {
    let journal = &*storage.journal;
    appended(journal, append("a", 0, events(1..3))).await;
    let refused = journal.delete_stream("a", 2).await;
    assert!(matches!(refused, Err(DeleteError::LastEvent)), "{refused:?}");
    assert_eq!(super::read(journal, "a").await.len(), 2);
    appended(journal, append("b", 0, events(3..4))).await;
    delete(journal, "a", 2).await;
    assert!(super::read(journal, "a").await.is_empty());
}
