//! A server that knows neither `NOTIFY` nor advisory locks, as some that speak the protocol of `PostgreSQL` do: nothing that must be right
//! depends on them.

use crate::{
    processes::{append, opened},
    server::{Database, SERVICES},
};
use engine_postgres::{PostgresEngine, PostgresLease, PostgresOptions, migrate};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use storage::Lease;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

const EVENTS: u64 = 30;
const TIMEOUT: Duration = Duration::from_mins(1);
/// Words that a statement needs, with others of their length, which no server knows.
const UNKNOWN: [(&[u8], &[u8]); 3] = [
    (b"NOTIFY icommerce", b"NOTIFX icommerce"),
    (b"LISTEN icommerce", b"LISTEX icommerce"),
    (b"advisory", b"advisorx"),
];

/// Proxy before a server that makes these words unknown to it, and counts how often.
struct Proxy {
    url: String,
    counts: Arc<[AtomicUsize; UNKNOWN.len()]>,
    _running: JoinSet<()>,
}

impl Proxy {
    async fn before(database: &Database) -> Self {
        let url = database.url();
        let (begin, name) = url.rsplit_once('/').unwrap();
        let (scheme, server) = begin.rsplit_once('@').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = format!("{scheme}@{}/{name}", listener.local_addr().unwrap());
        let (counts, mut running) =
            (Arc::<[AtomicUsize; UNKNOWN.len()]>::default(), JoinSet::new());
        let (server, counting) = (server.to_owned(), Arc::clone(&counts));
        running.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (server, counts) = (server.clone(), Arc::clone(&counting));
                connections.spawn(async move {
                    let server = TcpStream::connect(&server).await.unwrap();
                    let (of_server, to_server) = server.into_split();
                    let (of_client, to_client) = client.into_split();
                    let one = pass(of_client, to_server, Some(&*counts));
                    tokio::join!(one, pass(of_server, to_client, None));
                });
            }
        });
        Self { url: own, counts, _running: running }
    }

    fn count(&self, word: usize) -> usize {
        self.counts[word].load(Relaxed)
    }

    fn options(&self) -> PostgresOptions {
        let mut options = PostgresOptions::new(&self.url).unwrap();
        options.poll_interval = Duration::from_millis(20);
        options.hints = true;
        options
    }
}

/// Passes bytes on until either side is gone. What the client sends at once arrives at once, so a word is in one piece.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    counts: Option<&[AtomicUsize; UNKNOWN.len()]>,
) {
    let mut buffer = vec![0; 256 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let bytes = &mut buffer[..count];
        for ((known, unknown), count) in UNKNOWN.iter().zip(counts.into_iter().flatten()) {
            while let Some(at) = bytes.windows(known.len()).position(|window| window == *known) {
                bytes[at..at + known.len()].copy_from_slice(unknown);
                count.fetch_add(1, Relaxed);
            }
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_depends_on_notify_or_advisory_locks() {
    let database = Database::empty();
    let proxy = Proxy::before(&database).await;
    migrate(&proxy.options(), "postgres", &SERVICES).await.unwrap();

    let lease = PostgresLease::open(proxy.options(), &SERVICES).await.unwrap();
    let seen = lease.state().await.unwrap();
    let epoch = lease.take(&seen, "one").await.unwrap().unwrap();
    assert!(lease.take(&seen, "other").await.unwrap().is_none());
    lease.release(&epoch).await.unwrap();

    let shared = || {
        let mut options = proxy.options();
        options.shared_services = SERVICES.to_vec();
        options
    };
    let (one, other) = (opened(shared()).await, opened(shared()).await);
    let journal = |engine: &PostgresEngine| engine.service("warehouse").unwrap().journal;
    for number in 0..EVENTS {
        journal(&one).append(append(number)).await.unwrap();
        // The follower polls; no hint comes.
        tokio::time::timeout(TIMEOUT, journal(&other).wait_beyond(number)).await.unwrap();
    }
    assert_eq!(journal(&other).follow(0, 100).await.unwrap().len() as u64, EVENTS);
    one.close().await;
    other.close().await;
    assert!(proxy.count(0) > 0 && proxy.count(1) > 0, "it was tried: {:?}", proxy.counts);
    assert_eq!(proxy.count(2), 0, "no statement takes an advisory lock");
}
