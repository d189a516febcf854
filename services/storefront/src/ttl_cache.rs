//! TTL cache for a single value, with stale-while-revalidate and stale-if-error.

use kernel::Timestamp;
use parking_lot::Mutex;
use std::sync::Arc;
use transport::CallError;

/// TTL cache for a single value.
#[derive(Debug)]
pub(crate) struct TtlCache<T> {
    /// The value, and when it was fetched or last began to be fetched again.
    entry: Mutex<Option<(Timestamp, Arc<T>)>>,
    ttl_seconds: i64,
}

impl<T> TtlCache<T> {
    /// Empty cache whose value expires after `ttl_seconds`.
    pub(crate) fn new(ttl_seconds: i64) -> Self {
        Self { entry: Mutex::new(None), ttl_seconds }
    }

    /// The cached value, or a newly fetched one when it has expired. The stale value is returned when fetching fails,
    /// and to other callers while one caller fetches.
    ///
    /// # Errors
    /// The error of `fetch`, when there is no stale value.
    pub(crate) async fn get_or_fetch(
        &self,
        now: Timestamp,
        fetch: impl Future<Output = Result<T, CallError>>,
    ) -> Result<Arc<T>, CallError> {
        let stale = {
            let mut entry = self.entry.lock();
            match &mut *entry {
                Some((since, value)) => {
                    let age = now.as_second().saturating_sub(since.as_second());
                    if (0..self.ttl_seconds).contains(&age) {
                        return Ok(Arc::clone(value));
                    }
                    *since = now;
                    Some(Arc::clone(value))
                }
                None => None,
            }
        };
        match (fetch.await, stale) {
            (Ok(value), _) => {
                let value = Arc::new(value);
                *self.entry.lock() = Some((now, Arc::clone(&value)));
                Ok(value)
            }
            (Err(_), Some(stale)) => Ok(stale),
            (Err(error), None) => Err(error),
        }
    }

    /// The cached value, even if it has expired.
    pub(crate) fn peek(&self) -> Option<Arc<T>> {
        self.entry.lock().as_ref().map(|(_, value)| Arc::clone(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unavailable() -> CallError {
        CallError::Unavailable { service: "product-service", reason: "gone".to_owned() }
    }

    #[tokio::test]
    async fn an_expired_value_is_fetched_again_and_kept_when_fetching_fails() {
        let cache = TtlCache::new(30);
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(cache.get_or_fetch(at(0), async { Err(unavailable()) }).await.is_err());
        assert_eq!(*cache.get_or_fetch(at(1), async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(*cache.get_or_fetch(at(30), async { Ok(2) }).await.unwrap(), 1);
        assert_eq!(*cache.get_or_fetch(at(31), async { Ok(2) }).await.unwrap(), 2);
        assert_eq!(*cache.get_or_fetch(at(99), async { Err(unavailable()) }).await.unwrap(), 2);
        assert_eq!(*cache.get_or_fetch(at(140), async { Ok(3) }).await.unwrap(), 3);
        // A clock that was set back does not keep a value for ever.
        assert_eq!(*cache.get_or_fetch(at(10), async { Ok(4) }).await.unwrap(), 4);
    }
}
