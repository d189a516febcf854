//! Key-value store port: small values with an expiry (TTL), and atomic counters.

use crate::{Commit, StorageError};
use async_trait::async_trait;
use bytes::Bytes;
use kernel::Timestamp;

/// Key-value store of one service.
///
/// In contrast to documents, a value is visible to the next read at once, before its flush (read-your-writes); a read of an
/// unflushed value adds its commit to the running [durability scope](crate::durability). A value is expired, and no read
/// returns it, from the moment `expires_at <= now`, whether or not it was swept. Times count in whole microseconds.
///
/// The suite that every engine passes is [`key_value_conformance!`](crate::key_value_conformance).
///
/// # Errors
///
/// All methods answer with these variants of [`StorageError`]:
///
/// * `Unavailable`: the engine is closed, its last flush failed, or its queue of unflushed writes is full.
/// * `Full` (writing methods): the disk has reached its reserve.
/// * `TooLarge` (`put`): the value exceeds [`crate::RECORD_BYTES_MAX`].
/// * `Corrupt`: the stored value cannot be read; for `add`, also that it is not a decimal number.
///
/// ```
/// use engine_memory::MemoryEngine;
/// use kernel::Timestamp;
/// use storage::StorageError;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), StorageError> {
/// let values = MemoryEngine::new().service("example").key_value;
/// let second = |second| Timestamp::from_second(second).expect("it is within range");
///
/// values.put("token", "abc".into(), Some(second(60))).await?;
/// assert_eq!(values.value("token", second(59)).await?.as_deref(), Some(&b"abc"[..]));
/// assert_eq!(values.value("token", second(60)).await?, None, "expired");
///
/// // A fixed-window counter: the window ends 60 seconds after its first hit.
/// assert_eq!(values.add("hits", 1, second(0), Some(second(60))).await?, 1);
/// assert_eq!(values.add("hits", 1, second(59), Some(second(119))).await?, 2);
/// assert_eq!(values.add("hits", 1, second(60), Some(second(120))).await?, 1);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait KeyValue: Send + Sync + std::fmt::Debug {
    /// Looks up the value of `key`; `None` when there is none, or when it has expired at `now`.
    async fn value(&self, key: &str, now: Timestamp) -> Result<Option<Bytes>, StorageError>;

    /// Sets a value that expires at `expires_at`, or never.
    async fn put(
        &self,
        key: &str,
        value: Bytes,
        expires_at: Option<Timestamp>,
    ) -> Result<Commit, StorageError>;

    /// Removes a value. Removing a key that does not exist is no error.
    async fn remove(&self, key: &str) -> Result<Commit, StorageError>;

    /// Adds `by` to the counter `key` atomically, and returns the sum; the sum saturates at the ends of `i64`. A counter
    /// that does not exist, or has expired at `now`, begins at 0 and takes over `expires_at`; an existing one keeps its own
    /// expiry. The commit of the sum is added to the running durability scope.
    async fn add(
        &self,
        key: &str,
        by: i64,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<i64, StorageError>;

    /// Deletes up to `limit` values that have expired at `now`; returns how many.
    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StorageError>;
}
