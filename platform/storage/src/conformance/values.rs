//! Conformance checks of key-value pairs and counters.

use crate::{KeyValue, RECORD_BYTES_MAX, StorageError};
use bytes::Bytes;
use kernel::Timestamp;
use std::sync::Arc;

/// Time of the tests: `second` seconds after 2026-01-01 00:00 UTC.
pub(super) fn second(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).expect("the time is within range")
}

pub(super) fn just_before(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond() - 1).expect("the time is within range")
}

async fn value(values: &Arc<dyn KeyValue>, key: &str, now: Timestamp) -> Option<String> {
    let value = values.value(key, now).await.expect("the store answers");
    value
        .map(|value| String::from_utf8(value.to_vec()).expect("the value is the text that was put"))
}

/// Writes a value and waits for its flush.
async fn put(values: &Arc<dyn KeyValue>, key: &str, value: &str, expires_at: Option<Timestamp>) {
    let value = Bytes::copy_from_slice(value.as_bytes());
    let commit = values.put(key, value, expires_at).await.expect("the value is accepted");
    commit.wait().await.expect("the value is flushed");
}

/// Read-your-writes: a value is visible before its flush and after it, and can be overwritten.
pub async fn a_value_is_visible_before_and_after_its_flush(values: Arc<dyn KeyValue>) {
    assert_eq!(value(&values, "one", second(0)).await, None);
    for round in 0..50 {
        let text = format!("значение {round}");
        let commit = values
            .put("one", Bytes::from(text.clone()), None)
            .await
            .expect("the value is accepted");
        assert_eq!(value(&values, "one", second(0)).await.as_ref(), Some(&text));
        commit.wait().await.expect("the value is flushed");
        assert_eq!(value(&values, "one", second(0)).await.as_ref(), Some(&text));
    }
    put(&values, "", "", None).await;
    assert_eq!(value(&values, "", second(0)).await.as_deref(), Some(""));
}

/// Expiry: the bound is exact, whether or not the value is flushed.
pub async fn a_value_expires_at_its_time_and_not_before(values: Arc<dyn KeyValue>) {
    let at = second(60);
    let commit =
        values.put("one", Bytes::from_static(b"1"), Some(at)).await.expect("the value is accepted");
    for _ in 0..2 {
        assert_eq!(value(&values, "one", just_before(at)).await.as_deref(), Some("1"));
        assert_eq!(value(&values, "one", at).await, None);
        assert_eq!(value(&values, "one", second(61)).await, None);
        commit.wait().await.expect("the value is flushed");
    }
    put(&values, "one", "2", None).await;
    assert_eq!(value(&values, "one", second(99_999)).await.as_deref(), Some("2"));
}

/// Removal of flushed values, of unflushed values, and of keys that do not exist.
pub async fn a_removed_value_is_gone_at_once(values: Arc<dyn KeyValue>) {
    values
        .remove("never")
        .await
        .expect("removing nothing is no error")
        .wait()
        .await
        .expect("it is flushed");
    put(&values, "one", "1", None).await;
    let commit = values.remove("one").await.expect("it is removed");
    assert_eq!(value(&values, "one", second(0)).await, None);
    commit.wait().await.expect("it is flushed");
    assert_eq!(value(&values, "one", second(0)).await, None);

    let _put =
        values.put("two", Bytes::from_static(b"2"), None).await.expect("the value is accepted");
    let removed = values.remove("two").await.expect("it is removed");
    assert_eq!(value(&values, "two", second(0)).await, None);
    removed.wait().await.expect("it is flushed");
    assert_eq!(value(&values, "two", second(0)).await, None);
}

/// Counter expiry: set by the first addition; later ones do not move it.
pub async fn an_expired_counter_starts_again_at_zero(values: Arc<dyn KeyValue>) {
    let add = async |by, now, until| {
        values.add("hits", by, now, Some(until)).await.expect("the store answers")
    };
    assert_eq!(add(1, second(0), second(60)).await, 1);
    assert_eq!(add(2, second(30), second(90)).await, 3);
    assert_eq!(add(1, just_before(second(60)), second(120)).await, 4);
    assert_eq!(add(1, second(60), second(120)).await, 1);
    assert_eq!(add(-5, second(61), second(120)).await, -4);
    put(&values, "flush", "", None).await;
    assert_eq!(add(1, second(119), second(300)).await, -3);
    assert_eq!(add(1, second(120), second(300)).await, 1);
}

/// Counter as a value: it can be read, set and removed; text that is not a number cannot be added to.
pub async fn a_counter_is_an_ordinary_value(values: Arc<dyn KeyValue>) {
    assert_eq!(values.add("count", 41, second(0), None).await.expect("the store answers"), 41);
    assert_eq!(value(&values, "count", second(0)).await.as_deref(), Some("41"));
    put(&values, "count", "7", None).await;
    assert_eq!(values.add("count", 1, second(0), None).await.expect("the store answers"), 8);
    let _ = values.remove("count").await.expect("it is removed");
    assert_eq!(values.add("count", 1, second(0), None).await.expect("the store answers"), 1);
    put(&values, "word", "blue", None).await;
    let refused = values.add("word", 1, second(0), None).await;
    assert!(matches!(refused, Err(StorageError::Corrupt(_))), "{refused:?}");
    assert_eq!(value(&values, "word", second(0)).await.as_deref(), Some("blue"));
}

/// Sweep: deletes at most `limit` expired values, and keeps one that was set again.
pub async fn a_sweep_is_bounded_and_deletes_only_expired_values(values: Arc<dyn KeyValue>) {
    for number in 0..10 {
        put(&values, &format!("old-{number}"), "x", Some(second(10))).await;
    }
    put(&values, "later", "x", Some(second(11))).await;
    put(&values, "for good", "x", None).await;
    put(&values, "old-3", "set again", Some(second(100))).await;
    let sweep = async |limit| {
        let swept = values.sweep(second(10), limit).await.expect("the store answers");
        put(&values, "flush", "", None).await;
        swept
    };
    assert_eq!(sweep(4).await, 4);
    assert_eq!(sweep(100).await, 5);
    assert_eq!(sweep(100).await, 0);
    assert_eq!(value(&values, "old-3", second(10)).await.as_deref(), Some("set again"));
    assert_eq!(value(&values, "later", second(10)).await.as_deref(), Some("x"));
    assert_eq!(value(&values, "for good", second(10)).await.as_deref(), Some("x"));
    // Deleted, not merely hidden: a read at an earlier time does not find it either.
    assert_eq!(value(&values, "old-1", second(0)).await, None);
}

/// Size limit: a value above it is refused.
pub async fn a_value_that_is_too_large_is_refused(values: Arc<dyn KeyValue>) {
    let refused = values.put("large", Bytes::from(vec![0; RECORD_BYTES_MAX + 1]), None).await;
    assert!(matches!(refused, Err(StorageError::TooLarge { .. })), "{refused:?}");
    assert_eq!(values.value("large", second(0)).await.expect("the store answers"), None);
}
