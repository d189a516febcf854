//! Integration tests of the inventory service through its contract and its router, on the in-memory engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod contract;
mod operators;
mod orders;
mod recovery;
mod stored_format;

use contracts::{
    inventory::{Hold, Inventory, InventoryEvent, NewHold, SkuCount, Stock, StockCounts},
    shared::{HoldId, OrderId, Quantity, Sku},
};
use engine_memory::MemoryEngine;
use kernel::{ManualClock, Uuid};
use rpc::{CallError, Feed};
use runtime::Module;
use serde_json::Value;
use std::{ops::Deref, sync::Arc, time::Duration};
use testkit::ServiceFixture;

static TABLE: [Module; 1] = [inventory_service::MODULE];

/// Running inventory service.
struct TestService {
    fixture: ServiceFixture,
    /// Typed contract, behind its guard.
    inventory: Arc<dyn Inventory>,
}

impl Deref for TestService {
    type Target = ServiceFixture;

    fn deref(&self) -> &ServiceFixture {
        &self.fixture
    }
}

impl TestService {
    async fn start() -> Self {
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        Self::on(MemoryEngine::new(), Arc::new(ManualClock::at(start))).await
    }

    async fn on(engine: MemoryEngine, clock: Arc<ManualClock>) -> Self {
        let fixture = ServiceFixture::start(&TABLE, engine, clock, &[]).await;
        let inventory = fixture.contract::<dyn Inventory>();
        Self { fixture, inventory }
    }

    /// Restart after a clean shutdown.
    async fn restart(&self) -> Self {
        Self::on(self.engine.clone(), Arc::clone(&self.clock)).await
    }

    /// Restart after a power failure: unflushed writes are lost.
    async fn crash(&self) -> Self {
        Self::on(self.engine.crash(), Arc::clone(&self.clock)).await
    }

    async fn stock(&self, sku: &str) -> Result<Stock, CallError> {
        let path = format!("/api/v1/stock/{}", contracts::path_segment(sku));
        self.client().get(path).send().await
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
        let page = self.contract::<dyn Feed<InventoryEvent>>().pull(0, 0, None).await.unwrap();
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
