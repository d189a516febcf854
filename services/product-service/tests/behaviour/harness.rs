//! Test harness: the product service with fake inventory and audit services.

use async_trait::async_trait;
use bytes::Bytes;
use contracts::{
    audit::{Activity, ActivityBatch, Audit},
    inventory::{
        Hold, Inventory, InventoryEvent, LOW_STOCK_UNITS, LocationStock, NewHold, Restock,
        SkuCount, Stock, StockCounts, StockList, UNTRACKED_AVAILABLE,
    },
    product::{Catalogue, NewProduct, Product, ProductPage, ProductQuery},
    shared::{HoldId, Sku},
};
use engine_memory::MemoryEngine;
use http::{HeaderMap, Method, StatusCode};
use journal::{Append, AppendError, Journal, NewEvent, TypedEvent};
use kernel::{ManualClock, Timestamp, Uuid};
use rpc::CallError;
use runtime::{BuildContext, BuildFuture, Module};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    ops::Deref,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use testkit::{ServiceFixture, fake};
use transport::{Context, Edge, Response};
use web::ApiRouter;

static TABLE: &[Module] = &[
    product_service::MODULE,
    fake("inventory-service", build_inventory),
    fake("audit-service", build_audit),
];

/// Fake inventory service: counts stock and publishes the availability where it is low.
fn build_inventory(context: BuildContext) -> BuildFuture {
    Box::pin(async move {
        context.provide::<dyn Inventory>(Arc::new(FakeInventory {
            journal: context.journal(),
            counted: Mutex::default(),
        }))?;
        context
            .provide_feed(|event| Ok(serde_json::from_slice::<InventoryEvent>(&event.data).ok()))?;
        Ok(context.serve(ApiRouter::new()))
    })
}

#[derive(Debug)]
struct FakeInventory {
    journal: Arc<dyn Journal>,
    counted: Mutex<HashMap<Sku, Stock>>,
}

#[async_trait]
impl Inventory for FakeInventory {
    async fn count(&self, counts: StockCounts) -> Result<StockList, CallError> {
        let mut items = Vec::new();
        for count in counts.counts {
            let SkuCount { sku, on_hand, untracked } = count;
            let on_hand = on_hand.unwrap_or_default();
            let available = if untracked { UNTRACKED_AVAILABLE } else { on_hand };
            let before = self.counted.lock().unwrap().get(&sku).map(|stock| stock.available);
            if before.is_none_or(|before| before.min(available) <= LOW_STOCK_UNITS) {
                let sku = sku.clone();
                let event = InventoryEvent::AvailabilityChanged { sku, available };
                publish(&*self.journal, &serde_json::to_value(event).unwrap()).await;
            }
            let stock = Stock { on_hand, available, untracked, ..no_stock(sku.clone()) };
            self.counted.lock().unwrap().insert(sku, stock.clone());
            items.push(stock);
        }
        Ok(StockList { items })
    }

    async fn stock(&self, skus: Vec<Sku>) -> Result<StockList, CallError> {
        let counted = self.counted.lock().unwrap();
        let stock = |sku: Sku| counted.get(&sku).cloned().unwrap_or_else(|| no_stock(sku));
        Ok(StockList { items: skus.into_iter().map(stock).collect() })
    }

    async fn hold(&self, _: HoldId, _: NewHold) -> Result<Hold, CallError> {
        unreachable!("the catalogue holds nothing")
    }

    async fn commit(&self, _: HoldId) -> Result<Hold, CallError> {
        unreachable!("the catalogue sells nothing")
    }

    async fn release(&self, _: HoldId) -> Result<(), CallError> {
        unreachable!("the catalogue holds nothing")
    }

    async fn restock(&self, _: HoldId, _: String, _: Restock) -> Result<(), CallError> {
        unreachable!("the catalogue sells nothing")
    }
}

fn no_stock(sku: Sku) -> Stock {
    let locations = Vec::<LocationStock>::new();
    Stock { sku, on_hand: 0, held: 0, available: 0, untracked: false, shortage: 0, locations }
}

/// Fake audit service: stores the activities it receives.
fn build_audit(context: BuildContext) -> BuildFuture {
    Box::pin(async move {
        context.provide::<dyn Audit>(Arc::new(FakeAudit(context.journal())))?;
        Ok(context.serve(ApiRouter::new()))
    })
}

#[derive(Debug)]
struct FakeAudit(Arc<dyn Journal>);

#[async_trait]
impl Audit for FakeAudit {
    async fn record(&self, batch: ActivityBatch) -> Result<(), CallError> {
        publish(&*self.0, &serde_json::to_value(batch).unwrap()).await;
        Ok(())
    }
}

/// Append of a message to the stream of a fake service.
async fn publish(journal: &dyn Journal, data: &Value) {
    static MESSAGES: AtomicU64 = AtomicU64::new(1);
    let id = Uuid::from_u128(u128::from(MESSAGES.fetch_add(1, Ordering::Relaxed)));
    let data = Bytes::from(data.to_string());
    let mut append = Append {
        stream: "messages".to_owned(),
        expected: 0,
        events: vec![NewEvent {
            id,
            name: "message",
            data,
            recorded_at: Timestamp::UNIX_EPOCH,
            typed: TypedEvent::default(),
            personal: None,
        }],
        writes: vec![],
        origin: None,
        sequence: None,
    };
    loop {
        match journal.append(append.clone()).await {
            Err(AppendError::Conflict { actual }) => append.expected = actual,
            // The engine crashed, and this feed with it.
            Err(AppendError::Storage(storage::StorageError::Unavailable(_))) => return,
            other => return drop(other.unwrap()),
        }
    }
}

/// Running product service with its neighbours.
pub(crate) struct TestShop {
    fixture: ServiceFixture,
    pub(crate) catalogue: Arc<dyn Catalogue>,
}

impl Deref for TestShop {
    type Target = ServiceFixture;

    fn deref(&self) -> &ServiceFixture {
        &self.fixture
    }
}

/// Response of the service.
#[derive(Clone, Debug)]
pub(crate) struct TestResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl TestResponse {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Field that a problem names.
    pub(crate) fn field(&self) -> &str {
        self.body["errors"][0]["field"].as_str().unwrap_or_default()
    }

    pub(crate) fn read<T: serde::de::DeserializeOwned>(&self) -> T {
        assert!(self.status.is_success(), "{self:?}");
        serde_json::from_value(self.body.clone()).unwrap()
    }
}

impl TestShop {
    pub(crate) async fn open() -> Self {
        Self::on(MemoryEngine::new()).await
    }

    pub(crate) async fn on(engine: MemoryEngine) -> Self {
        Self::with_settings(engine, &[]).await
    }

    pub(crate) async fn with_settings(engine: MemoryEngine, settings: &[(&str, &str)]) -> Self {
        let clock = Arc::new(ManualClock::at("2026-06-01T00:00:00Z".parse().unwrap()));
        let fixture = ServiceFixture::start(TABLE, engine, clock, settings).await;
        let catalogue = fixture.contract::<dyn Catalogue>();
        Self { fixture, catalogue }
    }

    pub(crate) fn inventory(&self) -> Arc<dyn Inventory> {
        self.fixture.contract::<dyn Inventory>()
    }

    /// Sends a request as a client of an edge.
    pub(crate) async fn send(&self, edge: Edge, request: http::Request<Bytes>) -> TestResponse {
        let response = self.send_raw(edge, request).await;
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        TestResponse { status: response.status(), headers: response.headers().clone(), body }
    }

    /// Sends a request as a client of an edge, for a response that is no JSON.
    pub(crate) async fn send_raw(&self, edge: Edge, request: http::Request<Bytes>) -> Response {
        let context = Context { edge, ..Context::default() };
        context.scope(self.channel().send(request)).await.unwrap()
    }

    pub(crate) async fn get(&self, edge: Edge, path: &str) -> TestResponse {
        self.send(edge, request(Method::GET, path, None)).await
    }

    /// `POST` at the operator edge.
    pub(crate) async fn post(&self, path: &str, body: &impl serde::Serialize) -> TestResponse {
        self.send(Edge::Operator, request(Method::POST, path, Some(json!(body)))).await
    }

    /// `PUT` at the operator edge.
    pub(crate) async fn put(&self, path: &str, body: &impl serde::Serialize) -> TestResponse {
        self.send(Edge::Operator, request(Method::PUT, path, Some(json!(body)))).await
    }

    /// `DELETE` at the operator edge.
    pub(crate) async fn delete(&self, path: &str) -> TestResponse {
        self.send(Edge::Operator, request(Method::DELETE, path, None)).await
    }

    /// `PATCH` at the operator edge.
    pub(crate) async fn patch(&self, path: &str, body: &impl serde::Serialize) -> TestResponse {
        self.send(Edge::Operator, request(Method::PATCH, path, Some(json!(body)))).await
    }

    pub(crate) async fn create(&self, product: &NewProduct) -> Product {
        self.post("/api/v1/products", product).await.read()
    }

    /// Product at the shop edge.
    pub(crate) async fn product(&self, id_or_slug: &str) -> Product {
        self.get(Edge::Shop, &format!("/api/v1/products/{id_or_slug}")).await.read()
    }

    /// Listing at the shop edge.
    pub(crate) async fn list(&self, query: &str) -> ProductPage {
        self.get(Edge::Shop, &format!("/api/v1/products?{query}")).await.read()
    }

    pub(crate) async fn slugs(&self, query: &str) -> Vec<String> {
        self.list(query).await.items.into_iter().map(|item| item.slug).collect()
    }

    /// Publishes the units available of a SKU.
    pub(crate) async fn publish_availability(&self, text: &str, available: i64) {
        let event = InventoryEvent::AvailabilityChanged { sku: sku(text), available };
        let journal = self.engine.service("inventory-service").journal;
        publish(&*journal, &serde_json::to_value(event).unwrap()).await;
    }

    /// Waits until a listing fulfils a condition.
    pub(crate) async fn wait_until(
        &self,
        query: &ProductQuery,
        condition: impl Fn(&ProductPage) -> bool,
    ) {
        let query = serde_json::to_value(query).unwrap();
        let pairs = query.as_object().unwrap().iter();
        let query: Vec<_> =
            pairs.map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect();
        while !condition(&self.list(&query.join("&")).await) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    /// Activities that the audit service received until shutdown.
    pub(crate) async fn activities(&self) -> Vec<Activity> {
        self.tasks.drain(std::time::Duration::from_secs(5)).await;
        let journal = self.engine.service("audit-service").journal;
        let stored = journal.read("messages", 0, journal::READ_EVENTS_MAX).await.unwrap();
        let batches = stored.iter().map(|event| serde_json::from_slice(&event.data).unwrap());
        batches.flat_map(|batch: ActivityBatch| batch.activities).collect()
    }
}

pub(crate) fn request(method: Method, path: &str, body: Option<Value>) -> http::Request<Bytes> {
    let request = http::Request::builder().method(method).uri(path);
    match body {
        None => request.body(Bytes::new()).unwrap(),
        Some(body) => request
            .header("content-type", "application/json")
            .body(Bytes::from(body.to_string()))
            .unwrap(),
    }
}

pub(crate) fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

/// Mug in two colours.
pub(crate) fn mug() -> NewProduct {
    serde_json::from_value(json!({
        "name": "Stoneware mug",
        "description": "<p>Fired <script>twice()</script>at 1200 °C</p>",
        "brand": "Aster",
        "categories": ["Kitchen > Mugs"],
        "tags": ["stoneware"],
        "options": [{"name": "Colour", "values": ["Clay", "Moss"]}],
        "variants": [
            {"sku": "MUG-CLAY", "options": {"Colour": "Clay"}, "price": eur(1_400), "stock": 12,
             "compare_at_price": eur(1_800)},
            {"sku": "MUG-MOSS", "options": {"Colour": "Moss"}, "price": eur(1_600), "stock": 3},
        ],
        "media": [{"image": {"url": "/pictures/mug/clay/object.svg", "alt": "A mug"}}],
        "status": "active",
    }))
    .unwrap()
}

/// Product with one variant and no options.
pub(crate) fn simple_product(slug: &str, amount: i64) -> NewProduct {
    serde_json::from_value(json!({
        "slug": slug,
        "name": slug.replace('-', " "),
        "variants": [{"sku": format!("{slug}-1"), "price": eur(amount)}],
        "status": "active",
    }))
    .unwrap()
}

pub(crate) fn eur(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}
