//! Read models: what the shop shows is what the reference model comes to.

use crate::{
    client::ApiRequest, model::ReferenceModel, simulation::Simulation, violation::Violations,
};
use http::Method;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

const FOLD: &str = "read models are the fold of the log";
/// Lists of all orders, and of the checkouts that were cancelled before they became one.
const ORDERS: &str = "/api/v1/orders?limit=200";
const ATTEMPTS: &str = "/api/v1/orders?status=attempted&limit=200";

/// Fetches every order, cart, list, stock level and product, compares them with the model, and returns them by path.
pub(super) async fn fetch_and_check(
    sim: &Arc<Simulation>,
    violations: &mut Violations,
) -> BTreeMap<String, Value> {
    let mut shown = BTreeMap::new();
    let (orders, carts) = {
        let model = sim.oracle.model();
        let orders: Vec<_> = model.orders.all.keys().cloned().collect();
        let carts: Vec<_> = model.carts.all.keys().cloned().collect();
        (orders, carts)
    };
    for order in &orders {
        fetch_as_operator(sim, format!("/api/v1/orders/{order}"), &mut shown, violations).await;
    }
    for cart in &carts {
        let request = ApiRequest::shopper(Method::GET, format!("/api/v1/carts/{cart}"));
        fetch(sim, request, &mut shown, violations).await;
    }
    for list in [ORDERS, ATTEMPTS] {
        fetch_as_operator(sim, list.to_owned(), &mut shown, violations).await;
    }
    fetch_as_operator(sim, "/api/v1/sagas".to_owned(), &mut shown, violations).await;
    for product in &sim.plan.products {
        fetch_as_operator(sim, format!("/api/v1/stock/{}", product.sku), &mut shown, violations)
            .await;
        let movements = format!("/api/v1/stock/{}/movements?limit=200", product.sku);
        fetch_as_operator(sim, movements, &mut shown, violations).await;
        let product = format!("/api/v1/products/{}", product.sku.to_lowercase());
        fetch(sim, ApiRequest::shopper(Method::GET, product), &mut shown, violations).await;
    }
    let model = sim.oracle.model();
    check_orders(&model, &shown, violations);
    for product in &sim.plan.products {
        check_product(&model, &product.sku, &shown, violations);
    }
    drop(model);
    shown
}

async fn fetch_as_operator(
    sim: &Arc<Simulation>,
    path: String,
    shown: &mut BTreeMap<String, Value>,
    violations: &mut Violations,
) {
    fetch(sim, ApiRequest::operator(Method::GET, path), shown, violations).await;
}

async fn fetch(
    sim: &Arc<Simulation>,
    request: ApiRequest,
    shown: &mut BTreeMap<String, Value>,
    violations: &mut Violations,
) {
    let path = request.path.clone();
    let response = sim.client.send(request.retries_max(10)).await;
    match response.success() {
        Some(body) => drop(shown.insert(path, body.clone())),
        None => violations.add(FOLD, format!("{path} is answered with {response:?}")),
    }
}

fn check_orders(
    model: &ReferenceModel,
    shown: &BTreeMap<String, Value>,
    violations: &mut Violations,
) {
    let mut listed: BTreeMap<&str, &Value> = BTreeMap::new();
    for path in [ORDERS, ATTEMPTS] {
        let list = &shown.get(path).map_or(&Value::Null, |page| &page["items"]);
        for item in list.as_array().into_iter().flatten() {
            violations.check(item["attempt"] == (path == ATTEMPTS), FOLD, || {
                format!("{path} has {item}")
            });
            listed.insert(item["id"].as_str().unwrap_or_default(), item);
        }
    }
    violations.check(listed.len() == model.orders.all.len(), FOLD, || {
        format!("{} orders are listed of {}", listed.len(), model.orders.all.len())
    });
    for (id, order) in &model.orders.all {
        let (status, number) = (order.status.as_str(), order.number.to_string());
        let item = listed.get(id.as_str()).copied().unwrap_or(&Value::Null);
        violations.check(
            item["status"] == status
                && item["attempt"] == (order.is_cancelled() && !order.was_confirmed)
                && item["number"].as_str() == Some(&number)
                && item["total"]["amount"] == order.total,
            FOLD,
            || format!("order {id} is {status} and listed as {item}"),
        );
        let detail = shown.get(&format!("/api/v1/orders/{id}")).unwrap_or(&Value::Null);
        let refunded = if order.is_cancelled() { order.captured } else { order.refunded() };
        violations.check(
            detail["status"] == status
                && detail["totals"]["total"]["amount"] == order.total
                && detail["payment"]["refunded"]["amount"] == refunded
                && detail["payment"]["captured"]["amount"] == order.captured,
            FOLD,
            || format!("order {id} is {order:?} and shown as {detail}"),
        );
        let lines = order.lines.iter().zip(detail["lines"].as_array().into_iter().flatten());
        for ((sku, units, cents), line) in lines {
            violations.check(
                line["sku"] == sku.as_str()
                    && line["quantity"] == *units
                    && line["unit_price"]["amount"] == *cents,
                "the prices of an order are frozen",
                || format!("order {id}: {sku} for {cents} is shown as {line}"),
            );
        }
    }
    let sagas =
        shown.get("/api/v1/sagas").map_or(0, |it| it["items"].as_array().map_or(0, Vec::len));
    violations.check(sagas == 0, "everything settles", || format!("{sagas} sagas are listed"));
}

fn check_product(
    model: &ReferenceModel,
    sku: &str,
    shown: &BTreeMap<String, Value>,
    violations: &mut Violations,
) {
    let nothing = Value::Null;
    let stock = shown.get(&format!("/api/v1/stock/{sku}")).unwrap_or(&nothing);
    let level = model.stock.levels.get(sku).copied().unwrap_or_default();
    violations.check(
        stock["on_hand"] == level.on_hand
            && stock["held"] == level.held
            && stock["available"] == level.on_hand,
        FOLD,
        || format!("{sku}: {level:?} is shown as {stock}"),
    );
    let movements =
        shown.get(&format!("/api/v1/stock/{sku}/movements?limit=200")).unwrap_or(&nothing);
    let count = movements["items"].as_array().map_or(0, Vec::len);
    let recorded = model.stock.movement_counts.get(sku).copied().unwrap_or_default();
    violations.check(count == recorded, FOLD, || {
        format!("{sku}: {count} of {recorded} movements are shown")
    });
    let product =
        shown.get(&format!("/api/v1/products/{}", sku.to_lowercase())).unwrap_or(&nothing);
    let variant = &product["variants"][0];
    let cents = model.catalogue.prices.get(sku).and_then(|prices| prices.last());
    violations.check(
        variant["in_stock"] == (level.on_hand > 0)
            && variant["price"]["amount"].as_i64() == cents.copied(),
        FOLD,
        || format!("{sku}: {} on hand for {cents:?} is shown as {variant}", level.on_hand),
    );
}
