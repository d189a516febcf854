//! Cache of the keys that clients publish themselves (`jwks_uri`): fetched when they are needed, by one request for all, and used for a
//! day while others cannot be had (stale-if-error). The cache of the resource server does the same for the one key set of an issuer it
//! trusts, and counts its generations; this one is for many addresses, in a bounded space, and a key that is missing is looked for sooner.

use jose::JwkSet;
use kernel::Ids;
use lru::LruCache;
use outbound::Fetcher;
use parking_lot::Mutex;
use std::{fmt, num::NonZeroUsize, sync::Arc};

/// Seconds for which a fetched set is used without a look whether it changed.
const FRESH_SECONDS: i64 = 300;
/// Seconds for which a fetched set is used while another cannot be had.
const STALE_SECONDS_MAX: i64 = 86_400;
/// Seconds between two fetches from one address, whatever tokens say about keys.
const PAUSE_SECONDS: i64 = 10;
/// Most sets that are kept.
const SETS_MAX: NonZeroUsize = NonZeroUsize::new(1_000).expect("it is not zero");

/// What is known of an address.
#[derive(Clone, Debug, Default)]
struct Known {
    keys: Arc<JwkSet>,
    fetched_at: Option<i64>,
    tried_at: Option<i64>,
}

/// Address with its keys.
#[derive(Debug, Default)]
struct Entry {
    known: Mutex<Known>,
    /// Held while the keys are fetched, so that one request fetches them for all.
    fetching: tokio::sync::Mutex<()>,
}

/// Key sets at addresses that clients registered.
pub(crate) struct RemoteKeys {
    fetcher: Fetcher,
    ids: Ids,
    entries: Mutex<LruCache<String, Arc<Entry>>>,
}

impl RemoteKeys {
    pub(crate) fn new(fetcher: Fetcher, ids: &Ids) -> Self {
        Self { fetcher, ids: ids.clone(), entries: Mutex::new(LruCache::new(SETS_MAX)) }
    }

    /// Keys at an address, with the one that a token names if it is there. The set is empty if nothing can be had.
    pub(crate) async fn at(&self, uri: &str, kid: Option<&str>) -> Arc<JwkSet> {
        let entry = Arc::clone(self.entries.lock().get_or_insert(uri.to_owned(), Arc::default));
        let (known, now) = (entry.known.lock().clone(), self.ids.now().as_second());
        let is_due = known.is_fetch_due(kid, now);
        let _fetching = match (known.usable(now), entry.fetching.try_lock()) {
            // With what is known this request can go on, also while another one fetches.
            (Some(keys), _) if !is_due => return keys,
            (Some(keys), Err(_)) => return keys,
            (_, Ok(guard)) => guard,
            (None, Err(_)) => entry.fetching.lock().await,
        };
        let now = self.ids.now().as_second();
        let is_due = entry.known.lock().is_fetch_due(kid, now);
        if is_due {
            entry.known.lock().tried_at = Some(now);
            let fetched = self.fetcher.get(uri).await.ok();
            if let Some(keys) = fetched.and_then(|body| JwkSet::parse(&body).ok()).map(Arc::new) {
                *entry.known.lock() = Known { keys, fetched_at: Some(now), tried_at: Some(now) };
            }
        }
        let known = entry.known.lock().clone();
        known.usable(now).unwrap_or_default()
    }
}

impl Known {
    /// The set, unless it is older than one may be that cannot be had anew.
    fn usable(&self, now: i64) -> Option<Arc<JwkSet>> {
        is_within(self.fetched_at, STALE_SECONDS_MAX, now).then(|| Arc::clone(&self.keys))
    }

    /// Whether the set is to be fetched: because it is old, or because it lacks the key that a token names.
    fn is_fetch_due(&self, kid: Option<&str>, now: i64) -> bool {
        let has_key =
            kid.is_none_or(|kid| self.keys.keys().iter().any(|key| key.kid() == Some(kid)));
        let is_good = is_within(self.fetched_at, FRESH_SECONDS, now) && has_key;
        !is_good && !is_within(self.tried_at, PAUSE_SECONDS, now)
    }
}

fn is_within(time: Option<i64>, seconds: i64, now: i64) -> bool {
    time.is_some_and(|time| now.saturating_sub(time) < seconds)
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RemoteKeys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jose::{Algorithm, SigningKey};
    use kernel::{ManualClock, SeededRandomness, Timestamp};
    use outbound::{FetchLimits, Reach};
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        task::JoinSet,
    };

    fn key_set(seed: u64) -> JwkSet {
        let key = SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(seed)).unwrap();
        JwkSet::new(vec![key.public().clone()])
    }

    /// Client that publishes keys: its address, and how often they were fetched.
    struct Publisher {
        uri: String,
        fetches: Arc<AtomicUsize>,
        set: Arc<Mutex<Option<JwkSet>>>,
        _server: JoinSet<()>,
    }

    impl Publisher {
        async fn start() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let uri = format!("http://{}/jwks", listener.local_addr().unwrap());
            let fetches = Arc::new(AtomicUsize::new(0));
            let set = Arc::new(Mutex::new(None::<JwkSet>));
            let (counted, published) = (Arc::clone(&fetches), Arc::clone(&set));
            let mut server = JoinSet::new();
            server.spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let _ = stream.read(&mut [0; 1024]).await;
                    let body = published.lock().as_ref().map(|set| set.to_json().to_string());
                    let status = if body.is_some() { "200 OK" } else { "500 Broken" };
                    let body = body.unwrap_or_default();
                    let length = body.len();
                    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n");
                    let _ = stream.write_all((head + &body).as_bytes()).await;
                }
            });
            Self { uri, fetches, set, _server: server }
        }

        fn publish(&self, set: Option<JwkSet>) {
            *self.set.lock() = set;
        }

        fn fetches(&self) -> usize {
            self.fetches.load(Ordering::SeqCst)
        }
    }

    fn remote_keys() -> (RemoteKeys, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
        let time_max = Duration::from_secs(5);
        let limits = FetchLimits { bytes_max: 10_000, time_max, redirects_max: 0 };
        let fetcher = Fetcher::new("tests/1.0", "*/*", limits, Reach::PublicAndLoopback);
        (RemoteKeys::new(fetcher, &ids), clock)
    }

    #[tokio::test]
    async fn a_set_is_fetched_once_for_all_and_again_when_it_is_old_or_lacks_a_key() {
        let (publisher, (keys, clock)) = (Publisher::start().await, remote_keys());
        let first = key_set(1);
        publisher.publish(Some(first.clone()));
        let kid = first.keys()[0].thumbprint();
        let (one, other) =
            tokio::join!(keys.at(&publisher.uri, None), keys.at(&publisher.uri, None));
        assert_eq!((&*one, &*other, publisher.fetches()), (&first, &first, 1));
        publisher.publish(Some(key_set(2)));
        let new = key_set(2).keys()[0].thumbprint();
        assert_eq!(*keys.at(&publisher.uri, Some(&new)).await, first, "asked for just now");
        clock.advance(Duration::from_secs(10));
        assert_eq!(*keys.at(&publisher.uri, Some("other")).await, key_set(2));
        assert_eq!(publisher.fetches(), 2);
        for number in 0..20 {
            keys.at(&publisher.uri, Some(&format!("unknown-{number}"))).await;
        }
        assert_eq!(publisher.fetches(), 2, "a storm of unknown keys");
        assert_eq!(*keys.at(&publisher.uri, Some(&kid)).await, key_set(2));
        clock.advance(Duration::from_mins(5));
        keys.at(&publisher.uri, Some(&new)).await;
        assert_eq!(publisher.fetches(), 3, "old");
    }

    #[tokio::test]
    async fn a_set_is_kept_for_a_day_while_its_address_does_not_answer() {
        let (publisher, (keys, clock)) = (Publisher::start().await, remote_keys());
        assert!(keys.at(&publisher.uri, None).await.keys().is_empty(), "it does not answer yet");
        publisher.publish(Some(key_set(1)));
        assert!(keys.at(&publisher.uri, None).await.keys().is_empty(), "asked for just now");
        clock.advance(Duration::from_secs(10));
        assert_eq!(*keys.at(&publisher.uri, None).await, key_set(1));
        publisher.publish(None);
        clock.advance(Duration::from_secs(86_399));
        assert_eq!(*keys.at(&publisher.uri, None).await, key_set(1));
        clock.advance(Duration::from_secs(10));
        assert!(keys.at(&publisher.uri, None).await.keys().is_empty());
        assert!(keys.at(&publisher.uri, None).await.keys().is_empty(), "also between two fetches");
    }
}
