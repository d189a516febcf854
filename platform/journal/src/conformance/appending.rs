//! Behaviours of sequential appends.

use super::{append, appended, event, events, read, stream_versions};
use crate::{APPEND_EVENTS_MAX, AppendError, READ_EVENTS_MAX, ServiceStorage};
use bytes::Bytes;
use storage::{Collection, Document, RECORD_BYTES_MAX, StorageError, Write};

pub(super) static NOTES: Collection = Collection { name: "notes", indexes: &[] };

pub(super) fn note(key: &str, body: &str) -> Write {
    let body = Bytes::copy_from_slice(body.as_bytes());
    Write::Put {
        collection: &NOTES,
        document: Document { key: key.to_owned(), body, fields: Vec::new() },
    }
}

pub(super) async fn read_note(storage: &ServiceStorage, key: &str) -> Option<Bytes> {
    storage.documents.find(&NOTES, key).await.expect("the store answers").map(|stored| stored.body)
}

/// The first append expects version 0 and leads to version 1.
pub async fn a_stream_begins_at_version_zero(storage: ServiceStorage) {
    let journal = &*storage.journal;
    assert!(read(journal, "thing-1").await.is_empty());
    let first = appended(journal, append("thing-1", 0, vec![event(1)])).await;
    assert_eq!(first.version, 1);
    assert!(first.position >= 1);
    let second = appended(journal, append("thing-1", 1, events(2..4))).await;
    assert_eq!(second.version, 3);
    assert!(second.position > first.position);
    assert_eq!(
        stream_versions(&read(journal, "thing-1").await),
        [("thing-1", 1), ("thing-1", 2), ("thing-1", 3)]
    );
}

/// The expected version is too low, too high, or of a stream that does not exist.
pub async fn a_conflict_names_the_actual_version(storage: ServiceStorage) {
    let journal = &*storage.journal;
    let _ = appended(journal, append("thing-1", 0, events(1..3))).await;
    for (stream, expected, actual) in [
        ("thing-1", 0, 2),
        ("thing-1", 1, 2),
        ("thing-1", 3, 2),
        ("thing-1", u64::MAX, 2),
        ("thing-2", 1, 0),
    ] {
        let refused = journal.append(append(stream, expected, vec![event(9)])).await;
        assert!(
            matches!(refused, Err(AppendError::Conflict { actual: named }) if named == actual),
            "{refused:?}"
        );
    }
    assert_eq!(read(journal, "thing-1").await.len(), 2);
    assert!(read(journal, "thing-2").await.is_empty());
}

/// A repeated append has the result of the first one, whatever came after it, and writes no documents.
pub async fn a_repeated_append_changes_nothing(storage: ServiceStorage) {
    let journal = &*storage.journal;
    let mut request = append("thing-1", 1, events(2..4));
    request.writes = vec![note("total", "2")];
    let _ = appended(journal, append("thing-1", 0, vec![event(1)])).await;
    let first = journal.append(request.clone()).await.expect("the append is taken");
    let at_once = journal.append(request.clone()).await.expect("a repetition is no conflict");
    assert_eq!((at_once.version, at_once.position), (first.version, first.position));
    at_once.commit.wait().await.expect("the append is flushed");
    assert!(first.commit.is_durable());

    let mut next = append("thing-1", 3, vec![event(4)]);
    next.writes = vec![note("total", "3")];
    let _ = appended(journal, next).await;
    let later = appended(journal, request).await;
    assert_eq!((later.version, later.position), (first.version, first.position));
    assert_eq!(read(journal, "thing-1").await.len(), 4);
    assert_eq!(read_note(&storage, "total").await.as_deref(), Some(&b"3"[..]));
    assert_eq!(journal.follow(0, 100).await.expect("the journal answers").len(), 4);
}

/// An append that shares only some events with what is stored is no repetition.
pub async fn other_events_at_a_taken_version_are_a_conflict(storage: ServiceStorage) {
    let journal = &*storage.journal;
    let _ = appended(journal, append("thing-1", 0, events(1..3))).await;
    for other in [events(1..4), vec![event(2), event(1)], vec![event(1), event(9)], vec![event(2)]]
    {
        let refused = journal.append(append("thing-1", 0, other)).await;
        assert!(matches!(refused, Err(AppendError::Conflict { actual: 2 })), "{refused:?}");
    }
    let part = appended(journal, append("thing-1", 0, vec![event(1)])).await;
    assert_eq!(part.version, 1);
    assert_eq!(read(journal, "thing-1").await.len(), 2);
}

/// The largest append is read whole, by stream and in commit order.
pub async fn the_events_of_one_append_stay_together(storage: ServiceStorage) {
    let journal = &*storage.journal;
    let count = APPEND_EVENTS_MAX as u64;
    let all = appended(journal, append("import", 0, events(0..count))).await;
    assert_eq!(all.version, count);
    let (mut version, mut position) = (0, 0);
    while version < count {
        let page = journal.read("import", version, 1_000).await.expect("the journal answers");
        for recorded in &page {
            assert_eq!(recorded.version, version + 1);
            assert_eq!(recorded.data, event(version).data);
            version = recorded.version;
        }
    }
    let mut followed = 0;
    while position < all.position {
        let page = journal.follow(position, 999).await.expect("the journal answers");
        assert!(!page.is_empty());
        for recorded in &page {
            assert!(
                followed == 0 || recorded.position == position + 1,
                "an append's positions have no gaps"
            );
            followed += 1;
            assert_eq!(recorded.version, followed);
            position = recorded.position;
        }
    }
    assert_eq!((followed, position), (count, all.position));
    assert_eq!(
        journal.read("import", 0, usize::MAX).await.expect("the journal answers").len(),
        READ_EVENTS_MAX
    );
}

/// No events, too many, and one that is too large are errors, and leave nothing behind.
pub async fn empty_and_oversized_appends_are_refused(storage: ServiceStorage) {
    let journal = &*storage.journal;
    let mut large = event(1);
    large.data = Bytes::from(vec![b' '; RECORD_BYTES_MAX + 1]);
    let refused = journal.append(append("thing-1", 0, vec![event(0), large])).await;
    assert!(
        matches!(refused, Err(AppendError::Storage(StorageError::TooLarge { .. }))),
        "{refused:?}"
    );
    for wrong in [Vec::new(), events(0..APPEND_EVENTS_MAX as u64 + 1)] {
        let refused = journal.append(append("thing-1", 0, wrong)).await;
        assert!(matches!(refused, Err(AppendError::Storage(_))), "{refused:?}");
    }
    assert!(read(journal, "thing-1").await.is_empty());
}

/// Atomicity: an append that conflicts writes no documents.
pub async fn events_and_documents_are_written_together(storage: ServiceStorage) {
    let journal = &*storage.journal;
    let mut first = append("thing-1", 0, vec![event(1)]);
    first.writes = vec![note("one", "1"), note("two", "1")];
    let _ = appended(journal, first).await;
    assert_eq!(read_note(&storage, "one").await.as_deref(), Some(&b"1"[..]));
    assert_eq!(read_note(&storage, "two").await.as_deref(), Some(&b"1"[..]));

    let mut refused = append("thing-1", 0, vec![event(2)]);
    refused.writes = vec![note("one", "2"), note("three", "2")];
    assert!(journal.append(refused).await.is_err());
    let mut second = append("thing-1", 1, vec![event(3)]);
    second.writes = vec![Write::Delete { collection: &NOTES, key: "two".to_owned() }];
    let _ = appended(journal, second).await;
    assert_eq!(read_note(&storage, "one").await.as_deref(), Some(&b"1"[..]));
    assert_eq!(read_note(&storage, "two").await, None);
    assert_eq!(read_note(&storage, "three").await, None);
}
