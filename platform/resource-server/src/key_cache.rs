//! Cache of the keys of one issuer: fetched when they are first needed, refreshed by one request before they are old while all others go
//! on with them, used for a day when the issuer cannot be reached (stale-if-error), and fetched again, at most every half minute, when a
//! token names an unknown one.

use crate::{IssuerKeys, KeySource};
use kernel::{Clock, Timestamp};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};

/// Time for which keys are used whose source does not say.
const MAX_AGE_DEFAULT: Duration = Duration::from_mins(10);
/// Shortest time for which keys are used, whatever their source says.
const MAX_AGE_MIN: Duration = Duration::from_mins(1);
/// Longest time for which keys are used, also when their source cannot be reached.
const MAX_AGE_MAX: Duration = Duration::from_hours(24);
/// Cool-down between two fetches for the sake of unknown keys.
const UNKNOWN_KEY_COOL_DOWN: Duration = Duration::from_secs(30);
/// Cool-down after a fetch that failed, where there are no keys.
const FAILURE_COOL_DOWN: Duration = Duration::from_secs(5);
/// Cool-down after a refresh that failed: the keys that there are will do.
const REFRESH_COOL_DOWN: Duration = Duration::from_mins(1);

/// Keys in the cache.
#[derive(Debug)]
pub(crate) struct CachedKeys {
    pub(crate) issuer: IssuerKeys,
    /// Grows with each fetch that changed anything, so that what was verified by earlier keys can be told.
    pub(crate) generation: u64,
    refresh_at: Timestamp,
    usable_until: Timestamp,
}

/// Cache of the keys of one issuer.
#[derive(Debug)]
pub(crate) struct KeyCache {
    source: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
    state: Mutex<CacheState>,
    /// Held by the one fetch in flight.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct CacheState {
    keys: Option<Arc<CachedKeys>>,
    fetched_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
}

impl KeyCache {
    pub(crate) fn new(source: Arc<dyn KeySource>, clock: Arc<dyn Clock>) -> Self {
        let (state, fetching) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { source, clock, state, fetching }
    }

    /// The keys; none if there are none that may be used, and none can be had.
    pub(crate) async fn current(&self) -> Option<Arc<CachedKeys>> {
        let now = self.clock.now();
        if let Some(keys) = self.usable(now) {
            let is_due = now >= keys.refresh_at && !self.failed_within(REFRESH_COOL_DOWN, now);
            // One fetch in flight is enough.
            let Some(_fetching) = is_due.then(|| self.fetching.try_lock().ok()).flatten() else {
                return Some(keys);
            };
            self.fetch().await;
            return self.usable(now);
        }
        let _fetching = self.fetching.lock().await;
        // Another request may have fetched them meanwhile, or failed to.
        if self.usable(now).is_none() && !self.failed_within(FAILURE_COOL_DOWN, now) {
            self.fetch().await;
        }
        self.usable(now)
    }

    /// Newer keys than those of this generation, after a token named a key that is not among them; none within the cool-down.
    pub(crate) async fn newer(&self, generation: u64) -> Option<Arc<CachedKeys>> {
        let _fetching = self.fetching.lock().await;
        let now = self.clock.now();
        let is_newer = |keys: &Arc<CachedKeys>| keys.generation > generation;
        if let Some(keys) = self.usable(now).filter(is_newer) {
            return Some(keys);
        }
        let fetched_at = self.state.lock().fetched_at;
        if is_within(fetched_at, UNKNOWN_KEY_COOL_DOWN, now)
            || self.failed_within(FAILURE_COOL_DOWN, now)
        {
            return None;
        }
        self.fetch().await;
        self.usable(now).filter(is_newer)
    }

    fn usable(&self, now: Timestamp) -> Option<Arc<CachedKeys>> {
        self.state.lock().keys.clone().filter(|keys| now < keys.usable_until)
    }

    fn failed_within(&self, cool_down: Duration, now: Timestamp) -> bool {
        is_within(self.state.lock().failed_at, cool_down, now)
    }

    async fn fetch(&self) {
        let fetched = self.source.fetch().await;
        let now = self.clock.now();
        let mut state = self.state.lock();
        match fetched {
            Ok(issuer) => {
                (state.fetched_at, state.failed_at) = (Some(now), None);
                let before = state.keys.take();
                state.keys = Some(Arc::new(CachedKeys::at(now, issuer, before.as_deref())));
            }
            Err(error) => {
                tracing::warn!(%error, "the keys of an issuer of tokens could not be fetched");
                state.failed_at = Some(now);
            }
        }
    }
}

impl CachedKeys {
    fn at(now: Timestamp, issuer: IssuerKeys, before: Option<&Self>) -> Self {
        let generation = match before {
            Some(before)
                if before.issuer.keys == issuer.keys && before.issuer.issuer == issuer.issuer =>
            {
                before.generation
            }
            Some(before) => before.generation + 1,
            None => 0,
        };
        let max_age = issuer.max_age.unwrap_or(MAX_AGE_DEFAULT).clamp(MAX_AGE_MIN, MAX_AGE_MAX);
        // A little early, so that they are never missing.
        let refresh_at = after(now, max_age.mul_f64(0.8));
        Self { issuer, generation, refresh_at, usable_until: after(now, MAX_AGE_MAX) }
    }
}

fn after(time: Timestamp, duration: Duration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

fn is_within(since: Option<Timestamp>, duration: Duration, now: Timestamp) -> bool {
    since.is_some_and(|since| now < after(since, duration))
}
