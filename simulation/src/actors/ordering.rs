//! Placing of orders, and the invariants of the responses.

use crate::{
    client::{ApiRequest, ApiResponse},
    observed::{CartLines, OrderAttempt, OrderOutcome},
    plan::PaymentToken,
    simulation::Simulation,
};
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;

/// Request to place an order, and what its response may show.
#[derive(Clone, Debug)]
pub(crate) struct OrderRequest {
    pub(crate) request: ApiRequest,
    /// E-mail address that no other attempt has.
    pub(crate) email: String,
    pub(crate) cart: Option<String>,
    /// Lines that the order may have.
    pub(crate) possible_lines: Vec<CartLines>,
    pub(crate) expected_total: Option<i64>,
}

/// Body of a request to place an order, without its lines.
pub(super) fn order_body(
    email: &str,
    token: PaymentToken,
    method: Option<&str>,
    expected: Option<i64>,
) -> Value {
    let mut body = json!({
        "email": email,
        "shipping_address": {
            "name": "Ada Example", "line1": "Lange Strasse 1", "city": "Berlin", "postal_code": "10115", "country": "DE",
        },
        "payment": { "method": "test", "token": token.as_str() },
    });
    if let Some(method) = method {
        body["shipping_method"] = json!(method);
    }
    if let Some(amount) = expected {
        body["expected_total"] = json!({ "amount": amount, "currency": "EUR" });
    }
    body
}

/// Places an operator's order, without a cart.
pub(super) async fn place_operator_order(
    sim: &Arc<Simulation>,
    id: usize,
    lines: &[(usize, i64)],
    token: PaymentToken,
    duplicate: bool,
) {
    let mut lines_by_sku = CartLines::new();
    for (product, units) in lines {
        *lines_by_sku.entry(sim.plan.sku(*product)).or_default() += units;
    }
    let email = format!("operator-{id}@example.com");
    let mut body = order_body(&email, token, None, None);
    body["lines"] = lines_by_sku
        .iter()
        .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }))
        .collect();
    let request = ApiRequest::operator(Method::POST, "/api/v1/orders".to_owned());
    let request = request.key(&format!("whole-{id}")).body(body).retries_max(8);
    let order = OrderRequest {
        request,
        email,
        cart: None,
        possible_lines: vec![lines_by_sku],
        expected_total: None,
    };
    place(sim, id, &order, duplicate).await;
}

/// Places an order, perhaps by two requests at the same time, and records the outcome.
pub(super) async fn place(
    sim: &Arc<Simulation>,
    id: usize,
    attempt: &OrderRequest,
    duplicate: bool,
) -> OrderOutcome {
    let responses = if duplicate {
        sim.env.cover("fault: duplicate submission");
        let (one, two) = tokio::join!(biased; sim.client.send(attempt.request.clone()), sim.client.send(attempt.request.clone()));
        vec![one, two]
    } else {
        vec![sim.client.send(attempt.request.clone()).await]
    };
    let mut known = OrderOutcome::Indeterminate;
    for response in responses {
        let outcome = check_response(sim, attempt, &response);
        if outcome != OrderOutcome::Indeterminate {
            if known != OrderOutcome::Indeterminate && known != outcome {
                let what = format!("{}: {known:?} and {outcome:?}", attempt.email);
                sim.env.report_violation("one response per idempotency key", what);
            }
            known = outcome;
        }
    }
    record(sim, id, attempt, known.clone());
    known
}

fn record(sim: &Simulation, id: usize, attempt: &OrderRequest, outcome: OrderOutcome) {
    let mut observed = sim.observed.lock();
    if let OrderOutcome::Placed { order, .. } = &outcome {
        observed.orders.insert(id, order.clone());
    }
    let known = observed.attempts.iter().position(|known| known.email == attempt.email);
    let Some(known) = known else {
        observed.attempts.push(OrderAttempt { email: attempt.email.clone(), outcome });
        return;
    };
    let earlier = &mut observed.attempts[known].outcome;
    match (&*earlier, &outcome) {
        (OrderOutcome::Indeterminate, _) => *earlier = outcome,
        (_, OrderOutcome::Indeterminate) => {}
        (known, new) if known == new => {}
        (known, new) => {
            let what = format!("{}: {known:?}, then {new:?}", attempt.email);
            drop(observed);
            sim.env.report_violation("one response per idempotency key", what);
        }
    }
}

/// Outcome that a response shows; it is checked against the request.
fn check_response(
    sim: &Simulation,
    attempt: &OrderRequest,
    response: &ApiResponse,
) -> OrderOutcome {
    let Some(order) = response.success() else {
        return match response {
            ApiResponse::Indeterminate => OrderOutcome::Indeterminate,
            ApiResponse::Received { .. } => {
                if response.code() == Some("idempotency_key_reused") {
                    let what = format!("{} was never sent with another body", attempt.email);
                    sim.env.report_violation("idempotency keys are scoped to a cart", what);
                }
                cover_rejection(sim, response.code());
                OrderOutcome::Rejected
            }
        };
    };
    let id = order["id"].as_str().unwrap_or_default().to_owned();
    let total = order["totals"]["total"]["amount"].as_i64().unwrap_or_default();
    let mut lines = CartLines::new();
    for line in order["lines"].as_array().into_iter().flatten() {
        let sku = line["sku"].as_str().unwrap_or_default().to_owned();
        *lines.entry(sku).or_default() += line["quantity"].as_i64().unwrap_or_default();
    }
    let is_erased =
        order["email"] == "" && sim.observed.lock().may_be_erased(attempt.email.as_str());
    if (order["email"] != attempt.email.as_str() && !is_erased)
        || order["cart_id"].as_str() != attempt.cart.as_deref()
    {
        let (email, cart) = (&order["email"], &order["cart_id"]);
        let what = format!("{}: the order is of {email} and cart {cart}", attempt.email);
        sim.env.report_violation("responses contain only the caller's data", what);
    }
    if !attempt.possible_lines.contains(&lines) {
        let what =
            format!("{}: ordered {:?}, placed {lines:?}", attempt.email, attempt.possible_lines);
        sim.env.report_violation("an order has the lines of its cart", what);
    }
    if attempt.expected_total.is_some_and(|expected| expected != total) {
        let what = format!("{}: {:?} expected, {total} due", attempt.email, attempt.expected_total);
        sim.env.report_violation("a changed total is rejected", what);
    }
    if order["status"] == "confirmed" {
        let is_confirmed =
            sim.oracle.model().orders.all.get(&id).is_some_and(|it| it.was_confirmed);
        if !is_confirmed {
            sim.env.report_violation(
                "responses show only durable state",
                format!("order {id} is not confirmed"),
            );
        }
        sim.observed.lock().confirmed.push(id.clone());
    }
    sim.env.cover("outcome: order placed");
    OrderOutcome::Placed { order: id, total }
}

fn cover_rejection(sim: &Simulation, code: Option<&str>) {
    sim.env.cover(match code.unwrap_or_default() {
        "out_of_stock" => "outcome: rejected, out of stock",
        "payment_declined" => "outcome: rejected, payment declined",
        "price_changed" => "outcome: rejected, price changed",
        "idempotency_key_reused" => "outcome: rejected, key reused",
        "already_ordered" => "outcome: rejected, already ordered",
        "checking_out" => "outcome: rejected, cart is checking out",
        "cart_empty" => "outcome: rejected, cart is empty",
        "order_cancelled" => "outcome: rejected, order cancelled",
        "test_payments_off" => "outcome: rejected, method not offered",
        "hold_expired" => "outcome: rejected, hold expired",
        _ => "outcome: rejected, other reason",
    });
}
