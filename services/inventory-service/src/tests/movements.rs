//! Stock movements: the chain through the journal, and the documents of early versions behind it.

use super::{hold_id, line, order_id, sku};
use crate::{
    adapters::{
        journal_repository::JournalLedgerRepository, maintenance::read_models,
        movements::JournalMovements,
    },
    application::{OperatorMovement, OperatorMovementKind, StockLedger},
    domain::{Count, Location, MovementLink, StockPolicy},
    ports::{MovementCursor, MovementQueries},
};
use contracts::inventory::{
    Movement,
    MovementKind::{self, Adjusted, Received, Returned, Sold},
};
use engine_memory::MemoryEngine;
use journal::{Append, NewEvent, ServiceStorage, TypedEvent, maintenance};
use kernel::{Cursor, Ids, ManualClock, SeededRandomness, Timestamp, Uuid};
use std::{sync::Arc, time::Duration};
use storage::{Collection, QUERY_DOCUMENTS_MAX, StoredDocument};

const TTL: Duration = Duration::from_mins(15);

pub(super) async fn open_ledger(storage: &ServiceStorage) -> Arc<StockLedger> {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let position = storage.journal.last_position().await.unwrap();
    let ids = Ids::new(clock, Arc::new(SeededRandomness::new(position)));
    let repository = JournalLedgerRepository::new(Arc::clone(&storage.journal), ids.clone());
    Arc::new(StockLedger::open(Arc::new(repository), ids).await.unwrap())
}

pub(super) fn received(text: &str, quantity: i64) -> OperatorMovement {
    let (location, kind) = (Location::default(), OperatorMovementKind::Received);
    OperatorMovement { sku: sku(text), location, kind, quantity, reason: None }
}

/// The first movements of a SKU.
pub(super) async fn listed(movements: &JournalMovements, text: &str) -> Vec<Movement> {
    movements.page(&sku(text), 1_000, None).await.unwrap().unwrap().items
}

/// Kinds, quantities and units on hand afterwards.
fn kinds_and_units(movements: &[Movement]) -> Vec<(MovementKind, i64, i64)> {
    movements.iter().map(|it| (it.kind, it.quantity, it.on_hand)).collect()
}

/// All movements of a SKU in pages of `limit`, whose cursors go through their text form.
async fn paged(movements: &JournalMovements, text: &str, limit: usize) -> Vec<Movement> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = movements.page(&sku(text), limit, after.take()).await.unwrap().unwrap();
        assert!(page.items.len() == limit || page.next.is_none(), "a short page is the last one");
        all.extend(page.items);
        let Some(next) = page.next else { return all };
        let cursor = Cursor::encode("movements", &next);
        after = Some(cursor.decode::<MovementCursor>("movements").unwrap());
    }
}

#[tokio::test]
async fn a_cursor_that_leads_to_no_movement_of_the_sku_is_refused() {
    let storage = MemoryEngine::new().service("inventory-service");
    let stock_ledger = open_ledger(&storage).await;
    for text in ["LAMP", "VASE"] {
        stock_ledger.record_movement(&received(text, 3), None).await.unwrap();
    }
    let movements = JournalMovements::open(storage, Arc::clone(&stock_ledger)).await.unwrap();
    let last = stock_ledger.last_movement(&sku("VASE")).await.unwrap();
    let page = async |position| {
        let cursor = Some(MovementCursor::Chain { position, listed: 0 });
        movements.page(&sku("VASE"), 10, cursor).await.unwrap().map(|page| page.items.len())
    };
    let position = |link| match link {
        MovementLink::Position(position) => position,
        MovementLink::Version(..) => panic!("it is accepted, and its position known"),
    };
    let last = position(last);
    assert_eq!(page(last).await, Some(1));
    let of_lamp = position(stock_ledger.last_movement(&sku("LAMP")).await.unwrap());
    for position in [of_lamp, last + 1, 999_999_999, u64::MAX] {
        assert_eq!(page(position).await, None, "{position}");
    }
}

/// An order of these lines: held and sold.
async fn sell(stock_ledger: &StockLedger, number: u128, lines: &[(&str, i64)]) {
    let lines: Vec<_> = lines.iter().map(|(text, units)| line(text, *units)).collect();
    stock_ledger.hold(hold_id(number), order_id(number), &lines, TTL).await.unwrap();
    stock_ledger.commit(hold_id(number)).await.unwrap();
}

async fn count(stock_ledger: &StockLedger, text: &str, location: &str, on_hand: i64) {
    let (location, policy) = (Location::new(location).unwrap(), StockPolicy::Tracked);
    let count = Count { sku: sku(text), location, on_hand: Some(on_hand), policy, reason: None };
    stock_ledger.count(count).await.unwrap();
}

/// A stock of two SKUs with movements of every kind; MUG lies at two locations.
async fn trade(stock_ledger: &StockLedger) {
    count(stock_ledger, "MUG", "shop", 3).await;
    count(stock_ledger, "MUG", "store", 2).await;
    count(stock_ledger, "CUP", "shop", 9).await;
    sell(stock_ledger, 1, &[("MUG", 5), ("CUP", 2)]).await;
    stock_ledger.restock(hold_id(1), "r1", &[line("MUG", 1)], "returned").await.unwrap();
    stock_ledger.record_movement(&received("mug", 4), None).await.unwrap();
    sell(stock_ledger, 2, &[("MUG", 1)]).await;
    stock_ledger.release(hold_id(2)).await.unwrap();
    stock_ledger.hold(hold_id(3), order_id(3), &[line("MUG", 1)], TTL).await.unwrap();
}

/// Kinds of the movements of MUG, newest first.
const KINDS: [MovementKind; 8] =
    [Returned, Sold, Received, Returned, Sold, Sold, Adjusted, Adjusted];

#[tokio::test]
async fn movements_are_listed_newest_first_in_pages_of_any_size() {
    let storage = MemoryEngine::new().service("inventory-service");
    let stock_ledger = open_ledger(&storage).await;
    let movements = JournalMovements::open(storage, Arc::clone(&stock_ledger)).await.unwrap();
    assert_eq!(listed(&movements, "MUG").await, []);
    trade(&stock_ledger).await;

    let mugs = listed(&movements, "Mug").await;
    assert_eq!(mugs.iter().map(|it| it.kind).collect::<Vec<_>>(), KINDS);
    assert_eq!(mugs.iter().map(|it| it.quantity).sum::<i64>(), 5);
    assert_eq!(
        kinds_and_units(&listed(&movements, "CUP").await),
        [(Sold, -2, 7), (Adjusted, 9, 9)]
    );
    for limit in 1..=mugs.len() + 1 {
        assert_eq!(paged(&movements, "MUG", limit).await, mugs, "pages of {limit}");
    }
    assert_eq!(listed(&movements, "PEN").await, []);
}

#[tokio::test]
async fn a_chain_goes_on_after_a_start_with_or_without_a_snapshot() {
    let storage = MemoryEngine::new().service("inventory-service");
    let stock_ledger = open_ledger(&storage).await;
    trade(&stock_ledger).await;
    let opened = JournalMovements::open(storage.clone(), stock_ledger).await.unwrap();
    let before = listed(&opened, "MUG").await;
    for with_snapshot in [false, true] {
        if with_snapshot {
            open_ledger(&storage).await.save_snapshot_if_due(0).await.unwrap();
        }
        let stock_ledger = open_ledger(&storage).await;
        let movements = JournalMovements::open(storage.clone(), stock_ledger).await.unwrap();
        assert_eq!(listed(&movements, "MUG").await, before);
    }
    let stock_ledger = open_ledger(&storage).await;
    sell(&stock_ledger, 4, &[("MUG", 1)]).await;
    let movements = JournalMovements::open(storage, stock_ledger).await.unwrap();
    let after = listed(&movements, "MUG").await;
    assert_eq!((after[0].kind, &after[1..]), (Sold, &before[..]));
}

/// Events of an early version, in order: an operator's count, and a sale.
const EARLY: [(&str, &str, &str); 3] = [
    ("sku-mug", "counted", r#"{"type":"counted","sku":"MUG","quantity":9,"on_hand":9}"#),
    (
        "hold-00000000-0000-0000-0000-000000000009",
        "held",
        r#"{"type":"held","hold":"00000000-0000-0000-0000-000000000009","order_id":"00000000-0000-0000-0000-000000000009","lines":[{"sku":"MUG","quantity":2}],"expires_at":"1970-01-01T00:15:00Z"}"#,
    ),
    (
        "hold-00000000-0000-0000-0000-000000000009",
        "committed",
        r#"{"type":"committed","hold":"00000000-0000-0000-0000-000000000009","order_id":"00000000-0000-0000-0000-000000000009","lines":[{"sku":"MUG","quantity":2,"on_hand":7}]}"#,
    ),
];

async fn append_early(storage: &ServiceStorage) {
    for (number, (stream, name, data)) in (1..).zip(EARLY) {
        let (recorded_at, typed) = (Timestamp::UNIX_EPOCH, TypedEvent::default());
        let (id, data) = (Uuid::from_u128(number), data.into());
        let events = vec![NewEvent { id, name, data, recorded_at, typed, personal: None }];
        let (stream, writes) = (stream.to_owned(), Vec::new());
        let expected = u64::from(name == "committed");
        let append = Append { stream, expected, events, writes, origin: None, sequence: None };
        storage.journal.append(append).await.unwrap().commit.wait().await.unwrap();
    }
}

#[tokio::test]
async fn the_movements_of_early_versions_follow_those_of_the_chain() {
    let storage = MemoryEngine::new().service("inventory-service");
    append_early(&storage).await;
    let stock_ledger = open_ledger(&storage).await;
    // The early version ended before it had written their documents.
    let movements =
        JournalMovements::open(storage.clone(), Arc::clone(&stock_ledger)).await.unwrap();
    let early = [(Sold, -2, 7), (Adjusted, 9, 9)];
    assert_eq!(kinds_and_units(&listed(&movements, "MUG").await), early);
    assert!(movements.by_operation(Uuid::from_u128(1)).await.unwrap().is_some());

    stock_ledger.record_movement(&received("MUG", 1), Some(Uuid::from_u128(50))).await.unwrap();
    sell(&stock_ledger, 10, &[("MUG", 3)]).await;
    let all = [&[(Sold, -3, 5), (Received, 1, 8)][..], &early].concat();
    for opened in 0..3 {
        let movements =
            JournalMovements::open(storage.clone(), Arc::clone(&stock_ledger)).await.unwrap();
        for limit in 1..=5 {
            assert_eq!(
                kinds_and_units(&paged(&movements, "MUG", limit).await),
                all,
                "{opened}, {limit}"
            );
        }
        for known in [1, 50] {
            assert!(movements.by_operation(Uuid::from_u128(known)).await.unwrap().is_some());
        }
        assert!(movements.by_operation(Uuid::from_u128(51)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_rebuild_derives_the_same_documents_of_either_version() {
    let storage = MemoryEngine::new().service("inventory-service");
    append_early(&storage).await;
    let stock_ledger = open_ledger(&storage).await;
    JournalMovements::open(storage.clone(), Arc::clone(&stock_ledger)).await.unwrap();
    trade(&stock_ledger).await;
    let before = documents(&storage).await;
    assert_eq!(before.each_ref().map(Vec::len), [2, 4]);
    maintenance::rebuild(&storage, &read_models(), &mut [], &|_| ()).await.unwrap();
    assert_eq!(documents(&storage).await, before);
    let movements = JournalMovements::open(storage, stock_ledger).await.unwrap();
    assert!(listed(&movements, "MUG").await.len() > before.len());
}

/// Documents of the movements of early versions, and of operators' movements.
async fn documents(storage: &ServiceStorage) -> [Vec<StoredDocument>; 2] {
    static MOVEMENTS: Collection = Collection { name: "movements", indexes: &[] };
    static OPERATIONS: Collection = Collection { name: "movement_operations", indexes: &[] };
    let scan = async |collection| {
        storage.documents.scan(collection, None, QUERY_DOCUMENTS_MAX).await.unwrap()
    };
    [scan(&MOVEMENTS).await, scan(&OPERATIONS).await]
}
