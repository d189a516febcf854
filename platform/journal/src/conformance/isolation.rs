//! Behaviours of isolation between two services on one engine.

use super::{
    append, appended, appending::note, appending::read_note, event, read, stream_versions,
};
use crate::ServiceStorage;
use bytes::Bytes;
use kernel::Timestamp;
use std::time::Duration;

/// The same names lead to different data in every port. Engines call this with the storage of two services.
pub async fn services_do_not_see_each_other(one: ServiceStorage, two: ServiceStorage) {
    let mut request = append("thing-1", 0, vec![event(1)]);
    request.writes = vec![note("key", "of one")];
    let first = appended(&*one.journal, request).await;
    let _ =
        one.key_value.put("key", Bytes::from_static(b"of one"), None).await.expect("it is taken");

    assert!(read(&*two.journal, "thing-1").await.is_empty());
    assert!(two.journal.follow(0, 10).await.expect("the journal answers").is_empty());
    assert_eq!(two.journal.last_position().await.expect("the journal answers"), 0);
    assert_eq!(read_note(&two, "key").await, None);
    assert_eq!(
        two.key_value.value("key", Timestamp::UNIX_EPOCH).await.expect("the store answers"),
        None
    );
    let waiting = tokio::time::timeout(Duration::from_millis(20), two.journal.wait_beyond(0)).await;
    assert!(waiting.is_err(), "another service's events wake no follower of this one");

    let mut request = append("thing-1", 0, vec![event(2)]);
    request.writes = vec![note("key", "of two")];
    appended(&*two.journal, request).await;
    assert_eq!(read_note(&one, "key").await.as_deref(), Some(&b"of one"[..]));
    assert_eq!(read_note(&two, "key").await.as_deref(), Some(&b"of two"[..]));
    assert_eq!(
        stream_versions(&one.journal.follow(0, 10).await.expect("it answers")),
        [("thing-1", 1)]
    );
    assert_eq!(one.journal.last_position().await.expect("the journal answers"), first.position);
    let removed = two.key_value.remove("key").await.expect("it is removed");
    removed.wait().await.expect("it is flushed");
    assert!(
        one.key_value
            .value("key", Timestamp::UNIX_EPOCH)
            .await
            .expect("the store answers")
            .is_some()
    );
}

/// Positions of all services of a process are in one order, where one log has them. Engines call this with the storage of two services.
pub async fn services_share_one_order(one: ServiceStorage, two: ServiceStorage) {
    let mut last = 0;
    for (number, storage) in (0..).zip([&one, &two, &one, &two]) {
        let stream = format!("thing-{number}");
        let position =
            appended(&*storage.journal, append(&stream, 0, vec![event(number)])).await.position;
        assert!(position > last, "{position} comes after {last}");
        last = position;
    }
}
