//! Test harness: the shopping cart service with a fake catalogue of three products, whose facts a test may change.

use async_trait::async_trait;
use bytes::Bytes;
use contracts::{
    cart::{Carts, SERVICE},
    inventory::{self, Hold, Inventory, NewHold, Restock, Stock, StockCounts, StockList},
    product::{self, Catalogue, VARIANTS_MAX, VariantFacts},
    shared::{HoldId, ProductId, Sku},
};
use engine_memory::MemoryEngine;
use http::Request;
use journal::{Append, NewEvent, RecordedEvent, ServiceStorage, TypedEvent};
use kernel::{Currency, ManualClock, Problem, Timestamp, UnitPrice, Uuid};
use rpc::CallError;
use runtime::Module;
use serde_json::{Value, json};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ops::Deref,
    sync::{Arc, Mutex},
    time::Duration,
};
use storage::{Commit, KeyValue, StorageError};
use testkit::{ServiceFixture, fake};
use transport::{Context, Edge};

static TABLE: &[Module] = &[
    shopping_cart_service::MODULE,
    fake(product::SERVICE, |context| {
        Box::pin(async move {
            context.provide::<dyn Catalogue>(Arc::new(FakeCatalogue))?;
            Ok(context.serve(web::ApiRouter::new()))
        })
    }),
    fake(inventory::SERVICE, |context| {
        Box::pin(async move {
            context.provide::<dyn Inventory>(Arc::new(FakeInventory))?;
            Ok(context.serve(web::ApiRouter::new()))
        })
    }),
];

/// Change to the facts of a variant; `None` removes it from the catalogue.
type Change = fn(VariantFacts) -> Option<VariantFacts>;

/// Units of every SKU that has no low stock: more than a cart may have, except of `ANY-11`.
#[derive(Debug)]
struct FakeInventory;

#[async_trait]
impl Inventory for FakeInventory {
    async fn stock(&self, skus: Vec<Sku>) -> Result<StockList, CallError> {
        if IS_UNAVAILABLE.get() {
            return Err(Problem::unavailable("the inventory").into());
        }
        let is_scarce = |sku: &Sku| sku.as_str().eq_ignore_ascii_case("ANY-11");
        let stock = |sku: Sku| {
            let units = if is_scarce(&sku) { 11 } else { 1_000_000 };
            let (held, shortage, locations) = (0, 0, Vec::new());
            Stock {
                sku,
                on_hand: units,
                held,
                available: units,
                untracked: false,
                shortage,
                locations,
            }
        };
        Ok(StockList { items: skus.into_iter().map(stock).collect() })
    }

    async fn count(&self, _: StockCounts) -> Result<StockList, CallError> {
        unreachable!("a cart counts nothing")
    }

    async fn hold(&self, _: HoldId, _: NewHold) -> Result<Hold, CallError> {
        unreachable!("a cart holds nothing")
    }

    async fn commit(&self, _: HoldId) -> Result<Hold, CallError> {
        unreachable!("a cart sells nothing")
    }

    async fn release(&self, _: HoldId) -> Result<(), CallError> {
        unreachable!("a cart holds nothing")
    }

    async fn restock(&self, _: HoldId, _: String, _: Restock) -> Result<(), CallError> {
        unreachable!("a cart sells nothing")
    }
}

thread_local! {
    /// Changes of the running test, which has a thread of its own.
    static CHANGES: RefCell<BTreeMap<Sku, Change>> = RefCell::default();
    static IS_UNAVAILABLE: Cell<bool> = const { Cell::new(false) };
}

/// Changes what the catalogue says about a variant.
pub(crate) fn change_variant(text: &str, change: Change) {
    CHANGES.with_borrow_mut(|changes| changes.insert(sku(text), change));
}

/// Makes the catalogue available or not.
pub(crate) fn set_catalogue_unavailable(is_unavailable: bool) {
    IS_UNAVAILABLE.set(is_unavailable);
}

/// Three products, and any number of units of what begins with `ANY-`.
#[derive(Debug)]
struct FakeCatalogue;

#[async_trait]
impl Catalogue for FakeCatalogue {
    async fn variants(&self, skus: Vec<Sku>) -> Result<Vec<VariantFacts>, CallError> {
        if skus.len() > VARIANTS_MAX {
            return Err(Problem::field("skus", "too many").into());
        }
        if IS_UNAVAILABLE.get() {
            return Err(Problem::unavailable("the catalogue").into());
        }
        Ok(skus.iter().filter_map(facts).collect())
    }
}

/// Facts of a variant, in the catalogue's own spelling.
fn facts(requested: &Sku) -> Option<VariantFacts> {
    let spelling = requested.as_str().to_uppercase();
    let (price, for_sale, only_left) = match spelling.as_str() {
        "MUG" => ("18.00", true, None),
        "LAMP" => ("71.20", true, Some(3)),
        "GONE" => ("5.00", false, None),
        "YACHT" => ("9000000000.00", true, None),
        any if any.starts_with("ANY-") => ("18.00", true, None),
        _ => return None,
    };
    let facts = VariantFacts {
        product_id: ProductId(Uuid::from_u128(1)),
        slug: spelling.to_lowercase(),
        name: spelling.clone(),
        options: BTreeMap::default(),
        price: UnitPrice::parse_major(price, Currency::EUR).unwrap(),
        image: None,
        for_sale,
        in_stock: for_sale,
        only_left,
        weight_grams: 100,
        sku: sku(&spelling),
    };
    let change = CHANGES.with_borrow(|changes| changes.get(requested).copied());
    change.map_or(Some(facts.clone()), |change| change(facts))
}

pub(crate) fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

/// Key-value store that notes the sizes of what is put.
#[derive(Debug)]
struct MeasuredValues {
    values: Arc<dyn KeyValue>,
    bytes: Arc<Mutex<Vec<usize>>>,
}

#[async_trait]
impl KeyValue for MeasuredValues {
    async fn value(&self, key: &str, now: Timestamp) -> Result<Option<Bytes>, StorageError> {
        self.values.value(key, now).await
    }

    async fn put(
        &self,
        key: &str,
        value: Bytes,
        expires_at: Option<Timestamp>,
    ) -> Result<Commit, StorageError> {
        self.bytes.lock().unwrap().push(value.len());
        self.values.put(key, value, expires_at).await
    }

    async fn remove(&self, key: &str) -> Result<Commit, StorageError> {
        self.values.remove(key).await
    }

    async fn add(
        &self,
        key: &str,
        by: i64,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<i64, StorageError> {
        self.values.add(key, by, now, expires_at).await
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StorageError> {
        self.values.sweep(now, limit).await
    }
}

/// Header by which a test says who sends.
pub(crate) const ACTOR: &str = "test-actor";
/// Header by which a test says from which address it sends.
pub(crate) const CLIENT: &str = "test-client";

/// Running shopping cart service.
pub(crate) struct TestShop {
    fixture: ServiceFixture,
    /// Sizes of the values that were stored.
    pub(crate) stored_bytes: Arc<Mutex<Vec<usize>>>,
    /// Contract with typed values.
    pub(crate) contract: Arc<dyn Carts>,
}

impl Deref for TestShop {
    type Target = ServiceFixture;

    fn deref(&self) -> &ServiceFixture {
        &self.fixture
    }
}

/// Response of the public API.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TestResponse {
    pub(crate) status: u16,
    pub(crate) etag: Option<String>,
    pub(crate) body: Value,
}

impl TestResponse {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl TestShop {
    pub(crate) async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// Shop with these settings.
    pub(crate) async fn open_with(settings: &[(&str, &str)]) -> Self {
        Self::open_on(MemoryEngine::new(), settings).await
    }

    /// Shop whose journal has these events and no more, as after a crash.
    pub(crate) async fn with_events(events: &[RecordedEvent]) -> Self {
        let engine = MemoryEngine::new();
        let journal = engine.service(SERVICE).journal;
        for event in events {
            let new = NewEvent {
                id: event.id,
                name: event.name.clone().leak(),
                data: event.data.clone(),
                recorded_at: event.recorded_at,
                typed: TypedEvent::default(),
                personal: None,
            };
            let append = Append {
                stream: event.stream.clone(),
                expected: event.version - 1,
                events: vec![new],
                writes: Vec::new(),
                origin: None,
                sequence: None,
            };
            journal.append(append).await.unwrap();
        }
        Self::open_on(engine, &[]).await
    }

    async fn open_on(engine: MemoryEngine, settings: &[(&str, &str)]) -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap()));
        let stored_bytes: Arc<Mutex<Vec<usize>>> = Arc::default();
        let measured = |name| {
            let storage = engine.service(name);
            let values = Arc::clone(&storage.key_value);
            let key_value = MeasuredValues { values, bytes: Arc::clone(&stored_bytes) };
            ServiceStorage { key_value: Arc::new(key_value), ..storage }
        };
        let fixture =
            ServiceFixture::start_on(TABLE, engine.clone(), clock, settings, &measured).await;
        let contract = fixture.contract::<dyn Carts>();
        Self { fixture, stored_bytes, contract }
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    /// Cart as it is read now.
    pub(crate) async fn read(&self, cart: &Value) -> Value {
        self.send("GET", &path_of(cart), Value::Null).await.body
    }

    /// Sends a request as a client of the shop edge.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Value) -> TestResponse {
        self.send_with(&[], method, path, body).await
    }

    /// Sends a request with headers.
    pub(crate) async fn send_with(
        &self,
        headers: &[(&str, &str)],
        method: &str,
        path: &str,
        body: Value,
    ) -> TestResponse {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request = request.header("content-type", "application/json").body(body).unwrap();
        let client = headers.iter().find(|(name, _)| *name == CLIENT);
        let client = client.map(|(_, address)| address.parse().unwrap());
        let actor = headers.iter().find(|(name, actor)| *name == ACTOR && !actor.is_empty());
        let actor = actor.map(|(_, actor)| (*actor).into());
        let context = Context { edge: Edge::Shop, client, actor, ..Context::default() };
        let response = context.scope(self.channel().send(request)).await.unwrap();
        let etag = response.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        TestResponse { status: response.status().as_u16(), etag, body }
    }

    /// Creates a cart with these SKUs and quantities.
    pub(crate) async fn cart(&self, lines: &[(&str, i64)]) -> Value {
        let lines: Vec<_> =
            lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect();
        let made = self.send("POST", "/api/v1/carts", json!({ "lines": lines })).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.body
    }
}

/// Path of a cart.
pub(crate) fn path_of(cart: &Value) -> String {
    format!("/api/v1/carts/{}", cart["id"].as_str().unwrap())
}

/// SKUs and quantities of a cart's lines.
pub(crate) fn lines_of(cart: &Value) -> Vec<(&str, i64)> {
    let lines = cart["lines"].as_array().unwrap().iter();
    lines.map(|line| (line["sku"].as_str().unwrap(), line["quantity"].as_i64().unwrap())).collect()
}
