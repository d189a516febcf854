//! Repository: each command takes effect once, reads are never stale, and nothing is shown to a client before its flush.

use bytes::Bytes;
use engine_memory::MemoryEngine;
use journal::{
    Aggregate, Changes, EventName, ExecuteError, Repository, durability,
    interceptor::{InterceptedJournal, JournalInterceptor},
};
use kernel::{Ids, ManualClock, SeededRandomness, Timestamp, Uuid};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::{
    convert::Infallible,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use storage::{Collection, Document, StorageError, Write};
use tokio::{task::JoinSet, time::timeout};

static LEVELS: Collection = Collection { name: "levels", indexes: &[] };

/// Aggregate of a tank that is filled and never overflows.
#[derive(Clone, Debug, PartialEq)]
struct Tank {
    level: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Encode, Decode)]
enum TankEvent {
    #[n(0)]
    Filled {
        #[n(0)]
        by: u64,
    },
}

#[derive(Debug, PartialEq)]
struct Full;

impl EventName for TankEvent {
    fn name(&self) -> &'static str {
        "filled"
    }
}

impl Aggregate for Tank {
    type Event = TankEvent;

    fn apply(state: Option<&Self>, TankEvent::Filled { by }: &TankEvent) -> Self {
        Self { level: state.map_or(0, |tank| tank.level) + by }
    }
}

fn tanks(engine: &MemoryEngine, seed: u64, cached_max: usize) -> Repository<Tank> {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let ids = Ids::new(clock, Arc::new(SeededRandomness::new(seed)));
    Repository::new(
        engine.service("works").journal,
        ids,
        NonZeroUsize::new(cached_max).expect("it is above 0"),
    )
}

/// Command without a practical limit.
fn fill_without_limit(tank: Option<&Tank>) -> Result<Vec<TankEvent>, Full> {
    match tank {
        Some(Tank { level: u64::MAX }) => Err(Full),
        _ => Ok(vec![TankEvent::Filled { by: 1 }]),
    }
}

fn fill(tank: Option<&Tank>) -> Result<Vec<TankEvent>, Full> {
    match tank {
        Some(Tank { level: 3.. }) => Err(Full),
        _ => Ok(vec![TankEvent::Filled { by: 1 }]),
    }
}

fn no_writes(_: &Tank) -> Vec<Write> {
    Vec::new()
}

async fn level(tanks: &Repository<Tank>, stream: &str) -> (u64, u64) {
    let loaded = tanks.load(stream).await.expect("it answers");
    (loaded.state.map_or(0, |tank| tank.level), loaded.version)
}

#[tokio::test]
async fn a_decision_is_appended_and_a_rejection_is_not() {
    let engine = MemoryEngine::new();
    let tanks = tanks(&engine, 1, 8);
    assert_eq!(level(&tanks, "tank").await, (0, 0));
    for expected in 1..=3 {
        let loaded = tanks.execute("tank", fill, no_writes).await.unwrap();
        assert_eq!((loaded.state.unwrap().level, loaded.version), (expected, expected));
    }
    let refused = tanks.execute("tank", fill, no_writes).await;
    assert!(matches!(refused, Err(ExecuteError::Rejected(Full))));
    let nothing = |_: Option<&Tank>| Ok::<_, Infallible>(Vec::<TankEvent>::new());
    assert_eq!(tanks.execute("tank", nothing, no_writes).await.unwrap().version, 3);
    assert_eq!(tanks.journal().follow(0, 10).await.unwrap().len(), 3);
}

#[tokio::test]
async fn several_events_are_folded_one_by_one_and_written_with_their_documents() {
    let engine = MemoryEngine::new();
    let tanks = tanks(&engine, 1, 8);
    let twice = |_: Option<&Tank>| {
        Ok::<_, Infallible>(vec![TankEvent::Filled { by: 2 }, TankEvent::Filled { by: 3 }])
    };
    let writes = |tank: &Tank| {
        let body = Bytes::from(tank.level.to_string());
        let document = Document { key: "tank".to_owned(), body, fields: Vec::new() };
        vec![Write::Put { collection: &LEVELS, document }]
    };
    tanks.execute("tank", twice, writes).await.unwrap();
    assert_eq!(level(&tanks, "tank").await, (5, 2));
    let documents = engine.service("works").documents;
    assert_eq!(documents.find(&LEVELS, "tank").await.unwrap().unwrap().body, "5");
}

#[tokio::test]
async fn a_command_that_meets_a_version_conflict_decides_again() {
    let engine = MemoryEngine::new();
    let (one, two) = (tanks(&engine, 1, 8), tanks(&engine, 2, 8));
    two.execute("tank", fill, no_writes).await.unwrap();
    one.execute("tank", fill, no_writes).await.unwrap();
    one.execute("tank", fill, no_writes).await.unwrap();
    // The second repository still has the first version in its cache.
    let seen = std::sync::Mutex::new(Vec::new());
    let refused = two
        .execute(
            "tank",
            |tank| {
                seen.lock().unwrap().push(tank.map_or(0, |tank| tank.level));
                fill(tank)
            },
            no_writes,
        )
        .await;
    assert!(matches!(refused, Err(ExecuteError::Rejected(Full))), "the tank is full by now");
    assert_eq!(*seen.lock().unwrap(), [1, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_commands_all_take_effect_once() {
    const CALLERS: u64 = 8;
    const CALLS: u64 = 50;
    let engine = MemoryEngine::new();
    let tanks = Arc::new(tanks(&engine, 1, 8));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let tanks = Arc::clone(&tanks);
        callers.spawn(async move {
            for _ in 0..CALLS {
                tanks.execute("tank", fill_without_limit, no_writes).await.expect("it comes in");
                tokio::task::yield_now().await;
            }
        });
    }
    callers.join_all().await;
    assert_eq!(level(&tanks, "tank").await, (CALLERS * CALLS, CALLERS * CALLS));
}

/// A cache of one aggregate under callers on five streams evicts all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_never_go_back_behind_a_version_that_was_returned() {
    const STREAMS: [&str; 5] = ["a", "b", "c", "d", "e"];
    let engine = MemoryEngine::new();
    let tanks = Arc::new(tanks(&engine, 1, 1));
    let returned: Arc<[AtomicU64; 5]> = Arc::default();
    let mut callers = JoinSet::new();
    for caller in 0..8_usize {
        let (tanks, returned) = (Arc::clone(&tanks), Arc::clone(&returned));
        callers.spawn(async move {
            for call in 0..200_usize {
                let index = (caller + call) % STREAMS.len();
                let new = tanks
                    .execute(STREAMS[index], fill_without_limit, no_writes)
                    .await
                    .expect("it comes in");
                returned[index].fetch_max(new.version, Ordering::SeqCst);
                let other = (index + 1) % STREAMS.len();
                for index in [index, other] {
                    let known = returned[index].load(Ordering::SeqCst);
                    let (level, version) = level(&tanks, STREAMS[index]).await;
                    assert!(version >= known, "shown {version} after {known}");
                    assert_eq!(level, version);
                }
            }
        });
    }
    callers.join_all().await;
}

#[tokio::test]
async fn an_evicted_aggregate_is_loaded_again() {
    let engine = MemoryEngine::new();
    let tanks = tanks(&engine, 1, 1);
    for stream in ["a", "b", "a", "b"] {
        tanks.execute(stream, fill_without_limit, no_writes).await.unwrap();
    }
    assert_eq!(level(&tanks, "a").await, (2, 2));
    assert_eq!(level(&tanks, "b").await, (2, 2));
}

/// Interceptor that counts the reads of streams.
#[derive(Debug, Default)]
struct Reads(AtomicU64);

#[async_trait::async_trait]
impl JournalInterceptor for Reads {
    async fn before_read(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn as_many_aggregates_are_kept_as_weigh_no_more_than_allowed() {
    let reads = Arc::new(Reads::default());
    let journal = MemoryEngine::new().service("works").journal;
    let journal = Arc::new(InterceptedJournal { journal, interceptor: Arc::clone(&reads) });
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let ids = Ids::new(clock, Arc::new(SeededRandomness::new(1)));
    // A tank weighs what it holds.
    let weigh = |tank: &Tank| usize::try_from(tank.level).unwrap();
    let tanks = Repository::with_bytes_max(journal, ids, 10, weigh);
    let hold = async |stream: &str, by: u64| {
        let filled = |_: Option<&Tank>| Ok::<_, Infallible>(vec![TankEvent::Filled { by }]);
        tanks.execute(stream, filled, no_writes).await.unwrap();
    };
    let is_kept = async |stream: &str| {
        let before = reads.0.load(Ordering::SeqCst);
        tanks.load(stream).await.unwrap();
        reads.0.load(Ordering::SeqCst) == before
    };
    for stream in ["a", "b", "c", "d"] {
        hold(stream, 3).await;
    }
    // 12 are too many: the least recently used one went.
    assert!(!is_kept("a").await && is_kept("b").await && is_kept("c").await && is_kept("d").await);
    hold("b", 4).await;
    // 7 and 3: `d` was used after `c`.
    assert!(!is_kept("c").await && is_kept("b").await && is_kept("d").await);
    // One that is heavier than all may be together is not kept, and pushes out no other.
    hold("e", 11).await;
    assert!(!is_kept("e").await && is_kept("b").await && is_kept("d").await);
    hold("f", 10).await;
    assert!(is_kept("f").await && !is_kept("b").await);
    assert_eq!(level(&tanks, "b").await, (7, 2));
}

#[tokio::test]
async fn an_aggregate_is_loaded_as_it_was_at_a_version() {
    let engine = MemoryEngine::new();
    let tanks = tanks(&engine, 1, 8);
    for _ in 0..1_500 {
        tanks.execute("tank", fill_without_limit, no_writes).await.unwrap();
    }
    for (version, reached) in
        [(0, 0), (1, 1), (999, 999), (1_000, 1_000), (1_001, 1_001), (9_999, 1_500)]
    {
        let loaded = tanks.load_at("tank", version).await.unwrap();
        let level = loaded.state.map_or(0, |tank| tank.level);
        assert_eq!((level, loaded.version), (reached, reached));
    }
    assert!(tanks.load_at("none", 3).await.unwrap().state.is_none());
}

#[tokio::test]
async fn an_aggregate_is_deleted_unless_it_has_the_last_event_of_its_service() {
    let engine = MemoryEngine::new();
    let tanks = tanks(&engine, 1, 10);
    tanks.execute("tank-1", fill, no_writes).await.unwrap();
    assert!(!tanks.delete_unless_last("tank-1").await.unwrap());
    assert_eq!(level(&tanks, "tank-1").await, (1, 1), "it stays");
    tanks.execute("tank-2", fill, no_writes).await.unwrap();
    assert!(tanks.delete_unless_last("tank-1").await.unwrap());
    assert_eq!(level(&tanks, "tank-1").await, (0, 0));
    assert!(tanks.delete_unless_last("tank-1").await.unwrap(), "it is gone already");
}

#[tokio::test]
async fn a_long_stream_is_loaded_whole() {
    let engine = MemoryEngine::new();
    let writer = tanks(&engine, 1, 8);
    let many = |_: Option<&Tank>| {
        Ok::<_, Infallible>((0..2_500).map(|_| TankEvent::Filled { by: 1 }).collect::<Vec<_>>())
    };
    writer.execute("tank", many, no_writes).await.unwrap();
    assert_eq!(level(&tanks(&engine, 2, 8), "tank").await, (2_500, 2_500));
}

#[tokio::test(start_paused = true)]
async fn the_scope_depends_on_what_is_not_flushed_also_from_the_cache() {
    let engine = MemoryEngine::new();
    engine.hold();
    let (warm, cold) = (tanks(&engine, 1, 8), tanks(&engine, 2, 8));
    let (_, appended) = durability::scope(warm.execute("tank", fill, no_writes)).await;
    let (_, from_cache) = durability::scope(warm.load("tank")).await;
    let (_, from_journal) = durability::scope(cold.load("tank")).await;
    let full = |_: Option<&Tank>| Err::<Vec<TankEvent>, _>(Full);
    let (_, refused) = durability::scope(warm.execute("tank", full, no_writes)).await;
    for dependencies in [&appended, &from_cache, &from_journal, &refused] {
        assert!(
            timeout(Duration::from_mins(1), dependencies.wait()).await.is_err(),
            "it is not flushed"
        );
    }
    engine.flush();
    for dependencies in [appended, from_cache, from_journal, refused] {
        assert_eq!(dependencies.wait().await, Ok(()));
    }
    let (_, none) = durability::scope(warm.load("tank")).await;
    engine.hold();
    assert_eq!(none.wait().await, Ok(()));
}

#[tokio::test]
async fn one_idempotency_key_takes_effect_once() {
    let engine = MemoryEngine::new();
    let (one, two) = (tanks(&engine, 1, 8), tanks(&engine, 2, 8));
    let operation = Some(Uuid::from_u128(7));
    let decide = |_: Option<&Tank>| {
        let events = vec![TankEvent::Filled { by: 1 }, TankEvent::Filled { by: 1 }];
        Ok::<_, Infallible>(Changes { events, operation })
    };
    // Both decide on an empty tank: the second one as if the first answer had been lost and the request repeated.
    let empty = two.load("tank").await.unwrap();
    assert_eq!(empty.version, 0);
    assert_eq!(one.execute("tank", decide, no_writes).await.unwrap().version, 2);
    let events = one.journal().read("tank", 0, 10).await.unwrap();
    assert_ne!(events[0].id, events[1].id);
    let again = journal::Append {
        stream: "tank".to_owned(),
        expected: 0,
        events: events
            .into_iter()
            .map(|event| journal::NewEvent {
                id: event.id,
                name: "filled",
                data: event.data,
                recorded_at: event.recorded_at,
                typed: journal::TypedEvent::default(),
                personal: None,
            })
            .collect(),
        writes: Vec::new(),
        origin: None,
        sequence: None,
    };
    assert_eq!(two.journal().append(again).await.unwrap().version, 2);
    assert_eq!(level(&two, "tank").await, (2, 2));
}

#[tokio::test]
async fn an_event_that_cannot_be_decoded_is_an_error() {
    let engine = MemoryEngine::new();
    let tanks = tanks(&engine, 1, 8);
    let event = journal::NewEvent {
        id: Uuid::from_u128(1),
        name: "from_the_future",
        data: Bytes::from_static(b"{\"Emptied\":{}}"),
        recorded_at: Timestamp::UNIX_EPOCH,
        typed: journal::TypedEvent::default(),
        personal: None,
    };
    let append = journal::Append {
        stream: "tank".to_owned(),
        expected: 0,
        events: vec![event],
        writes: Vec::new(),
        origin: None,
        sequence: None,
    };
    let _ = tanks.journal().append(append).await.unwrap();
    let error = tanks.load("tank").await.unwrap_err();
    assert!(
        matches!(&error, StorageError::Corrupt(reason) if reason.contains("from_the_future")),
        "{error}"
    );
}
