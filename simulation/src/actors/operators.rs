//! Operators: prices, stock, refunds, fulfilment, cancellations and erasures.

use super::erasures;
use crate::{
    client::{ApiRequest, ApiResponse},
    observed::{CommandOutcome, OperatorCommand},
    plan::{Operation, RefundAmount},
    simulation::Simulation,
};
use http::Method;
use serde_json::json;
use std::sync::Arc;

/// How often an operator retries a request.
const RETRIES_MAX: u32 = 6;

/// One in so many orders is cancelled after it was fulfilled, too late.
const CANCELLED_TOO_LATE: usize = 4;

/// Executes an operation of an operator.
pub(super) async fn execute(sim: &Arc<Simulation>, id: usize, operation: Operation) {
    match operation {
        Operation::SetPrice { product, cents } => set_price(sim, product, cents).await,
        Operation::CountStock { product, on_hand } => count_stock(sim, product, on_hand).await,
        Operation::MoveStock { product, units, duplicate } => {
            move_stock(sim, id, product, units, duplicate).await;
        }
        Operation::Refund { order_of, amount, restock, duplicate } => {
            if let Some(order) = placed_order(sim, order_of) {
                refund(sim, id, order, amount, restock, duplicate).await;
            }
        }
        Operation::Fulfil { order_of } => {
            if let Some(order) = placed_order(sim, order_of) {
                fulfil(sim, id, order).await;
            }
        }
        Operation::Cancel { order_of } => {
            if let Some(order) = placed_order(sim, order_of) {
                cancel(sim, &format!("operator-cancel-{id}"), order).await;
            }
        }
        Operation::EraseCustomer { order_of } => {
            if let Some(order) = placed_order(sim, order_of) {
                erasures::erase_customer(sim, &order).await;
            }
        }
        Operation::Inspect { product } => inspect(sim, product).await,
        Operation::ShopperSession(_) | Operation::OperatorOrder { .. } => {}
    }
}

/// Order that an operation has placed by now.
fn placed_order(sim: &Simulation, id: usize) -> Option<String> {
    sim.observed.lock().orders.get(&id).cloned()
}

async fn set_price(sim: &Arc<Simulation>, product: usize, cents: i64) {
    let sku = sim.plan.sku(product);
    let Some(product_id) = find_product(sim, &sku).await else { return };
    let path = format!("/api/v1/products/{product_id}/variants/{sku}/price");
    let request = ApiRequest::operator(Method::PUT, path);
    let request =
        request.body(json!({ "amount": cents, "currency": "EUR" })).retries_max(RETRIES_MAX);
    if sim.client.send(request).await.success().is_some() {
        sim.observed.lock().prices.push((sku, cents));
    }
}

/// Id of the product of a SKU.
async fn find_product(sim: &Arc<Simulation>, sku: &str) -> Option<String> {
    let path = format!("/api/v1/products/{}", sku.to_lowercase());
    let response =
        sim.client.send(ApiRequest::shopper(Method::GET, path).retries_max(RETRIES_MAX)).await;
    Some(response.success()?["id"].as_str()?.to_owned())
}

async fn count_stock(sim: &Arc<Simulation>, product: usize, on_hand: i64) {
    let path = format!("/api/v1/stock/{}", sim.plan.sku(product));
    let request = ApiRequest::operator(Method::PUT, path);
    let request =
        request.body(json!({ "on_hand": on_hand, "reason": "counted" })).retries_max(RETRIES_MAX);
    if sim.client.send(request).await.success().is_some() {
        sim.env.cover("outcome: stock counted");
    }
}

/// Sends a request once, or twice at the same time under the same key; then the responses have to agree.
async fn send_once_or_twice(
    sim: &Arc<Simulation>,
    request: ApiRequest,
    duplicate: bool,
) -> ApiResponse {
    if !duplicate {
        return sim.client.send(request).await;
    }
    sim.env.cover("fault: duplicate submission");
    let (one, two) =
        tokio::join!(biased; sim.client.send(request.clone()), sim.client.send(request));
    let is_known = |response: &ApiResponse| matches!(response, ApiResponse::Received { .. });
    if is_known(&one) && is_known(&two) && one.success().is_some() != two.success().is_some() {
        sim.env
            .report_violation("one response per idempotency key", format!("{one:?} and {two:?}"));
    }
    if is_known(&one) { one } else { two }
}

async fn move_stock(sim: &Arc<Simulation>, id: usize, product: usize, units: i64, duplicate: bool) {
    let sku = sim.plan.sku(product);
    let reason = format!("movement {id}");
    let kind = if units > 0 { "received" } else { "adjusted" };
    let body = json!({ "kind": kind, "quantity": units, "reason": reason });
    let request = ApiRequest::operator(Method::POST, format!("/api/v1/stock/{sku}/movements"));
    let request = request.key(&format!("move-{id}")).body(body).retries_max(RETRIES_MAX);
    let response = send_once_or_twice(sim, request, duplicate).await;
    let outcome = outcome_of(&response);
    if outcome == CommandOutcome::Done {
        sim.env.cover("outcome: stock moved");
        let is_flushed = sim.oracle.model().stock.operator_movements.contains_key(&reason);
        if !is_flushed {
            sim.env.report_violation(
                "responses show only durable state",
                format!("{reason} is not flushed"),
            );
        }
    }
    sim.observed.lock().stock_movements.push(OperatorCommand {
        target: sku,
        reason,
        units,
        outcome,
    });
}

fn outcome_of(response: &ApiResponse) -> CommandOutcome {
    match response {
        ApiResponse::Indeterminate => CommandOutcome::Indeterminate,
        ApiResponse::Received { status: 200..=299, .. } => CommandOutcome::Done,
        ApiResponse::Received { .. } => CommandOutcome::Rejected,
    }
}

async fn refund(
    sim: &Arc<Simulation>,
    id: usize,
    order: String,
    amount: RefundAmount,
    restock: bool,
    duplicate: bool,
) {
    let reason = format!("refund {id}");
    let mut body = json!({ "reason": reason });
    match amount {
        RefundAmount::Remainder => {}
        RefundAmount::Fixed(cents) => {
            body["amount"] = json!({ "amount": cents, "currency": "EUR" });
        }
        RefundAmount::Unit => {
            let sku = sim
                .oracle
                .model()
                .orders
                .all
                .get(&order)
                .and_then(|order| order.lines.first().map(|(sku, ..)| sku.clone()));
            let Some(sku) = sku else { return };
            body["lines"] = json!([{ "sku": sku, "quantity": 1 }]);
            body["restock"] = json!(restock);
        }
    }
    let request = ApiRequest::operator(Method::POST, format!("/api/v1/orders/{order}/refunds"));
    let request = request.key(&format!("refund-{id}")).body(body).retries_max(RETRIES_MAX);
    let response = send_once_or_twice(sim, request, duplicate).await;
    let mut outcome = outcome_of(&response);
    if let Some(shown) = response.success() {
        let mut refunds = shown["refunds"].as_array().into_iter().flatten();
        match refunds.find(|refund| refund["reason"] == reason.as_str()) {
            Some(refund) if refund["status"] == "done" => {}
            Some(_) => outcome = CommandOutcome::Accepted,
            None => sim.env.report_violation(
                "acknowledged writes are durable",
                format!("{reason} is not in {shown}"),
            ),
        }
    } else if response.code() == Some("exceeds_refundable") {
        sim.env.cover("outcome: rejected, exceeds refundable");
    } else if response.code() == Some("not_captured") {
        sim.env.cover("outcome: rejected, not captured");
    }
    sim.observed.lock().refunds.push(OperatorCommand { target: order, reason, units: 0, outcome });
}

async fn fulfil(sim: &Arc<Simulation>, id: usize, order: String) {
    let request = ApiRequest::operator(Method::POST, format!("/api/v1/orders/{order}/fulfil"));
    let request = request.key(&format!("fulfil-{id}")).body(json!({})).retries_max(RETRIES_MAX);
    let response = sim.client.send(request).await;
    let is_fulfilled = |order: &serde_json::Value| order["fulfilment_status"] == "fulfilled";
    match response.success() {
        Some(shown) if is_fulfilled(shown) => {
            sim.env.cover("outcome: order fulfilled");
            sim.observed.lock().fulfilled.push(order.clone());
            if id.is_multiple_of(CANCELLED_TOO_LATE) {
                cancel(sim, &format!("late-cancel-{id}"), order).await;
            }
        }
        // The bank has not answered; it is fulfilled as soon as the payment is captured.
        Some(_) => sim.env.cover("outcome: order is being fulfilled"),
        None if response.code() == Some("nothing_to_ship") => {
            sim.env.cover("outcome: rejected, nothing to ship");
        }
        None => {}
    }
}

async fn cancel(sim: &Arc<Simulation>, key: &str, order: String) {
    let request = ApiRequest::operator(Method::POST, format!("/api/v1/orders/{order}/cancel"));
    let request = request.key(key);
    let request =
        request.body(json!({ "reason": "cancelled by the operator" })).retries_max(RETRIES_MAX);
    let response = sim.client.send(request).await;
    if response.success().is_some_and(|order| order["status"] == "cancelled") {
        sim.observed.lock().cancelled.push(order);
    } else if response.code() == Some("already_shipped") {
        sim.env.cover("outcome: rejected, already shipped");
    }
}

async fn inspect(sim: &Arc<Simulation>, product: usize) {
    let sku = sim.plan.sku(product);
    for path in [format!("/api/v1/stock/{sku}"), format!("/api/v1/stock/{sku}/movements")] {
        sim.client.send(ApiRequest::operator(Method::GET, path)).await;
    }
    let request =
        ApiRequest::shopper(Method::GET, format!("/api/v1/products/{}", sku.to_lowercase()));
    sim.client.send(request).await;
}
