//! Recovery of the ledger after restarts, crashes and concurrent writers.

use crate::{TestService, hold_id};
use contracts::inventory::Stock;
use journal::{Append, NewEvent, Snapshot};
use kernel::{Page, Uuid};
use std::{sync::Arc, time::Duration};

impl TestService {
    async fn stock_list(&self) -> Vec<Stock> {
        let page: Page<Stock> = self.client().get("/api/v1/stock?limit=200").send().await.unwrap();
        page.items
    }

    /// A sale, a return, a hold and a count; `round` keeps the ids distinct.
    async fn run_trades(&self, round: u128) {
        let inventory = &self.inventory;
        for number in [round * 10 + 1, round * 10 + 2, round * 10 + 3] {
            self.hold(number, &[("a", 2), ("b", 1)]).await.unwrap();
        }
        inventory.commit(hold_id(round * 10 + 1)).await.unwrap();
        inventory.commit(hold_id(round * 10 + 2)).await.unwrap();
        inventory.release(hold_id(round * 10 + 2)).await.unwrap();
        self.count(&[("c", i64::try_from(round).unwrap() + 7)]).await;
    }

    /// Appends events until a snapshot is saved, and returns it.
    async fn wait_for_snapshot(&self) -> Snapshot {
        for part in 0..5 {
            let names: Vec<String> =
                (0..2_048).map(|number| format!("x-{part}-{number}")).collect();
            let counts: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 7)).collect();
            self.count(&counts).await;
        }
        let journal = self.engine.service("inventory-service").journal;
        assert_eq!(journal.snapshot("ledger-1").await.unwrap(), None);
        // The encoding runs on a blocking thread, which a paused clock does not wait for.
        for _ in 0..10_000 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if let Some(snapshot) = journal.snapshot("ledger-1").await.unwrap() {
                return snapshot;
            }
            tokio::task::yield_now().await;
        }
        panic!("no snapshot was saved");
    }
}

#[tokio::test]
async fn after_a_crash_the_ledger_is_that_of_the_flushed_prefix() {
    let service = TestService::start().await;
    service.count(&[("a", 100), ("b", 100)]).await;
    service.run_trades(1).await;
    service.engine.hold();
    service.run_trades(2).await;
    service.engine.flush();
    let flushed = service.stock_list().await;
    service.run_trades(3).await;
    assert_ne!(service.stock_list().await, flushed);

    let restarted = service.crash().await;
    assert_eq!(restarted.stock_list().await, flushed);
    // Lost commands can be repeated under the same ids; those that survived are recognised.
    restarted.run_trades(3).await;
    restarted.inventory.commit(hold_id(21)).await.unwrap();
    assert_eq!(restarted.units("a").await, (94, 6, 88));
}

#[tokio::test]
async fn a_restart_loses_nothing() {
    let service = TestService::start().await;
    service.count(&[("a", 100), ("b", 100)]).await;
    service.run_trades(1).await;
    let before = service.stock_list().await;
    let restarted = service.restart().await;
    assert_eq!(restarted.stock_list().await, before);
    restarted.inventory.commit(hold_id(13)).await.unwrap();
    assert_eq!(restarted.units("a").await, (96, 0, 96));
}

#[tokio::test(start_paused = true)]
async fn a_start_reads_the_snapshot_and_replays_the_events_behind_it() {
    let service = TestService::start().await;
    service.count(&[("a", 100), ("b", 100)]).await;
    service.run_trades(1).await;
    let snapshot = service.wait_for_snapshot().await;
    let journal = service.engine.service("inventory-service").journal;
    assert_eq!(snapshot.position, journal.last_position().await.unwrap());
    service.run_trades(2).await;

    let (figures, list) = (service.units("a").await, service.stock_list().await);
    let restarted = service.restart().await;
    assert_eq!((restarted.units("a").await, restarted.stock_list().await), (figures, list));
    restarted.inventory.commit(hold_id(13)).await.unwrap();
    restarted.inventory.release(hold_id(12)).await.unwrap();
    restarted.run_trades(3).await;
}

#[tokio::test(start_paused = true)]
async fn an_expired_and_evicted_hold_that_is_placed_again_is_the_same_hold() {
    let service = TestService::start().await;
    service.count(&[("a", 10)]).await;
    service.hold(1, &[("a", 2)]).await.unwrap();
    service.advance(901);
    // Its expiry is recorded, and the snapshot no longer includes it.
    service.wait_for_snapshot().await;
    let service = service.restart().await;
    service.hold(1, &[("a", 2)]).await.unwrap();
    assert_eq!(service.units("a").await, (10, 2, 8));
    // A replay from the snapshot sees only its second placement.
    let service = service.restart().await;
    assert_eq!(service.units("a").await, (10, 2, 8));
    service.inventory.commit(hold_id(1)).await.unwrap();
    assert_eq!(service.units("a").await, (8, 0, 8));
    assert_eq!(service.restart().await.units("a").await, (8, 0, 8));
}

#[tokio::test]
async fn the_ledger_is_reloaded_after_another_writer_appended() {
    let service = TestService::start().await;
    service.count(&[("a", 10)]).await;
    let journal = service.engine.service("inventory-service").journal;
    let stranger = NewEvent {
        id: Uuid::from_u128(99),
        name: "received",
        data: br#"{"type":"received","sku":"a","quantity":5,"on_hand":15}"#.as_slice().into(),
        recorded_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        typed: journal::TypedEvent::default(),
        personal: None,
    };
    let stream = "sku-a".to_owned();
    let expected = journal.read(&stream, 0, 100).await.unwrap().len() as u64;
    let append = Append {
        stream,
        expected,
        events: vec![stranger],
        writes: vec![],
        origin: None,
        sequence: None,
    };
    let _ = journal.append(append).await.unwrap();
    service.count(&[("a", 12)]).await;
    let movement = &service
        .client()
        .get("/api/v1/stock/a/movements")
        .send::<serde_json::Value>()
        .await
        .unwrap()["items"][0];
    assert_eq!((&movement["quantity"], &movement["on_hand"]), (&(-3).into(), &12.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_commands_lead_to_the_state_a_replay_leads_to() {
    let service = Arc::new(TestService::start().await);
    service.count(&[("a", 40), ("b", 30), ("c", 20)]).await;
    let mut work = tokio::task::JoinSet::new();
    for number in 1..=120_u128 {
        let service = Arc::clone(&service);
        work.spawn(async move {
            let lines = [[("a", 1), ("b", 2)], [("b", 1), ("c", 1)], [("c", 2), ("a", 1)]];
            let id = hold_id(number);
            let held = service.hold(number, &lines[usize::try_from(number % 3).unwrap()]).await;
            match number % 4 {
                0 => drop(service.inventory.release(id).await),
                1 | 2 if held.is_ok() => drop(service.inventory.commit(id).await),
                _ => {}
            }
        });
    }
    work.join_all().await;
    let list = service.stock_list().await;
    assert!(list.iter().all(|it| it.available >= 0 && it.on_hand >= it.held && it.shortage == 0));
    assert_eq!(service.restart().await.stock_list().await, list);
}
