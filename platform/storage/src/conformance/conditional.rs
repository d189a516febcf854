//! Conformance checks of conditional writes.

use super::records::{SHELVES, body, delete, put, write};
use crate::{CompareAndSwap, Documents, RECORD_BYTES_MAX, StorageError, Write};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Swap of the document `position`.
fn swap(expected: Option<&str>, position: &str) -> CompareAndSwap {
    let Write::Put { collection, document } = put("position", position, &[]) else {
        unreachable!("it is a put")
    };
    let expected = expected.map(|expected| expected.to_owned().into());
    CompareAndSwap { collection, expected, document }
}

/// Whether the writes are applied.
async fn is_applied(
    documents: &Arc<dyn Documents>,
    writes: Vec<Write>,
    swap: CompareAndSwap,
) -> bool {
    let conditional = documents.conditional().expect("the store has conditional writes");
    match conditional.write_and_swap(writes, swap).await.expect("the store answers") {
        Some(commit) => commit.wait().await.map(|()| true).expect("the writes are flushed"),
        None => false,
    }
}

/// Compare-and-swap: the writes are applied with the swap where its condition is met.
pub async fn a_swap_is_applied_with_its_writes_where_the_expected_document_is(
    documents: Arc<dyn Documents>,
) {
    let first = vec![put("effect", "1", &[]), put("effect", "2", &[])];
    assert!(is_applied(&documents, Vec::new(), swap(None, "0")).await);
    assert!(is_applied(&documents, first, swap(Some("0"), "a")).await);
    assert_eq!(body(&documents, "effect").await.as_deref(), Some("2"));
    assert_eq!(body(&documents, "position").await.as_deref(), Some("a"));
    assert!(is_applied(&documents, vec![delete("effect")], swap(Some("a"), "b")).await);
    assert_eq!(body(&documents, "effect").await, None);
    assert_eq!(body(&documents, "position").await.as_deref(), Some("b"));
    assert!(is_applied(&documents, Vec::new(), swap(Some("b"), "b")).await, "nothing changes");
    assert!(is_applied(&documents, Vec::new(), swap(Some("b"), "c")).await, "without writes");
    assert_eq!(body(&documents, "position").await.as_deref(), Some("c"));
}

/// Unmet condition: another document, none, or one where none was expected.
pub async fn nothing_of_a_call_is_applied_where_another_document_is_than_the_expected_one(
    documents: Arc<dyn Documents>,
) {
    let writes = || vec![put("effect", "1", &[])];
    assert!(!is_applied(&documents, writes(), swap(Some("a"), "b")).await);
    assert_eq!(body(&documents, "position").await, None);
    write(&documents, vec![put("position", "a", &[])]).await;
    assert!(!is_applied(&documents, Vec::new(), swap(None, "b")).await);
    for expected in [Some("b"), Some(""), Some("aa")] {
        assert!(!is_applied(&documents, writes(), swap(expected, "b")).await, "{expected:?}");
    }
    assert_eq!(body(&documents, "position").await.as_deref(), Some("a"));
    assert_eq!(body(&documents, "effect").await, None);
    write(&documents, vec![delete("position")]).await;
    assert!(!is_applied(&documents, writes(), swap(Some("a"), "b")).await);
    assert_eq!(body(&documents, "effect").await, None);
    assert!(is_applied(&documents, Vec::new(), swap(None, "b")).await);
}

/// Put-if-absent with other writes: refused, since their loss before the swap could not be told.
pub async fn a_put_if_absent_with_other_writes_is_refused(documents: Arc<dyn Documents>) {
    let conditional = documents.conditional().expect("the store has conditional writes");
    let writes = vec![put("effect", "1", &[])];
    let refused = conditional.write_and_swap(writes, swap(None, "a")).await;
    assert!(matches!(refused, Err(StorageError::Unavailable(_))));
    assert_eq!(body(&documents, "effect").await, None);
    assert_eq!(body(&documents, "position").await, None);
}

/// Size limit, of the writes and of the document to swap.
pub async fn a_swap_with_a_document_that_is_too_large_is_refused(documents: Arc<dyn Documents>) {
    let large = "x".repeat(RECORD_BYTES_MAX + 1);
    let conditional = documents.conditional().expect("the store has conditional writes");
    write(&documents, vec![put("position", "0", &[])]).await;
    for (effect, position) in [(&*large, "a"), ("1", &*large)] {
        let writes = vec![put("small", "1", &[]), put("effect", effect, &[])];
        let refused = conditional.write_and_swap(writes, swap(Some("0"), position)).await;
        assert!(matches!(refused, Err(StorageError::TooLarge { .. })));
    }
    for key in ["small", "effect"] {
        assert_eq!(body(&documents, key).await, None, "{key}");
    }
    assert_eq!(body(&documents, "position").await.as_deref(), Some("0"));
}

/// Concurrent swaps: of several that expect the same document, one is applied.
pub async fn of_concurrent_swaps_one_is_applied(documents: Arc<dyn Documents>) {
    const RIVALS: usize = 8;
    let mut expected = Some("0".to_owned());
    write(&documents, vec![put("position", "0", &[])]).await;
    for round in 0..10 {
        let mut rivals = JoinSet::new();
        for rival in 0..RIVALS {
            let (documents, expected) = (Arc::clone(&documents), expected.clone());
            rivals.spawn(async move {
                let position = format!("{round}-{rival}");
                let is_applied = is_applied(
                    &documents,
                    vec![put(&format!("effect-{position}"), "1", &[])],
                    swap(expected.as_deref(), &position),
                );
                is_applied.await.then_some(position)
            });
        }
        let mut applied: Vec<_> = rivals.join_all().await.into_iter().flatten().collect();
        assert_eq!(applied.len(), 1, "{applied:?}");
        expected = applied.pop();
        assert_eq!(body(&documents, "position").await, expected);
        let found = documents.scan(&SHELVES, None, 1_024).await.expect("the store answers");
        assert_eq!(found.len(), round + 2, "the writes of one rival in each round");
    }
}
