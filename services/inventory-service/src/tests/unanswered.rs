//! Appends that are answered later: the ledger decides on what it has submitted, and loads itself again when that was not accepted.

use super::{
    hold_id, line,
    movements::{listed, open_ledger, received},
    order_id, sku,
};
use crate::{
    adapters::movements::JournalMovements,
    application::{StockError, StockLedger},
    domain::{LedgerState, Rejection},
};
use async_trait::async_trait;
use engine_memory::MemoryEngine;
use journal::{
    Append, AppendError, Appended, Journal, NewEvent, ServiceStorage, TypedEvent,
    interceptor::{InterceptedJournal, JournalInterceptor},
};
use kernel::{Timestamp, Uuid};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use storage::StorageError;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::Instant,
};

const TTL: Duration = Duration::from_mins(15);
/// Time from an append to its answer.
const ANSWER_TIME: Duration = Duration::from_millis(3);

type Answer = Result<Appended, AppendError>;

/// Append with the time at which it is stored and answered.
type Queued = (Instant, Append, oneshot::Sender<Answer>);

/// Engine behind a network: an append is stored and answered some time after it was sent, in the order in which they were. Those
/// that are on their way together do not wait for each other.
#[derive(Debug)]
struct DistantEngine {
    queue: mpsc::UnboundedSender<Queued>,
    queued: AtomicUsize,
}

impl DistantEngine {
    /// Storage whose appends fail where `fails` says so of their number, counted from 0.
    fn before(
        storage: ServiceStorage,
        fails: impl Fn(usize) -> bool + Send + 'static,
    ) -> (Arc<Self>, ServiceStorage) {
        let (queue, mut queued) = mpsc::unbounded_channel::<Queued>();
        let engine = Arc::clone(&storage.journal);
        #[expect(clippy::disallowed_methods, reason = "it ends with the queue")]
        tokio::spawn(async move {
            for number in 0.. {
                let Some((answered_at, append, reply)) = queued.recv().await else { return };
                tokio::time::sleep_until(answered_at).await;
                let answer = if fails(number) {
                    let lost = StorageError::Unavailable("the database is gone".to_owned());
                    let answer = Err(lost.into());
                    append.sequence.unwrap().record(&answer);
                    answer
                } else {
                    engine.append(append).await
                };
                // Whoever has given up waiting needs no answer.
                let _ = reply.send(answer);
            }
        });
        let distant = Arc::new(Self { queue, queued: AtomicUsize::new(0) });
        let (journal, interceptor) = (Arc::clone(&storage.journal), Arc::clone(&distant));
        let journal = Arc::new(InterceptedJournal { journal, interceptor });
        (distant, ServiceStorage { journal, ..storage })
    }
}

#[async_trait]
impl JournalInterceptor for DistantEngine {
    async fn append(&self, _: &dyn Journal, append: Append) -> Answer {
        let (reply, answer) = oneshot::channel();
        self.queue.send((Instant::now() + ANSWER_TIME, append, reply)).unwrap();
        self.queued.fetch_add(1, Ordering::Relaxed);
        answer.await.unwrap()
    }
}

async fn state(stock_ledger: &StockLedger) -> LedgerState {
    stock_ledger.read(|state, _| state.clone()).await.unwrap()
}

/// The state is that of the journal, to the last movement of each SKU.
async fn is_that_of_the_journal(stock_ledger: &StockLedger, storage: &ServiceStorage) {
    let replayed = open_ledger(storage).await;
    assert_eq!(state(stock_ledger).await, state(&replayed).await);
}

/// Event that another writer appends to the stream of a hold.
fn foreign(hold: u128) -> Append {
    let data = format!(r#"{{"type":"barred","hold":"{}"}}"#, hold_id(hold).0);
    let event = NewEvent {
        id: Uuid::from_u128(900_000 + hold),
        name: "barred",
        data: data.into(),
        recorded_at: Timestamp::UNIX_EPOCH,
        typed: TypedEvent::default(),
        personal: None,
    };
    let stream = format!("hold-{}", hold_id(hold).0);
    Append {
        stream,
        expected: 0,
        events: vec![event],
        writes: Vec::new(),
        origin: None,
        sequence: None,
    }
}

/// Orders of one unit each, all at once: those that were sold.
async fn sell(stock_ledger: &Arc<StockLedger>, orders: std::ops::Range<u128>) -> BTreeSet<u128> {
    let mut selling = JoinSet::new();
    for number in orders {
        let stock_ledger = Arc::clone(stock_ledger);
        selling.spawn(async move {
            let lines = [line("MUG", 1)];
            match stock_ledger.hold(hold_id(number), order_id(number), &lines, TTL).await {
                Ok(_) => {}
                Err(StockError::Rejected(
                    Rejection::OutOfStock { .. } | Rejection::HoldEnded(_),
                )) => return None,
                Err(other) => panic!("{number}: {other}"),
            }
            stock_ledger.commit(hold_id(number)).await.unwrap();
            Some(number)
        });
    }
    selling.join_all().await.into_iter().flatten().collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_submitted_counts_before_it_is_answered() {
    let storage = MemoryEngine::new().service("inventory-service");
    let (_, distant) = DistantEngine::before(storage.clone(), |_| false);
    let stock_ledger = open_ledger(&distant).await;
    stock_ledger.record_movement(&received("MUG", 40), None).await.unwrap();

    let begun = Instant::now();
    let sold = sell(&stock_ledger, 0..100).await;
    assert_eq!(sold.len(), 40);
    // In simulated time: one wait for all holds and one for all sales, where each waiting for the last would be 80.
    assert!(begun.elapsed() <= ANSWER_TIME * 4, "{:?}", begun.elapsed());
    is_that_of_the_journal(&stock_ledger, &storage).await;

    // Sales were chained to sales whose position was not known yet.
    let movements = JournalMovements::open(distant, Arc::clone(&stock_ledger)).await.unwrap();
    let on_hand: Vec<i64> = listed(&movements, "MUG").await.iter().map(|it| it.on_hand).collect();
    assert_eq!(on_hand, (0..=40).collect::<Vec<_>>());
    let events = storage.journal.follow(0, 1_000).await.unwrap();
    let texts = events.iter().map(|event| journal::decode::<crate::domain::Event>(&event.data));
    let links = texts.map(Result::unwrap).filter(|event| format!("{event:?}").contains("Version("));
    assert!(links.count() > 20);
}

#[tokio::test(start_paused = true)]
async fn a_foreign_event_under_load_costs_another_decision_and_no_unit() {
    let storage = MemoryEngine::new().service("inventory-service");
    let (_, distant) = DistantEngine::before(storage.clone(), |_| false);
    let stock_ledger = open_ledger(&distant).await;
    stock_ledger.record_movement(&received("MUG", 40), None).await.unwrap();
    for number in [3, 17, 31] {
        storage.journal.append(foreign(number)).await.unwrap();
    }
    let sold = sell(&stock_ledger, 0..60).await;
    assert_eq!(sold.len(), 40);
    assert!([3, 17, 31].iter().all(|barred| !sold.contains(barred)), "{sold:?}");
    is_that_of_the_journal(&stock_ledger, &storage).await;
}

#[tokio::test(start_paused = true)]
async fn a_command_whose_append_fails_takes_what_was_decided_on_it_with_it() {
    for failing in 1..12 {
        let storage = MemoryEngine::new().service("inventory-service");
        let (_, distant) = DistantEngine::before(storage.clone(), move |number| number == failing);
        let stock_ledger = open_ledger(&distant).await;
        stock_ledger.record_movement(&received("MUG", 5), None).await.unwrap();
        let mut holding = JoinSet::new();
        for number in 0..10 {
            let stock_ledger = Arc::clone(&stock_ledger);
            holding.spawn(async move {
                let lines = [line("MUG", 1)];
                let held = stock_ledger.hold(hold_id(number), order_id(number), &lines, TTL).await;
                // Nobody is told that it is sold out because of a hold that never was.
                match held {
                    Err(StockError::Storage(_)) => 100,
                    Err(StockError::Rejected(_)) => 10,
                    Ok(_) => 1,
                }
            });
        }
        let told: i32 = holding.join_all().await.into_iter().sum();
        let expected = if failing <= 5 { 100 + 40 + 5 } else { 50 + 5 };
        assert_eq!(told, expected, "{failing}");
        let stock = stock_ledger.stock(&sku("MUG")).await.unwrap().unwrap().1;
        assert_eq!((stock.on_hand(), stock.held()), (5, 5), "{failing}");
        is_that_of_the_journal(&stock_ledger, &storage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_gives_up_changes_nothing_for_the_others() {
    let storage = MemoryEngine::new().service("inventory-service");
    let (engine, distant) = DistantEngine::before(storage.clone(), |_| false);
    let stock_ledger = open_ledger(&distant).await;
    stock_ledger.record_movement(&received("MUG", 3), None).await.unwrap();
    for number in 0..2 {
        let lines = [line("MUG", 1)];
        let before = engine.queued.load(Ordering::Relaxed);
        let given_up = stock_ledger.hold(hold_id(number), order_id(number), &lines, TTL);
        assert!(tokio::time::timeout(ANSWER_TIME / 2, given_up).await.is_err());
        assert_eq!(engine.queued.load(Ordering::Relaxed), before + 1, "it is on its way");
    }
    // Their units are held: one is left.
    assert_eq!(sell(&stock_ledger, 10..13).await.len(), 1);
    stock_ledger.commit(hold_id(0)).await.unwrap();
    stock_ledger.release(hold_id(1)).await.unwrap();
    let stock = stock_ledger.stock(&sku("MUG")).await.unwrap().unwrap().1;
    assert_eq!((stock.on_hand(), stock.held()), (1, 0));
    is_that_of_the_journal(&stock_ledger, &storage).await;
}
