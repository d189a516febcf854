//! The inventory service as its callers see it: through its router, on the engine in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod books;
mod operators;
mod orders;

use contracts::{
    inventory::{Hold, InventoryClient, NewHold, SkuCount, Stock, StockCounts},
    shared::{HoldId, OrderId, Quantity},
};
use engine_memory::MemoryEngine;
use kernel::{Ids, ManualClock, Problem, SeededRandomness, Uuid};
use runtime::{Module, ProcessResources, TaskTracker};
use serde_json::Value;
use settings::{Settings, Sources};
use std::{sync::Arc, time::Duration};
use transport::{CallError, Channel, Client, Context, Edge};

static TABLE: [Module; 1] = [inventory_service::MODULE];

/// A running inventory service.
struct Service {
    engine: MemoryEngine,
    clock: Arc<ManualClock>,
    transport: Channel,
    raw: Client,
    /// Ends its background work when dropped.
    _tasks: TaskTracker,
}

impl Service {
    async fn start() -> Self {
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        Self::on(MemoryEngine::new(), Arc::new(ManualClock::at(start))).await
    }

    async fn on(engine: MemoryEngine, clock: Arc<ManualClock>) -> Self {
        let tasks = TaskTracker::default();
        let materials = ProcessResources {
            settings: Arc::new(Settings::load([], &Sources::default()).unwrap()),
            storage: &|name| engine.service(name),
            bulk: &|name| engine.bulk(name),
            remote: &|_| None,
            ids: Ids::new(Arc::clone(&clock) as _, Arc::new(SeededRandomness::new(7))),
            metrics: telemetry::Metrics::new(),
            health: telemetry::Health::new(),
            tasks: tasks.clone(),
        };
        let selected: Vec<&'static Module> = TABLE.iter().collect();
        let assembled = runtime::assemble(&TABLE, &selected, materials).await.unwrap();
        let router = assembled.routers[InventoryClient::SERVICE].clone();
        let transport = transport::loopback(InventoryClient::SERVICE, router);
        let raw = Client::new(InventoryClient::SERVICE, transport.clone());
        Self { engine, clock, transport, raw, _tasks: tasks }
    }

    /// The process after its restart, all flushed.
    async fn restarted(&self) -> Self {
        Self::on(self.engine.clone(), Arc::clone(&self.clock)).await
    }

    /// The process after a power cut.
    async fn crashed(&self) -> Self {
        Self::on(self.engine.crash(), Arc::clone(&self.clock)).await
    }

    fn client(&self) -> InventoryClient {
        InventoryClient::new(self.transport.clone())
    }

    /// For requests that no typed client would send.
    fn raw(&self) -> &Client {
        &self.raw
    }

    async fn count(&self, counts: &[(&str, i64)]) {
        let counts = counts
            .iter()
            .map(|(sku, on_hand)| SkuCount { sku: (*sku).to_owned(), on_hand: *on_hand });
        let counts = StockCounts { counts: counts.collect(), reason: "opening".to_owned() };
        self.client().count(&counts).await.unwrap();
    }

    async fn hold(&self, number: u128, lines: &[(&str, i64)]) -> Result<Hold, CallError> {
        self.client().hold(hold_id(number), &new_hold(number, lines)).await
    }

    /// On hand, held, available.
    async fn figures(&self, sku: &str) -> (i64, i64, i64) {
        let Stock { on_hand, held, available, .. } = self.client().stock(sku).await.unwrap();
        (on_hand, held, available)
    }

    fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// All that the feed says, as the facts alone.
    async fn told(&self) -> Vec<Value> {
        let path = "/internal/v1/feeds/inventory-service?after=0";
        let feed: Value = self.raw().get(path).send().await.unwrap();
        feed["messages"].as_array().unwrap().iter().map(|it| it["data"].clone()).collect()
    }
}

fn hold_id(number: u128) -> HoldId {
    HoldId(Uuid::from_u128(number))
}

fn lines(lines: &[(&str, i64)]) -> Vec<Quantity> {
    let line =
        |(sku, quantity): &(&str, i64)| Quantity { sku: (*sku).to_owned(), quantity: *quantity };
    lines.iter().map(line).collect()
}

/// The hold `number`, for 15 minutes.
fn new_hold(number: u128, of: &[(&str, i64)]) -> NewHold {
    let order_id = OrderId(Uuid::from_u128(number));
    NewHold { order_id, lines: lines(of), expires_in_seconds: 900 }
}

async fn through<T>(edge: Edge, work: impl Future<Output = T>) -> T {
    Context { edge, ..Context::default() }.scope(work).await
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, CallError>) -> Problem {
    match answer {
        Err(CallError::Problem(problem)) => *problem,
        other => panic!("{other:?}"),
    }
}

fn code<T: std::fmt::Debug>(answer: Result<T, CallError>) -> String {
    refusal(answer).code.to_string()
}
