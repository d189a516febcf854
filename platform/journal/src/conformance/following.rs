//! Behaviours of following all events in commit order.

use super::{append, appended, event, events, stream_versions};
use crate::ServiceStorage;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

/// Longer than any flush; only a broken engine reaches it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Pages of every size span streams, in the order in which the appends were taken.
pub async fn following_goes_on_after_a_position(storage: ServiceStorage) {
    let journal = &*storage.journal;
    assert!(journal.follow(0, 10).await.expect("the journal answers").is_empty());
    for (stream, expected, numbers) in
        [("a", 0, 0..2), ("b", 0, 2..3), ("a", 2, 3..4), ("c", 0, 4..8), ("b", 1, 8..9)]
    {
        let _ = appended(journal, append(stream, expected, events(numbers))).await;
    }
    let all = journal.follow(0, 100).await.expect("the journal answers");
    let expected =
        [("a", 1), ("a", 2), ("b", 1), ("a", 3), ("c", 1), ("c", 2), ("c", 3), ("c", 4), ("b", 2)];
    assert_eq!(stream_versions(&all), expected);
    assert!(all.is_sorted_by(|one, next| one.position < next.position));
    for limit in 1..=10 {
        for (index, from) in all.iter().enumerate() {
            let page = journal.follow(from.position, limit).await.expect("the journal answers");
            let expected: Vec<_> = all[index + 1..].iter().take(limit).cloned().collect();
            assert_eq!(page, expected);
        }
    }
}

/// An event is shown from its flush on, and not earlier.
pub async fn following_shows_a_flushed_event_once_its_commit_is_done(storage: ServiceStorage) {
    let journal = &*storage.journal;
    for number in 0..100 {
        let appended = journal
            .append(append("thing-1", number, vec![event(number)]))
            .await
            .expect("it is taken");
        let early = journal.follow(appended.position - 1, 1).await.expect("the journal answers");
        assert!(early.is_empty() || appended.commit.is_durable(), "only what is flushed is shown");
        appended.commit.wait().await.expect("it is flushed");
        let seen = journal.follow(appended.position - 1, 1).await.expect("the journal answers");
        assert_eq!(stream_versions(&seen), [("thing-1", number + 1)]);
    }
}

/// The wait ends at once when the event is already flushed, and otherwise with its flush.
pub async fn a_wait_ends_when_an_event_is_flushed(storage: ServiceStorage) {
    let journal = Arc::clone(&storage.journal);
    assert!(
        timeout(Duration::from_millis(20), journal.wait_beyond(0)).await.is_err(),
        "there is nothing yet"
    );
    let mut position = 0;
    for number in 0..20 {
        let waiting = Arc::clone(&journal);
        let waiter = tokio::task::JoinSet::from_iter([async move {
            waiting.wait_beyond(position).await;
            waiting.follow(position, 10).await.expect("the journal answers").len()
        }]);
        let last = journal
            .append(append("thing-1", number, vec![event(number)]))
            .await
            .expect("it is taken");
        let seen = timeout(TIMEOUT, waiter.join_all()).await.expect("the waiter is woken");
        assert_eq!(seen, [1], "a waiter finds what it was woken for");
        position = last.position;
    }
    timeout(TIMEOUT, journal.wait_beyond(position - 1)).await.expect("it is already there");
    assert!(timeout(Duration::from_millis(20), journal.wait_beyond(position)).await.is_err());
}

/// The last position of a journal without events is 0.
pub async fn the_last_position_is_that_of_the_last_event(storage: ServiceStorage) {
    let journal = &*storage.journal;
    assert_eq!(journal.last_position().await.expect("the journal answers"), 0);
    for number in 0..3 {
        let last = appended(journal, append("thing-1", number, vec![event(number)])).await;
        assert_eq!(journal.last_position().await.expect("the journal answers"), last.position);
    }
    // Other writes take positions in the log, but are no events.
    let commit = storage
        .documents
        .write(vec![super::appending::note("one", "1")])
        .await
        .expect("it is taken");
    commit.wait().await.expect("it is flushed");
    let all = journal.follow(0, 10).await.expect("the journal answers");
    assert_eq!(
        all.last().map(|event| event.position),
        Some(journal.last_position().await.expect("it answers"))
    );
}
