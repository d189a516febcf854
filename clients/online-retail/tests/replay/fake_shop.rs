//! Fake shop in memory: products, carts, orders, payments and stock as far as a replay needs them.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use kernel::{Ids, ManualClock, Problem, SeededRandomness, Uuid, codes};
use parking_lot::Mutex;
use serde_json::{Value, json};
use shop_client::{EdgeClient, RetryPolicy};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use tokio::{net::TcpListener, task::JoinSet};

pub(crate) struct FakeShop {
    pub(crate) edge: EdgeClient,
    state: SharedState,
    _server: JoinSet<()>,
}

type SharedState = Arc<Mutex<ShopState>>;
type HandlerResult = Result<Value, Problem>;

#[derive(Default)]
struct ShopState {
    products: BTreeMap<String, Value>,
    carts: HashMap<Uuid, Value>,
    orders: Vec<Value>,
    movements: BTreeMap<String, Vec<Value>>,
    answers: HashMap<String, HandlerResult>,
    requests_left: Option<u32>,
    refused_sku: Option<String>,
    next: u128,
}

impl FakeShop {
    pub(crate) async fn start() -> Self {
        let state = SharedState::default();
        let router = Router::new()
            .route("/api/v1/countries", get(countries))
            .route("/api/v1/products/import", post(handle_post))
            .route("/api/v1/products/{slug}", get(handle_get))
            .route("/api/v1/carts", post(handle_post))
            .route("/api/v1/carts/{id}/checkout", post(handle_post))
            .route("/api/v1/orders", get(handle_get))
            .route("/api/v1/orders/{id}", get(handle_get))
            .route("/api/v1/orders/{id}/refunds", post(handle_post))
            .route("/api/v1/payments/{id}", get(handle_get))
            .route("/api/v1/stock/{sku}/movements", get(movements).post(move_stock))
            .with_state(state.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        let ids = Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(1)));
        let edge = EdgeClient::new(&address, RetryPolicy::default(), ids).unwrap();
        Self { edge, state, _server: server }
    }

    /// Injects a fault: after this many further writing requests all of them fail.
    pub(crate) fn fail_after(&self, requests: u32) {
        self.state.lock().requests_left = Some(requests);
    }

    pub(crate) fn recover(&self) {
        self.state.lock().requests_left = None;
    }

    pub(crate) fn refuse_orders_of(&self, sku: &str) {
        self.state.lock().refused_sku = Some(sku.to_owned());
    }

    pub(crate) fn orders(&self) -> usize {
        self.state.lock().orders.len()
    }

    pub(crate) fn on_hand(&self, sku: &str) -> i64 {
        let state = self.state.lock();
        state
            .movements
            .get(sku)
            .and_then(|it| it.last())
            .map_or(0, |it| it["on_hand"].as_i64().unwrap())
    }

    /// State that must not depend on the number of attempts: names, totals, refunds, stock.
    pub(crate) fn snapshot(&self) -> BTreeMap<String, String> {
        let state = self.state.lock();
        let orders = state.orders.iter().map(|it| {
            let lines = it["lines"].as_array().unwrap().iter();
            let lines: Vec<String> =
                lines.map(|line| format!("{} of {}", line["quantity"], line["sku"])).collect();
            let (paid, back) =
                (&it["payment"]["captured"]["amount"], &it["payment"]["refunded"]["amount"]);
            let name = it["shipping_address"]["name"].as_str().unwrap();
            (name.to_owned(), format!("{paid} less {back} for {lines:?}"))
        });
        let stock = state.movements.iter().map(|(sku, movements)| {
            let on_hand = &movements.last().unwrap()["on_hand"];
            (sku.clone(), format!("{on_hand} after {}", movements.len()))
        });
        orders.chain(stock).collect()
    }

    pub(crate) fn understate_a_capture(&self) {
        self.state.lock().orders[0]["payment"]["captured"]["amount"] = json!(1);
    }

    pub(crate) fn change_a_movement(&self) {
        self.state.lock().movements.values_mut().next().unwrap()[0]["quantity"] = json!(1);
    }

    pub(crate) fn duplicate_an_order(&self) {
        let mut state = self.state.lock();
        let mut order = state.orders[0].clone();
        order["id"] = json!(Uuid::from_u128(7));
        state.orders.push(order);
    }
}

fn answer(answer: HandlerResult) -> Response {
    match answer {
        Ok(value) => Json(value).into_response(),
        Err(problem) => {
            let status = StatusCode::from_u16(problem.status).unwrap();
            (status, Json(serde_json::to_value(problem).unwrap())).into_response()
        }
    }
}

fn gbp(amount: i64) -> Value {
    json!({"amount": amount, "currency": "GBP"})
}

async fn countries() -> Json<Value> {
    let country = |code: &str| json!({"code": code, "name": code, "required": [], "postal_code_pattern": null});
    let reached = ["GB", "FR"].map(country);
    Json(json!({"items": reached}))
}

async fn handle_get(State(state): State<SharedState>, uri: axum::http::Uri) -> Response {
    let state = state.lock();
    let parts: Vec<&str> = uri.path().split('/').skip(3).collect();
    let order =
        |field: &dyn Fn(&Value) -> bool| state.orders.iter().find(|order| field(order)).cloned();
    answer(match parts[..] {
        ["products", slug] => {
            state.products.get(slug).cloned().ok_or_else(|| Problem::not_found("product", slug))
        }
        ["orders"] => {
            let summary = |it: &Value| {
                let mut summary = it.clone();
                summary["name"] = it["shipping_address"]["name"].clone();
                summary["total"] = it["totals"]["total"].clone();
                summary["item_count"] = json!(1);
                summary
            };
            Ok(
                json!({"items": state.orders.iter().map(summary).collect::<Vec<_>>(), "next_cursor": null}),
            )
        }
        ["orders", id] => {
            order(&|it| it["id"] == id).ok_or_else(|| Problem::not_found("order", id))
        }
        ["payments", id] => match order(&|it| it["payment"]["id"] == id) {
            Some(order) => Ok(json!({
                "id": id, "order_id": order["id"], "method": "test", "state": "captured",
                "amount": order["totals"]["total"], "authorised": order["totals"]["total"],
                "captured": order["payment"]["captured"], "refunded": order["payment"]["refunded"],
                "failure": null, "action_url": null, "refunds": [],
            })),
            None => Err(Problem::not_found("payment", id)),
        },
        _ => Err(Problem::not_found("page", uri.path())),
    })
}

async fn movements(State(state): State<SharedState>, Path(sku): Path<String>) -> Json<Value> {
    let mut movements = state.lock().movements.get(&sku).cloned().unwrap_or_default();
    movements.reverse();
    Json(json!({"items": movements, "next_cursor": null}))
}

async fn move_stock(
    State(state): State<SharedState>,
    Path(sku): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut state = state.lock();
    let body: Value = serde_json::from_slice(&body).unwrap();
    answer(state.idempotent(&headers, &format!("movement {sku}"), |state| {
        let (kind, units) = (body["kind"].as_str().unwrap(), body["quantity"].as_i64().unwrap());
        Ok(state.add_movement(&sku, kind, units, &body["reason"], &Value::Null))
    }))
}

async fn handle_post(
    State(state): State<SharedState>,
    uri: axum::http::Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut state = state.lock();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let path = uri.path().to_owned();
    let parts: Vec<&str> = path.split('/').skip(3).collect();
    answer(state.idempotent(&headers, &path, |state| match parts[..] {
        ["products", "import"] => Ok(state.import(&body)),
        ["carts"] => {
            let id = state.id();
            state.carts.insert(id, body["lines"].clone());
            Ok(cart(id))
        }
        ["carts", id, "checkout"] => state.checkout(id.parse().unwrap(), &body),
        ["orders", id, "refunds"] => Ok(state.refund(id, &body)),
        _ => Err(Problem::not_found("page", &path)),
    }))
}

fn cart(id: Uuid) -> Value {
    let nothing = gbp(0);
    json!({
        "id": id, "status": "open", "currency": "GBP", "lines": [], "item_count": 0, "notices": [],
        "totals": {"items": nothing, "discount": nothing, "shipping": nothing, "tax": nothing, "total": nothing,
            "tax_included": true},
        "order_id": null, "version": 1, "expires_at": "2026-01-01T00:00:00Z",
    })
}

impl ShopState {
    fn id(&mut self) -> Uuid {
        self.next += 1;
        Uuid::from_u128(0x7000 + self.next)
    }

    /// Runs `work` once for each idempotency key, and returns the recorded result to later requests with it.
    fn idempotent(
        &mut self,
        headers: &HeaderMap,
        place: &str,
        work: impl FnOnce(&mut Self) -> HandlerResult,
    ) -> HandlerResult {
        if let Some(left) = &mut self.requests_left {
            let Some(fewer) = left.checked_sub(1) else { return Err(Problem::internal()) };
            *left = fewer;
        }
        let key = format!("{place} {}", headers["idempotency-key"].to_str().unwrap());
        if let Some(answer) = self.answers.get(&key) {
            return answer.clone();
        }
        let answer = work(self);
        self.answers.insert(key, answer.clone());
        answer
    }

    fn import(&mut self, body: &Value) -> Value {
        let mut outcomes = Vec::new();
        for wanted in body["products"].as_array().unwrap() {
            let slug = wanted["slug"].as_str().unwrap().to_owned();
            let mut variants = match self.products.get(&slug) {
                Some(known) => known["variants"].as_array().unwrap().clone(),
                None => Vec::new(),
            };
            for variant in wanted["variants"].as_array().unwrap() {
                let mut variant = variant.clone();
                for (name, value) in [
                    ("in_stock", json!(true)),
                    ("only_left", Value::Null),
                    ("reduction", Value::Null),
                ] {
                    variant[name] = value;
                }
                variants.retain(|known| known["sku"] != variant["sku"]);
                variants.push(variant);
            }
            let mut product = wanted.clone();
            product["variants"] = json!(variants);
            for (name, value) in
                [("version", json!(1)), ("created_at", json!("2026-01-01T00:00:00Z"))]
            {
                product[name] = value;
            }
            product["id"] = json!(self.id());
            let known = self.products.insert(slug, product).is_some();
            outcomes.push(json!({"outcome": if known { "updated" } else { "created" }}));
        }
        json!({"outcomes": outcomes})
    }

    fn price(&self, sku: &str) -> kernel::UnitPrice {
        let variants =
            self.products.values().flat_map(|product| product["variants"].as_array().unwrap());
        let variant = variants.clone().find(|variant| variant["sku"] == sku);
        serde_json::from_value(variant.unwrap_or_else(|| panic!("no {sku}"))["price"].clone())
            .unwrap()
    }

    fn checkout(&mut self, cart: Uuid, body: &Value) -> HandlerResult {
        let lines = self.carts[&cart].as_array().unwrap().clone();
        if lines.iter().any(|line| {
            Some(&line["sku"]) == self.refused_sku.as_ref().map(|sku| json!(sku)).as_ref()
        }) {
            return Err(Problem::new(409, codes::FORBIDDEN, "not today"));
        }
        let units = |line: &Value| line["quantity"].as_i64().unwrap();
        let total = lines.iter().map(|line| {
            self.price(line["sku"].as_str().unwrap()).extend(units(line)).unwrap().amount
        });
        let total: i64 = total.sum();
        assert_eq!(body["expected_total"], gbp(total));
        let id = self.id();
        for line in &lines {
            let sku = line["sku"].as_str().unwrap();
            self.add_movement(sku, "sold", -units(line), &Value::Null, &json!(id));
            assert!(
                self.movements[sku].last().unwrap()["on_hand"].as_i64().unwrap() >= 0,
                "{sku} is oversold"
            );
        }
        let quoted = lines.iter().map(|line| {
            let price = self.price(line["sku"].as_str().unwrap());
            json!({
                "sku": line["sku"], "product_id": id, "name": "x", "options": {}, "quantity": line["quantity"],
                "unit_price": price, "total": price.extend(units(line)).unwrap(), "tax": gbp(0), "tax_rate": "0",
                "refunded_quantity": 0,
            })
        });
        let order = json!({
            "id": id, "number": id.to_string(), "status": "confirmed", "payment_status": "paid",
            "fulfilment_status": "unfulfilled", "email": body["email"], "currency": "GBP",
            "lines": quoted.collect::<Vec<_>>(),
            "shipping": {"method": "invoiced", "label": "x", "price": gbp(0), "tax": gbp(0)},
            "totals": {"items": gbp(total), "discount": gbp(0), "shipping": gbp(0), "tax": gbp(0),
                "total": gbp(total), "tax_included": true},
            "shipping_address": body["shipping_address"], "billing_address": body["shipping_address"],
            "payment": {"id": self.id(), "method": "test", "authorised": gbp(0),
                "captured": gbp(total), "refunded": gbp(0),
                "action_url": null},
            "refunds": [], "cart_id": cart, "cancel_reason": null, "placed_at": "2026-01-01T00:00:00Z",
            "history": [], "version": 1,
        });
        self.orders.push(order.clone());
        Ok(order)
    }

    fn refund(&mut self, id: &str, body: &Value) -> Value {
        let order = self.orders.iter().position(|order| order["id"] == id).unwrap();
        let mut amount = body["amount"]["amount"].as_i64().unwrap_or(0);
        for line in body["lines"].as_array().into_iter().flatten() {
            let (sku, units) = (line["sku"].as_str().unwrap(), line["quantity"].as_i64().unwrap());
            amount += self.price(sku).extend(units).unwrap().amount;
            if body["restock"] == true {
                self.add_movement(sku, "returned", units, &body["reason"], &json!(id));
            }
        }
        let payment = &mut self.orders[order]["payment"];
        let refunded = payment["refunded"]["amount"].as_i64().unwrap() + amount;
        assert!(refunded <= payment["captured"]["amount"].as_i64().unwrap(), "more than was paid");
        payment["refunded"] = gbp(refunded);
        self.orders[order].clone()
    }

    fn add_movement(
        &mut self,
        sku: &str,
        kind: &str,
        quantity: i64,
        reason: &Value,
        order: &Value,
    ) -> Value {
        let movements = self.movements.entry(sku.to_owned()).or_default();
        let before = movements.last().map_or(0, |it| it["on_hand"].as_i64().unwrap());
        let movement = json!({
            "sku": sku, "location": "main", "kind": kind, "quantity": quantity, "on_hand": before + quantity,
            "reason": reason, "order_id": order, "at": "2026-01-01T00:00:00Z",
        });
        movements.push(movement.clone());
        movement
    }
}
