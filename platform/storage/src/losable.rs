//! Losable values: what a service can do without, and therefore need not be kept where its events are.

use crate::{Commit, KeyValue, StorageError};
use async_trait::async_trait;
use bytes::Bytes;
use kernel::Timestamp;
use std::{ops::Deref, sync::Arc};

/// Key-value store of values that may be lost at any time: caches that fill again, and limits that start anew. The owner of a value says so
/// by asking for this store; whatever must not be lost (stored responses, secrets, sessions, what may happen only once) is in the
/// service's [`KeyValue`] store, which is always in the engine of the journal.
///
/// A value may also turn up again as it was before an outage, so that an owner sets an expiry or finds out what is outdated. Whoever sets
/// expiries sweeps.
#[derive(Clone, Debug)]
pub struct LosableValues(Arc<dyn KeyValue>);

impl LosableValues {
    /// Losable values in this store.
    pub fn new(values: Arc<dyn KeyValue>) -> Self {
        Self(values)
    }

    /// Losable values in this store and, while it is unavailable, in another one.
    #[must_use]
    pub fn with_fallback(values: Arc<dyn KeyValue>, fallback: Arc<dyn KeyValue>) -> Self {
        Self(Arc::new(FallbackValues { values, fallback }))
    }
}

impl Deref for LosableValues {
    type Target = dyn KeyValue;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// Store with another one for when it is unavailable.
#[derive(Debug)]
struct FallbackValues {
    values: Arc<dyn KeyValue>,
    fallback: Arc<dyn KeyValue>,
}

fn is_unavailable<T>(answer: &Result<T, StorageError>) -> bool {
    matches!(answer, Err(StorageError::Unavailable(_)))
}

#[async_trait]
impl KeyValue for FallbackValues {
    async fn value(&self, key: &str, now: Timestamp) -> Result<Option<Bytes>, StorageError> {
        match self.values.value(key, now).await {
            answer if is_unavailable(&answer) => self.fallback.value(key, now).await,
            answer => answer,
        }
    }

    async fn put(
        &self,
        key: &str,
        value: Bytes,
        expires_at: Option<Timestamp>,
    ) -> Result<Commit, StorageError> {
        match self.values.put(key, value.clone(), expires_at).await {
            answer if is_unavailable(&answer) => self.fallback.put(key, value, expires_at).await,
            answer => answer,
        }
    }

    async fn remove(&self, key: &str) -> Result<Commit, StorageError> {
        match self.values.remove(key).await {
            answer if is_unavailable(&answer) => self.fallback.remove(key).await,
            answer => answer,
        }
    }

    async fn add(
        &self,
        key: &str,
        by: i64,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<i64, StorageError> {
        match self.values.add(key, by, now, expires_at).await {
            answer if is_unavailable(&answer) => self.fallback.add(key, by, now, expires_at).await,
            answer => answer,
        }
    }

    /// Sweeps both: the other one has what was written during an outage.
    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StorageError> {
        let swept = match self.values.sweep(now, limit).await {
            answer if is_unavailable(&answer) => 0,
            answer => answer?,
        };
        Ok(swept + self.fallback.sweep(now, limit - swept).await?)
    }
}
