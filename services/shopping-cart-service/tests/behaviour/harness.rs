//! Test harness: the shopping cart service with a fake catalogue of three products.

use async_trait::async_trait;
use axum::Router;
use bytes::Bytes;
use contracts::{
    cart::{CartEvent, Carts, SERVICE},
    product::{self, Catalogue, VARIANTS_MAX, VariantFacts},
    shared::{ProductId, Sku},
};
use engine_memory::MemoryEngine;
use http::Request;
use kernel::{Currency, Ids, ManualClock, Problem, SeededRandomness, UnitPrice, Uuid};
use rpc::{CallError, Feed};
use runtime::{Module, ProcessResources, TaskTracker};
use serde_json::{Value, json};
use settings::{Settings, Sources};
use std::sync::Arc;
use telemetry::{Health, Metrics};
use transport::{Channel, Context, Edge};

static TABLE: &[Module] = &[
    shopping_cart_service::MODULE,
    Module {
        name: product::SERVICE,
        summary: "",
        calls: &[],
        follows: &[],
        settings: None,
        maintenance: runtime::Maintenance::none,
        build: |context| {
            Box::pin(async move {
                context.provide::<dyn Catalogue>(Arc::new(FakeCatalogue))?;
                Ok(context.serve(web::ApiRouter::new()))
            })
        },
    },
];

/// Three products, and any number of units of what begins with `ANY-`.
#[derive(Debug)]
struct FakeCatalogue;

#[async_trait]
impl Catalogue for FakeCatalogue {
    async fn variants(&self, skus: Vec<Sku>) -> Result<Vec<VariantFacts>, CallError> {
        if skus.len() > VARIANTS_MAX {
            return Err(Problem::field("skus", "too many").into());
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
        any if any.starts_with("ANY-") => ("18.00", true, None),
        _ => return None,
    };
    Some(VariantFacts {
        product_id: ProductId(Uuid::from_u128(1)),
        slug: spelling.to_lowercase(),
        name: spelling.clone(),
        options: std::collections::BTreeMap::default(),
        price: UnitPrice::parse_major(price, Currency::EUR).unwrap(),
        image: None,
        for_sale,
        in_stock: for_sale,
        only_left,
        weight_grams: 100,
        sku: sku(&spelling),
    })
}

pub(crate) fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

/// Running shopping cart service.
pub(crate) struct TestShop {
    pub(crate) engine: MemoryEngine,
    /// Contract with typed values.
    pub(crate) contract: Arc<dyn Carts>,
    pub(crate) feed: Arc<dyn Feed<CartEvent>>,
    /// Channel to its routes in this process.
    pub(crate) channel: Channel,
    pub(crate) router: Router,
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
        let clock = Arc::new(ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap()));
        let engine = MemoryEngine::new();
        let sections = TABLE.iter().filter_map(|module| module.settings);
        let resources = ProcessResources {
            settings: Arc::new(Settings::load(sections, &Sources::default()).unwrap()),
            storage: &|name| engine.service(name),
            bulk: &|name| engine.bulk(name),
            remote: &|_| None,
            over_wire: None,
            ids: Ids::new(clock, Arc::new(SeededRandomness::new(1))),
            metrics: Metrics::new(),
            health: Health::new(),
            tasks: TaskTracker::default(),
        };
        let selected: Vec<_> = TABLE.iter().collect();
        let mut assembly = runtime::assemble(TABLE, &selected, resources).await.unwrap();
        Self {
            contract: assembly.contracts.contract::<dyn Carts>(),
            feed: assembly.contracts.contract::<dyn Feed<CartEvent>>(),
            channel: assembly.directory.channel(SERVICE).unwrap(),
            router: assembly.routers.remove(SERVICE).unwrap(),
            engine,
        }
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
        let context = Context { edge: Edge::Shop, ..Context::default() };
        let response = context.scope(self.channel.send(request)).await.unwrap();
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
