//! Integration tests of the inventory service through its contract and its router, on the in-memory engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod contract;
mod operators;
mod orders;
mod recovery;
mod stored_format;

use axum::Router;
use contracts::{
    inventory::{
        Hold, Inventory, InventoryClient, InventoryEvent, NewHold, SkuCount, Stock, StockCounts,
    },
    shared::{HoldId, OrderId, Quantity, Sku},
};
use engine_memory::MemoryEngine;
use kernel::{Ids, ManualClock, Problem, SeededRandomness, Uuid};
use rpc::{CallError, Feed};
use runtime::{Module, ProcessResources, TaskTracker};
use serde_json::Value;
use settings::{Settings, Sources};
use std::{sync::Arc, time::Duration};
use transport::{Client, Context, Edge};

static TABLE: [Module; 1] = [inventory_service::MODULE];

/// Running inventory service.
struct TestService {
    engine: MemoryEngine,
    clock: Arc<ManualClock>,
    router: Router,
    /// Typed contract, behind its guard.
    inventory: Arc<dyn Inventory>,
    feed: Arc<dyn Feed<InventoryEvent>>,
    raw: Client,
    /// Aborts the background tasks when dropped.
    _tasks: TaskTracker,
}

impl TestService {
    async fn start() -> Self {
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        Self::on(MemoryEngine::new(), Arc::new(ManualClock::at(start))).await
    }

    async fn on(engine: MemoryEngine, clock: Arc<ManualClock>) -> Self {
        let tasks = TaskTracker::default();
        let resources = ProcessResources {
            settings: Arc::new(Settings::load([], &Sources::default()).unwrap()),
            storage: &|name| engine.service(name),
            bulk: &|name| engine.bulk(name),
            remote: &|_| None,
            over_wire: None,
            ids: Ids::new(Arc::clone(&clock) as _, Arc::new(SeededRandomness::new(7))),
            metrics: telemetry::Metrics::new(),
            health: telemetry::Health::new(),
            tasks: tasks.clone(),
        };
        let selected: Vec<&'static Module> = TABLE.iter().collect();
        let assembly = runtime::assemble(&TABLE, &selected, resources).await.unwrap();
        let router = assembly.routers[InventoryClient::SERVICE].clone();
        let transport = transport::loopback(InventoryClient::SERVICE, router.clone());
        let raw = Client::new(InventoryClient::SERVICE, transport);
        let inventory = assembly.contracts.contract::<dyn Inventory>();
        let feed = assembly.contracts.contract::<dyn Feed<InventoryEvent>>();
        Self { engine, clock, router, inventory, feed, raw, _tasks: tasks }
    }

    /// Restart after a clean shutdown.
    async fn restart(&self) -> Self {
        Self::on(self.engine.clone(), Arc::clone(&self.clock)).await
    }

    /// Restart after a power failure: unflushed writes are lost.
    async fn crash(&self) -> Self {
        Self::on(self.engine.crash(), Arc::clone(&self.clock)).await
    }

    /// Untyped client, for requests that the typed client cannot send.
    fn raw(&self) -> &Client {
        &self.raw
    }

    async fn stock(&self, sku: &str) -> Result<Stock, CallError> {
        let path = format!("/api/v1/stock/{}", contracts::path_segment(sku));
        self.raw().get(path).send().await
    }

    async fn count(&self, units: &[(&str, i64)]) {
        self.inventory.count(counts(units)).await.unwrap();
    }

    async fn hold(&self, number: u128, lines: &[(&str, i64)]) -> Result<Hold, CallError> {
        self.inventory.hold(hold_id(number), new_hold(number, lines)).await
    }

    /// Units on hand, held and available.
    async fn units(&self, sku: &str) -> (i64, i64, i64) {
        let Stock { on_hand, held, available, .. } = self.stock(sku).await.unwrap();
        (on_hand, held, available)
    }

    fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Data of all events in the feed.
    async fn published(&self) -> Vec<Value> {
        let page = self.feed.pull(0, 0, None).await.unwrap();
        page.messages.iter().map(|it| serde_json::to_value(&it.event).unwrap()).collect()
    }
}

fn hold_id(number: u128) -> HoldId {
    HoldId(Uuid::from_u128(number))
}

/// SKU of any text, as deserialised from a request.
fn sku(text: &str) -> Sku {
    serde_json::from_value(text.into()).unwrap()
}

fn counts(units: &[(&str, i64)]) -> StockCounts {
    let counts = units.iter().map(|(name, on_hand)| SkuCount {
        sku: sku(name),
        on_hand: Some(*on_hand),
        untracked: false,
    });
    StockCounts { counts: counts.collect(), reason: "opening".to_owned() }
}

fn lines(lines: &[(&str, i64)]) -> Vec<Quantity> {
    let line = |(name, quantity): &(&str, i64)| Quantity { sku: sku(name), quantity: *quantity };
    lines.iter().map(line).collect()
}

/// Request for hold `number`, for 15 minutes.
fn new_hold(number: u128, of: &[(&str, i64)]) -> NewHold {
    let order_id = OrderId(Uuid::from_u128(number));
    NewHold { order_id, lines: lines(of), expires_in_seconds: 900 }
}

async fn on_edge<T>(edge: Edge, work: impl Future<Output = T>) -> T {
    Context { edge, ..Context::default() }.scope(work).await
}

fn problem<T: std::fmt::Debug>(answer: Result<T, CallError>) -> Problem {
    match answer {
        Err(CallError::Problem(problem)) => *problem,
        other => panic!("{other:?}"),
    }
}

fn code<T: std::fmt::Debug>(answer: Result<T, CallError>) -> String {
    problem(answer).code.to_string()
}
