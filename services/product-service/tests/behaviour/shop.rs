//! The product service among an inventory and an audit that only do what it needs of them.

use bytes::Bytes;
use contracts::{
    audit::{Activity, ActivityBatch},
    inventory::{InventoryEvent, LocationStock, Stock, StockCounts, StockList},
    product::{NewProduct, Product, ProductClient, ProductPage, ProductQuery},
};
use engine_memory::MemoryEngine;
use http::{HeaderMap, Method, StatusCode};
use journal::{Append, AppendError, Journal, NewEvent, RecordedEvent};
use kernel::{Ids, ManualClock, SeededRandomness, Timestamp, Uuid};
use runtime::{BuildContext, BuildFuture, BuiltService, Module, ProcessResources, TaskTracker};
use serde_json::{Value, json};
use settings::{Settings, Sources};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use telemetry::{Health, Metrics};
use transport::{Channel, Context, Edge};
use web::routing::{post, put};
use web::{ApiResult, ApiRouter, Json};

static TABLE: &[Module] = &[
    product_service::MODULE,
    Module {
        name: "inventory-service",
        summary: "",
        calls: &[],
        follows: &[],
        settings: None,
        maintenance: runtime::Maintenance::none,
        build: inventory,
    },
    Module {
        name: "audit-service",
        summary: "",
        calls: &[],
        follows: &[],
        settings: None,
        maintenance: runtime::Maintenance::none,
        build: audit,
    },
];

/// Counts what it is told to, and tells what is available.
fn inventory(site: BuildContext) -> BuildFuture {
    Box::pin(async move {
        let journal = Arc::clone(&site.storage.journal);
        let told = |event: &RecordedEvent| serde_json::from_slice(&event.data).ok();
        let books = Arc::clone(&journal);
        let count = put(move |Json(counts): Json<StockCounts>| count(Arc::clone(&books), counts));
        let routes = ApiRouter::new()
            .api_route("/internal/v1/stock", count)
            .merge(messaging::feed_routes(site.module.name, journal, told));
        Ok(BuiltService::documented(web::service(site.module.name, routes, site.service_parts())))
    })
}

async fn count(journal: Arc<dyn Journal>, counts: StockCounts) -> ApiResult<Json<StockList>> {
    let mut items = Vec::new();
    for count in counts.counts {
        let (sku, units) = (count.sku, count.on_hand);
        let event = InventoryEvent::AvailabilityChanged { sku: sku.clone(), available: units };
        tell(&*journal, &serde_json::to_value(event).unwrap()).await;
        items.push(Stock {
            sku,
            on_hand: units,
            held: 0,
            available: units,
            shortage: 0,
            locations: Vec::<LocationStock>::new(),
        });
    }
    Ok(Json(StockList { items }))
}

/// Remembers what it is told.
fn audit(site: BuildContext) -> BuildFuture {
    Box::pin(async move {
        let journal = Arc::clone(&site.storage.journal);
        let record = post(move |Json(batch): Json<ActivityBatch>| {
            let journal = Arc::clone(&journal);
            async move {
                tell(&*journal, &serde_json::to_value(batch).unwrap()).await;
                web::NoContent
            }
        });
        let routes = ApiRouter::new().api_route("/internal/v1/activities", record);
        Ok(BuiltService::documented(web::service(site.module.name, routes, site.service_parts())))
    })
}

/// Appends a fact to a stream of its own.
async fn tell(journal: &dyn Journal, data: &Value) {
    static FACTS: AtomicU64 = AtomicU64::new(1);
    let id = Uuid::from_u128(u128::from(FACTS.fetch_add(1, Ordering::Relaxed)));
    let data = Bytes::from(data.to_string());
    let mut append = Append {
        stream: "told".to_owned(),
        expected: 0,
        events: vec![NewEvent { id, name: "told", data, recorded_at: Timestamp::UNIX_EPOCH }],
        writes: vec![],
    };
    loop {
        match journal.append(append.clone()).await {
            Err(AppendError::Conflict { actual }) => append.expected = actual,
            other => return drop(other.unwrap()),
        }
    }
}

pub(crate) struct Shop {
    pub(crate) engine: MemoryEngine,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) tasks: TaskTracker,
    products: Channel,
}

/// An answer as it came.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The field a refusal names.
    pub(crate) fn field(&self) -> &str {
        self.body["errors"][0]["field"].as_str().unwrap_or_default()
    }

    pub(crate) fn read<T: serde::de::DeserializeOwned>(&self) -> T {
        assert!(self.status.is_success(), "{self:?}");
        serde_json::from_value(self.body.clone()).unwrap()
    }
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::on(MemoryEngine::new()).await
    }

    pub(crate) async fn on(engine: MemoryEngine) -> Self {
        let clock = Arc::new(ManualClock::at("2026-06-01T00:00:00Z".parse().unwrap()));
        let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
        let sections = TABLE.iter().filter_map(|module| module.settings);
        let settings = Settings::load(sections, &Sources::default()).unwrap();
        let tasks = TaskTracker::default();
        let materials = ProcessResources {
            settings: Arc::new(settings),
            storage: &|name| engine.service(name),
            bulk: &|name| engine.bulk(name),
            remote: &|_| None,
            ids,
            metrics: Metrics::new(),
            health: Health::new(),
            tasks: tasks.clone(),
        };
        let selected: Vec<_> = TABLE.iter().collect();
        let assembled = runtime::assemble(TABLE, &selected, materials).await.unwrap();
        let products = assembled.directory.channel(ProductClient::SERVICE).unwrap();
        Self { engine, clock, tasks, products }
    }

    /// Sends a request as somebody at `edge` would.
    pub(crate) async fn send(&self, edge: Edge, request: http::Request<Bytes>) -> Reply {
        let context = Context { edge, ..Context::default() };
        let response = context.scope(self.products.send(request)).await.unwrap();
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        Reply { status: response.status(), headers: response.headers().clone(), body }
    }

    pub(crate) async fn get(&self, edge: Edge, path: &str) -> Reply {
        self.send(edge, request(Method::GET, path, None)).await
    }

    /// As an operator.
    pub(crate) async fn post(&self, path: &str, body: &impl serde::Serialize) -> Reply {
        self.send(Edge::Operator, request(Method::POST, path, Some(json!(body)))).await
    }

    /// As an operator.
    pub(crate) async fn put(&self, path: &str, body: &impl serde::Serialize) -> Reply {
        self.send(Edge::Operator, request(Method::PUT, path, Some(json!(body)))).await
    }

    /// As an operator.
    pub(crate) async fn patch(&self, path: &str, body: &impl serde::Serialize) -> Reply {
        self.send(Edge::Operator, request(Method::PATCH, path, Some(json!(body)))).await
    }

    pub(crate) async fn create(&self, product: &NewProduct) -> Product {
        self.post("/api/v1/products", product).await.read()
    }

    /// As shoppers see it.
    pub(crate) async fn product(&self, id_or_slug: &str) -> Product {
        self.get(Edge::Shop, &format!("/api/v1/products/{id_or_slug}")).await.read()
    }

    /// As shoppers see it.
    pub(crate) async fn list(&self, query: &str) -> ProductPage {
        self.get(Edge::Shop, &format!("/api/v1/products?{query}")).await.read()
    }

    pub(crate) async fn slugs(&self, query: &str) -> Vec<String> {
        self.list(query).await.items.into_iter().map(|item| item.slug).collect()
    }

    /// The inventory tells that so many are left.
    pub(crate) async fn inventory_tells(&self, sku: &str, available: i64) {
        let event = InventoryEvent::AvailabilityChanged { sku: sku.to_owned(), available };
        let journal = self.engine.service("inventory-service").journal;
        tell(&*journal, &serde_json::to_value(event).unwrap()).await;
    }

    /// Waits until something holds.
    pub(crate) async fn until(&self, query: &ProductQuery, holds: impl Fn(&ProductPage) -> bool) {
        let query = serde_json::to_value(query).unwrap();
        let pairs = query.as_object().unwrap().iter();
        let query: Vec<_> =
            pairs.map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect();
        while !holds(&self.list(&query.join("&")).await) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    /// What the audit was told after a stop.
    pub(crate) async fn activities(&self) -> Vec<Activity> {
        self.tasks.drain(std::time::Duration::from_secs(5)).await;
        let journal = self.engine.service("audit-service").journal;
        let told = journal.read("told", 0, journal::READ_EVENTS_MAX).await.unwrap();
        let batches = told.iter().map(|event| serde_json::from_slice(&event.data).unwrap());
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

/// A mug in two colours.
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
        "media": [{"image": {"url": "/media/mug.svg", "alt": "A mug"}}],
        "status": "active",
    }))
    .unwrap()
}

/// A product of one variant without options.
pub(crate) fn plain(slug: &str, amount: i64) -> NewProduct {
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
