//! Cache of the keys of one issuer: fetched when they are first needed, refreshed in the background before they are old, while all
//! requests go on with them, used for a day when the issuer cannot be reached (stale-if-error), and fetched again, at most every half
//! minute, when a token names an unknown one. A fetch is a task of its own: it ends also when the request that began it does not wait
//! any longer, and whoever needs its result waits for the same one.

use crate::{IssuerKeys, KeySource, KeySourceError};
use kernel::{Clock, Timestamp};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinSet, time::timeout};

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

/// Longest fetch, whatever its source does.
const FETCH_TIME_MAX: Duration = Duration::from_secs(15);

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
    shared: Arc<SharedCache>,
    /// The fetch in flight; it ends with the cache.
    fetches: Mutex<JoinSet<()>>,
}

/// What requests and fetches share.
#[derive(Debug)]
struct SharedCache {
    source: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
    state: Mutex<CacheState>,
}

#[derive(Debug, Default)]
struct CacheState {
    keys: Option<Arc<CachedKeys>>,
    fetched_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
    /// Closed when the fetch in flight has ended.
    in_flight: Option<watch::Receiver<()>>,
}

impl KeyCache {
    pub(crate) fn new(source: Arc<dyn KeySource>, clock: Arc<dyn Clock>) -> Self {
        let shared = Arc::new(SharedCache { source, clock, state: Mutex::default() });
        Self { shared, fetches: Mutex::default() }
    }

    /// The keys; none if there are none that may be used, and none can be had.
    pub(crate) async fn current(&self) -> Option<Arc<CachedKeys>> {
        let now = self.shared.clock.now();
        if let Some(keys) = self.shared.state.lock().usable(now) {
            if now < keys.refresh_at {
                return Some(keys);
            }
        } else {
            self.fetched_if(|state| {
                state.usable(now).is_none() && !is_within(state.failed_at, FAILURE_COOL_DOWN, now)
            })
            .await;
            return self.shared.state.lock().usable(self.shared.clock.now());
        }
        // Nobody waits for a refresh.
        let _refresh = self.begin_if(|state| {
            let is_due = state.keys.as_ref().is_some_and(|keys| now >= keys.refresh_at);
            is_due && !is_within(state.failed_at, REFRESH_COOL_DOWN, now)
        });
        self.shared.state.lock().usable(now)
    }

    /// Newer keys than those of this generation, after a token named a key that is not among them; none within the cool-down.
    pub(crate) async fn newer(&self, generation: u64) -> Option<Arc<CachedKeys>> {
        let now = self.shared.clock.now();
        let is_newer = |keys: &Arc<CachedKeys>| keys.generation > generation;
        let is_old = |keys: Arc<CachedKeys>| !is_newer(&keys);
        self.fetched_if(|state| {
            state.usable(now).is_none_or(is_old)
                && !is_within(state.fetched_at, UNKNOWN_KEY_COOL_DOWN, now)
                && !is_within(state.failed_at, FAILURE_COOL_DOWN, now)
        })
        .await;
        self.shared.state.lock().usable(self.shared.clock.now()).filter(is_newer)
    }

    /// Waits for the fetch in flight, or for a new one if it is wanted.
    async fn fetched_if(&self, is_wanted: impl FnOnce(&CacheState) -> bool) {
        if let Some(mut fetch) = self.begin_if(is_wanted) {
            // An error, since the fetch drops its sender when it ends.
            let _ = fetch.changed().await;
        }
    }

    /// The fetch in flight, or a new one if it is wanted.
    fn begin_if(&self, is_wanted: impl FnOnce(&CacheState) -> bool) -> Option<watch::Receiver<()>> {
        let mut state = self.shared.state.lock();
        if let Some(fetch) = state.in_flight.as_ref().filter(|it| it.has_changed().is_ok()) {
            return Some(fetch.clone());
        }
        if !is_wanted(&state) {
            return None;
        }
        let (ended, fetch) = watch::channel(());
        state.in_flight = Some(fetch.clone());
        drop(state);
        let shared = Arc::clone(&self.shared);
        let mut fetches = self.fetches.lock();
        // Frees the entries of fetches that have ended.
        while fetches.try_join_next().is_some() {}
        fetches.spawn(async move {
            shared.fetch().await;
            drop(ended);
        });
        Some(fetch)
    }
}

impl SharedCache {
    async fn fetch(&self) {
        let late = |_| Err(KeySourceError("its answer takes too long".to_owned()));
        let fetched = timeout(FETCH_TIME_MAX, self.source.fetch()).await.unwrap_or_else(late);
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

impl CacheState {
    fn usable(&self, now: Timestamp) -> Option<Arc<CachedKeys>> {
        self.keys.clone().filter(|keys| now < keys.usable_until)
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
