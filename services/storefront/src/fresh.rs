//! A value that is fetched again when it has grown old, and kept when it cannot be fetched.

use kernel::Timestamp;
use parking_lot::Mutex;
use std::sync::Arc;
use transport::CallError;

/// What was fetched last, and when.
#[derive(Debug)]
pub(crate) struct Fresh<T> {
    kept: Mutex<Option<(Timestamp, Arc<T>)>>,
    seconds_max: i64,
}

impl<T> Fresh<T> {
    /// A value that is fetched again after so many seconds.
    pub(crate) fn for_seconds(seconds_max: i64) -> Self {
        Self { kept: Mutex::new(None), seconds_max }
    }

    /// The value, at most as old as allowed; an older one if fetching fails. While it is being fetched, others go
    /// on with the old one.
    pub(crate) async fn read(
        &self,
        now: Timestamp,
        fetch: impl Future<Output = Result<T, CallError>>,
    ) -> Result<Arc<T>, CallError> {
        let old = {
            let mut kept = self.kept.lock();
            match &mut *kept {
                Some((since, value)) => {
                    let age = now.as_second().saturating_sub(since.as_second());
                    if (0..self.seconds_max).contains(&age) {
                        return Ok(Arc::clone(value));
                    }
                    *since = now;
                    Some(Arc::clone(value))
                }
                None => None,
            }
        };
        match (fetch.await, old) {
            (Ok(value), _) => {
                let value = Arc::new(value);
                *self.kept.lock() = Some((now, Arc::clone(&value)));
                Ok(value)
            }
            (Err(_), Some(old)) => Ok(old),
            (Err(error), None) => Err(error),
        }
    }

    /// Whatever is there, however old.
    pub(crate) fn peek(&self) -> Option<Arc<T>> {
        self.kept.lock().as_ref().map(|(_, value)| Arc::clone(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> CallError {
        CallError::Unavailable { service: "product-service", reason: "gone".to_owned() }
    }

    #[tokio::test]
    async fn a_value_is_fetched_again_when_it_is_old_and_kept_when_it_cannot_be() {
        let fresh = Fresh::for_seconds(30);
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(fresh.read(at(0), async { Err(failed()) }).await.is_err());
        assert_eq!(*fresh.read(at(1), async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(*fresh.read(at(30), async { Ok(2) }).await.unwrap(), 1);
        assert_eq!(*fresh.read(at(31), async { Ok(2) }).await.unwrap(), 2);
        assert_eq!(*fresh.read(at(99), async { Err(failed()) }).await.unwrap(), 2);
        assert_eq!(*fresh.read(at(140), async { Ok(3) }).await.unwrap(), 3);
        // A clock that was set back does not keep a value for ever.
        assert_eq!(*fresh.read(at(10), async { Ok(4) }).await.unwrap(), 4);
    }
}
