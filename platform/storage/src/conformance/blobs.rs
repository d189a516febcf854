//! Conformance checks of blobs.

use crate::{BLOB_BYTES_MAX, BLOB_NAME_BYTES_MAX, Blobs, StorageError};
use bytes::Bytes;
use std::sync::Arc;
use tokio::task::JoinSet;

const FOLDER: &str = "letters";

async fn blob(blobs: &Arc<dyn Blobs>, name: &str) -> Option<Bytes> {
    blobs.blob(FOLDER, name).await.expect("the store answers")
}

async fn put(blobs: &Arc<dyn Blobs>, name: &str, content: impl Into<Bytes>) {
    blobs.put(FOLDER, name, content.into()).await.expect("the blob is accepted");
}

/// Read-your-writes: a blob is there as soon as `put` has returned, whole and unchanged, also an empty one.
pub async fn a_blob_is_returned_as_it_was_put(blobs: Arc<dyn Blobs>) {
    assert_eq!(blob(&blobs, "abc").await, None);
    for content in [vec![], b"one".to_vec(), vec![0, 255, 10, 13], vec![7; 300_000]] {
        put(&blobs, "abc", content.clone()).await;
        assert_eq!(blob(&blobs, "abc").await.as_deref(), Some(&content[..]));
    }
}

/// Removal, once and again.
pub async fn a_removed_blob_is_gone(blobs: Arc<dyn Blobs>) {
    put(&blobs, "abc", "one").await;
    put(&blobs, "abd", "two").await;
    for _ in 0..2 {
        blobs.remove(FOLDER, "abc").await.expect("removing is accepted");
        assert_eq!(blob(&blobs, "abc").await, None);
    }
    assert_eq!(blob(&blobs, "abd").await.as_deref(), Some(&b"two"[..]));
    blobs.remove("never-used", "abc").await.expect("removing is accepted");
}

/// Folders: the same name in two of them is two blobs.
pub async fn folders_do_not_mix(blobs: Arc<dyn Blobs>) {
    blobs.put("one", "abc", "1".into()).await.expect("the blob is accepted");
    blobs.put("two", "abc", "2".into()).await.expect("the blob is accepted");
    assert_eq!(blobs.blob("one", "abc").await.expect("it answers").as_deref(), Some(&b"1"[..]));
    assert_eq!(blobs.list("two", None, 10).await.expect("it answers").len(), 1);
    assert_eq!(blobs.list("three", None, 10).await.expect("it answers"), []);
}

/// Names: nothing that could lead out of the folder, or differ in case only, is one.
pub async fn an_invalid_name_is_refused(blobs: Arc<dyn Blobs>) {
    let long = "a".repeat(BLOB_NAME_BYTES_MAX + 1);
    for name in [
        "",
        "ab",
        "..",
        "../../etc/passwd",
        "ab/../cd",
        "/abc",
        "abc/d",
        "ABC",
        "a.b",
        ".abc",
        "ab\0c",
        "ab c",
        "abé",
        &long,
    ] {
        let refused = [
            blobs.put(FOLDER, name, "one".into()).await.err(),
            blobs.blob(FOLDER, name).await.err(),
            blobs.remove(FOLDER, name).await.err(),
        ];
        let all = refused.iter().all(|it| matches!(it, Some(StorageError::Unavailable(_))));
        assert!(all, "{name:?}: {refused:?}");
    }
    put(&blobs, &long[1..], "one").await;
}

/// Size limit: nothing of a refused blob is stored.
pub async fn a_blob_that_is_too_large_is_refused(blobs: Arc<dyn Blobs>) {
    let content = vec![0; BLOB_BYTES_MAX + 1];
    let refused = blobs.put(FOLDER, "abc", content.into()).await;
    assert!(matches!(refused, Err(StorageError::TooLarge { .. })), "{refused:?}");
    assert_eq!(blob(&blobs, "abc").await, None);
}

/// Listing: every blob once, with its size, in the order of the names, page by page.
pub async fn a_listing_returns_every_blob_once_in_the_order_of_names(blobs: Arc<dyn Blobs>) {
    let mut names: Vec<String> = (0..40_usize)
        .map(|number| format!("{:02x}-{number}.txt", number.wrapping_mul(67) % 251))
        .collect();
    for (size, name) in names.iter().enumerate() {
        put(&blobs, name, vec![1; size]).await;
    }
    let sizes: std::collections::BTreeMap<_, _> = names.iter().cloned().zip(0_u64..).collect();
    names.sort();
    let mut seen = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = blobs.list(FOLDER, after.as_deref(), 7).await.expect("the store answers");
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 7);
        after = Some(last.name.clone());
        assert!(page.iter().all(|entry| sizes[&entry.name] == entry.bytes));
        seen.extend(page.into_iter().map(|entry| entry.name));
    }
    assert_eq!(seen, names);
}

/// Concurrency: of two writers of one name one wins whole, and nobody sees a part.
pub async fn a_blob_is_seen_whole_or_not_at_all(blobs: Arc<dyn Blobs>) {
    let mut writers = JoinSet::new();
    for writer in 0..4_u8 {
        let blobs = Arc::clone(&blobs);
        writers.spawn(async move {
            for round in 0..20 {
                put(&blobs, "abc", vec![writer; 50_000 + round]).await;
                let seen = blob(&blobs, "abc").await.expect("it has been put");
                assert!(seen.len() >= 50_000 && seen.iter().all(|byte| *byte == seen[0]));
            }
        });
    }
    writers.join_all().await;
}
