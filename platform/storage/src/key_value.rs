//! Key-value: small values with an expiry, and counters.

use crate::{Commit, StorageError};
use async_trait::async_trait;
use bytes::Bytes;
use kernel::Timestamp;

/// A service's own small values.
///
/// Unlike documents, a value is visible to the next read at once, before its flush; the read touches the scope.
/// A value whose time has come (`expires_at <= now`) is not there, whether or not somebody swept it. Times count in whole
/// microseconds.
#[async_trait]
pub trait KeyValue: Send + Sync + std::fmt::Debug {
    /// The value of `key` at `now`.
    async fn value(&self, key: &str, now: Timestamp) -> Result<Option<Bytes>, StorageError>;

    /// Sets a value, for good or until `expires_at`.
    async fn put(
        &self,
        key: &str,
        value: Bytes,
        expires_at: Option<Timestamp>,
    ) -> Result<Commit, StorageError>;

    /// Removes a value. Removing nothing is no error.
    async fn remove(&self, key: &str) -> Result<Commit, StorageError>;

    /// Adds `by` to the counter `key` (0 when it is not there) in one step, and returns the sum.
    /// `expires_at` counts for a counter that begins here; one that is there keeps its own. The sum touches the scope.
    async fn add(
        &self,
        key: &str,
        by: i64,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<i64, StorageError>;

    /// Forgets up to `limit` values whose time has come; returns how many.
    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StorageError>;
}
