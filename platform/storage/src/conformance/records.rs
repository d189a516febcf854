//! Conformance checks of documents found by key.

use crate::{
    Collection, Document, Documents, FieldValue, Index, Query, RECORD_BYTES_MAX, StorageError,
    Write,
};
use bytes::Bytes;
use futures_util::poll;
use std::{sync::Arc, task::Poll};

pub(super) static SHELVES: Collection = Collection {
    name: "shelves",
    indexes: &[
        Index { name: "by_room", fields: &["room"] },
        Index { name: "by_room_and_height", fields: &["room", "height"] },
        Index { name: "all", fields: &[] },
    ],
};

static BOXES: Collection =
    Collection { name: "boxes", indexes: &[Index { name: "by_room", fields: &["room"] }] };

pub(super) fn put(key: &str, body: &str, fields: &[(&'static str, FieldValue)]) -> Write {
    let body = Bytes::copy_from_slice(body.as_bytes());
    Write::Put {
        collection: &SHELVES,
        document: Document { key: key.to_owned(), body, fields: fields.to_vec() },
    }
}

pub(super) fn delete(key: &str) -> Write {
    Write::Delete { collection: &SHELVES, key: key.to_owned() }
}

pub(super) fn text(value: &str) -> FieldValue {
    FieldValue::Text(value.to_owned())
}

pub(super) async fn write(documents: &Arc<dyn Documents>, writes: Vec<Write>) {
    let commit = documents.write(writes).await.expect("the writes are accepted");
    commit.wait().await.expect("the writes are flushed");
}

pub(super) async fn body(documents: &Arc<dyn Documents>, key: &str) -> Option<String> {
    let found = documents.find(&SHELVES, key).await.expect("the store answers");
    found.map(|stored| {
        assert_eq!(stored.key, key);
        String::from_utf8(stored.body.to_vec()).expect("the body is the text that was put")
    })
}

pub(super) async fn keys(documents: &Arc<dyn Documents>, query: Query) -> Vec<String> {
    let found = documents.query(&SHELVES, query).await.expect("the store answers");
    found.documents.into_iter().map(|stored| stored.key).collect()
}

/// Upsert and look-up, with keys and bodies of every kind.
pub async fn a_document_is_returned_as_it_was_written(documents: Arc<dyn Documents>) {
    assert_eq!(body(&documents, "one").await, None);
    write(&documents, vec![put("one", "1", &[])]).await;
    assert_eq!(body(&documents, "one").await.as_deref(), Some("1"));
    write(
        &documents,
        vec![put("one", "eins", &[]), put("Ключ ✓ 'x\"; --", "значение", &[]), put("", "", &[])],
    )
    .await;
    assert_eq!(body(&documents, "one").await.as_deref(), Some("eins"));
    assert_eq!(body(&documents, "Ключ ✓ 'x\"; --").await.as_deref(), Some("значение"));
    assert_eq!(body(&documents, "").await.as_deref(), Some(""));

    let binary = Bytes::from((0..=255).collect::<Vec<u8>>());
    let document = Document { key: "binary".to_owned(), body: binary.clone(), fields: Vec::new() };
    write(&documents, vec![Write::Put { collection: &SHELVES, document }]).await;
    let found = documents.find(&SHELVES, "binary").await.expect("the store answers");
    assert_eq!(found.map(|stored| stored.body), Some(binary));
}

/// Deletion from the collection and its indexes; deleting a document that does not exist is no error.
pub async fn a_deleted_document_is_gone_from_every_index(documents: Arc<dyn Documents>) {
    write(&documents, vec![delete("one")]).await;
    write(&documents, vec![put("one", "1", &[("room", text("hall"))])]).await;
    write(&documents, vec![delete("one")]).await;
    assert_eq!(body(&documents, "one").await, None);
    assert!(keys(&documents, Query::all("by_room", 10)).await.is_empty());
}

/// Order within a batch: the last write to a key wins.
pub async fn the_writes_of_one_call_apply_in_their_order(documents: Arc<dyn Documents>) {
    write(
        &documents,
        vec![put("one", "1", &[]), delete("one"), put("one", "2", &[]), put("two", "2", &[])],
    )
    .await;
    assert_eq!(body(&documents, "one").await.as_deref(), Some("2"));
    write(&documents, vec![put("two", "3", &[]), delete("two")]).await;
    assert_eq!(body(&documents, "two").await, None);
}

/// Order of calls that do not wait for each other: the last one wins.
pub async fn calls_apply_in_the_order_in_which_they_are_made(documents: Arc<dyn Documents>) {
    for round in 0..5 {
        let mut calls = Vec::new();
        for number in 0..40 {
            let text = format!("{round}.{number}");
            let mut writes = vec![put("one", &text, &[]), put("two", &text, &[])];
            if number % 7 == 3 {
                writes.push(delete("two"));
            }
            let mut call = documents.write(writes);
            let first = poll!(&mut call);
            calls.push((first, call));
        }
        let mut commits = Vec::new();
        for (first, call) in calls {
            let answer = match first {
                Poll::Ready(answer) => answer,
                Poll::Pending => call.await,
            };
            commits.push(answer.expect("the writes are accepted"));
        }
        for commit in commits {
            commit.wait().await.expect("the writes are flushed");
        }
        let last = format!("{round}.39");
        assert_eq!(body(&documents, "one").await.as_ref(), Some(&last));
        assert_eq!(body(&documents, "two").await.as_ref(), Some(&last));
    }
}

/// Separate key spaces: one key in two collections names two documents.
pub async fn collections_do_not_mix(documents: Arc<dyn Documents>) {
    write(&documents, vec![put("one", "shelf", &[("room", text("hall"))])]).await;
    assert_eq!(documents.find(&BOXES, "one").await.expect("the store answers"), None);
    let found =
        documents.query(&BOXES, Query::all("by_room", 10)).await.expect("the store answers");
    assert!(found.documents.is_empty());
}

/// Size limit: a body above it is refused, and nothing of the batch is written.
pub async fn a_document_that_is_too_large_is_refused(documents: Arc<dyn Documents>) {
    let body_of = |bytes| Bytes::from(vec![b'x'; bytes]);
    let document = |key: &str, bytes| Document {
        key: key.to_owned(),
        body: body_of(bytes),
        fields: Vec::new(),
    };
    let put_of =
        |key: &str, bytes| Write::Put { collection: &SHELVES, document: document(key, bytes) };
    let refused =
        documents.write(vec![put_of("fits", 1), put_of("large", RECORD_BYTES_MAX + 1)]).await;
    assert!(matches!(refused, Err(StorageError::TooLarge { .. })), "{refused:?}");
    write(&documents, vec![put_of("largest", RECORD_BYTES_MAX)]).await;
    assert_eq!(body(&documents, "fits").await, None);
    let largest = documents.find(&SHELVES, "largest").await.expect("the store answers");
    assert_eq!(largest.map(|stored| stored.body.len()), Some(RECORD_BYTES_MAX));
}

/// Full scan: it needs no index, and continues where the previous page ended.
pub async fn a_scan_returns_every_document_once_in_key_order(documents: Arc<dyn Documents>) {
    let scan = async |after: Option<&str>, limit| {
        let found = documents.scan(&SHELVES, after, limit).await.expect("the store answers");
        found.into_iter().map(|stored| stored.key).collect::<Vec<_>>()
    };
    assert!(scan(None, 10).await.is_empty());
    let room = [("room", text("hall"))];
    write(&documents, vec![put("b", "2", &[]), put("", "0", &room), put("ä", "4", &room)]).await;
    write(&documents, vec![put("a", "1", &room), put("c", "3", &[]), delete("c")]).await;
    assert_eq!(scan(None, 10).await, ["", "a", "b", "ä"]);
    assert_eq!(scan(None, 2).await, ["", "a"]);
    assert_eq!(scan(Some(""), 2).await, ["a", "b"]);
    assert_eq!(scan(Some("aa"), 10).await, ["b", "ä"]);
    assert!(scan(Some("ä"), 10).await.is_empty());
}
