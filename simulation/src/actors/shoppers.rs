//! Shoppers: a cart, some changes, a checkout, and what they do about it afterwards.

use super::ordering::{OrderRequest, order_body, place};
use crate::{
    client::{ApiRequest, ApiResponse},
    observed::{CartChange, CartLines, ObservedCart, OrderOutcome},
    plan::{Checkout, PaymentToken, SessionStep, ShopperSession},
    simulation::Simulation,
};
use http::Method;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// Shopper in a session.
struct Shopper<'a> {
    sim: &'a Arc<Simulation>,
    /// Id of the operation.
    id: usize,
    retries_max: u32,
    cart: ObservedCart,
    /// Total that was last shown, unless a change without a response puts it in doubt.
    total: Option<i64>,
    checkouts: usize,
    /// Last checkout and its outcome.
    last_checkout: Option<(OrderRequest, OrderOutcome)>,
    /// Order that the shopper placed, and the payment that it showed.
    order: Option<String>,
    payment: Option<String>,
}

/// Executes a session.
pub(super) async fn execute(sim: &Arc<Simulation>, id: usize, session: ShopperSession) {
    let ShopperSession { lines, steps, retries_max } = session;
    let Some((cart, lines, total)) = create_cart(sim, id, "", &lines, retries_max).await else {
        return;
    };
    let mut shopper = Shopper {
        sim,
        id,
        retries_max,
        cart: ObservedCart::new(cart, lines),
        total,
        checkouts: 0,
        last_checkout: None,
        order: None,
        payment: None,
    };
    for step in steps {
        shopper.step(step).await;
    }
    sim.observed.lock().carts.push(shopper.cart);
}

/// Creates a cart with these lines, and returns its id, lines and total.
async fn create_cart(
    sim: &Arc<Simulation>,
    id: usize,
    suffix: &str,
    lines: &[(usize, i64)],
    retries_max: u32,
) -> Option<(String, CartLines, Option<i64>)> {
    let mut wanted = CartLines::new();
    for (product, units) in lines {
        *wanted.entry(sim.plan.sku(*product)).or_default() += units;
    }
    let lines: Value =
        wanted.iter().map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity })).collect();
    let request = ApiRequest::shopper(Method::POST, "/api/v1/carts".to_owned());
    let request = request.key(&format!("cart-{id}{suffix}")).body(json!({ "lines": lines }));
    let response = sim.client.send(request.retries_max(retries_max)).await;
    let cart = response.success()?;
    let id = cart["id"].as_str()?.to_owned();
    if lines_of(cart) != wanted {
        sim.env.report_violation(
            "acknowledged cart lines are durable",
            format!("cart {id}: {wanted:?}, {cart}"),
        );
    }
    Some((id, wanted, cart["totals"]["total"]["amount"].as_i64()))
}

fn lines_of(cart: &Value) -> CartLines {
    let lines = cart["lines"].as_array().into_iter().flatten();
    let line = |line: &Value| Some((line["sku"].as_str()?.to_owned(), line["quantity"].as_i64()?));
    lines.filter_map(line).collect()
}

impl Shopper<'_> {
    async fn step(&mut self, step: SessionStep) {
        match step {
            SessionStep::Pause(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
            SessionStep::Add { product, units, has_key } => self.add(product, units, has_key).await,
            SessionStep::Change { product, units } => self.change(product, units).await,
            SessionStep::Remove { product } => self.remove(product).await,
            SessionStep::Checkout(checkout) => self.check_out(checkout).await,
            SessionStep::RepeatCheckout => self.repeat_checkout().await,
            SessionStep::ReuseKeyForOtherBody => self.reuse_key_for_other_body().await,
            SessionStep::ReuseKeyForOtherCart { product } => {
                self.reuse_key_for_other_cart(product).await;
            }
            SessionStep::Approve => self.complete_payment_action("approve").await,
            SessionStep::Decline => self.complete_payment_action("decline").await,
            SessionStep::Webhook { is_redelivery, declined } => {
                self.webhook(is_redelivery, declined).await;
            }
            SessionStep::Cancel => self.cancel().await,
            SessionStep::ViewOrder => self.view_order().await,
        }
    }

    async fn add(&mut self, product: usize, units: i64, has_key: bool) {
        let sku = self.sim.plan.sku(product);
        let request =
            ApiRequest::shopper(Method::POST, format!("/api/v1/carts/{}/lines", self.cart.id))
                .body(json!({ "sku": sku, "quantity": units }))
                .retries_max(self.retries_max);
        let number = self.sim.client.draw(|rng| rng.next_u64() % 1_000_000);
        let request =
            if has_key { request.key(&format!("add-{}-{number}", self.id)) } else { request };
        let response = self.sim.client.send(request).await;
        self.record_change(&response, &CartChange::Add { sku, units });
    }

    async fn change(&mut self, product: usize, units: i64) {
        let sku = self.sim.plan.sku(product);
        let path = format!("/api/v1/carts/{}/lines/{sku}", self.cart.id);
        let request = ApiRequest::shopper(Method::PATCH, path).body(json!({ "quantity": units }));
        let response = self.sim.client.send(request.retries_max(self.retries_max)).await;
        self.record_change(&response, &CartChange::Set { sku, units });
    }

    async fn remove(&mut self, product: usize) {
        let sku = self.sim.plan.sku(product);
        let path = format!("/api/v1/carts/{}/lines/{sku}", self.cart.id);
        let request = ApiRequest::shopper(Method::DELETE, path).retries_max(self.retries_max);
        let response = self.sim.client.send(request).await;
        self.record_change(&response, &CartChange::Set { sku, units: 0 });
    }

    /// Records a change of the cart and its response.
    fn record_change(&mut self, response: &ApiResponse, change: &CartChange) {
        let is_ambiguous = response.is_ambiguous();
        let is_removal = matches!(change, CartChange::Set { units: 0, .. });
        match response.success() {
            Some(cart) => {
                let (shown, before) = (lines_of(cart), self.cart.clone());
                if !self.cart.observe_response(change, &shown) {
                    let what = format!("{before:?} after {change:?} is shown as {shown:?}");
                    self.sim.env.report_violation("acknowledged cart lines are durable", what);
                }
                if cart["id"] != self.cart.id.as_str() {
                    let what = format!("cart {} shows {}", self.cart.id, cart["id"]);
                    self.sim.env.report_violation("responses contain only the caller's data", what);
                }
                self.total = cart["totals"]["total"]["amount"].as_i64();
                // An earlier attempt, which no key tells from this one, may still be in flight.
                if is_ambiguous && matches!(change, CartChange::Set { .. }) {
                    self.cart.observe_indeterminate(change);
                }
            }
            // A line that is not there may have been removed by an attempt of the gateway whose response was lost.
            None if is_ambiguous || is_removal && response.code() == Some("not_found") => {
                self.total = None;
                self.cart.observe_indeterminate(change);
            }
            None => {}
        }
    }

    async fn check_out(&mut self, checkout: Checkout) {
        let lines = self.cart.possible_lines();
        if lines.iter().all(CartLines::is_empty) || self.is_ordered() {
            return;
        }
        self.checkouts += 1;
        let number = self.checkouts;
        let email = format!("shopper-{}-{number}@example.com", self.id);
        let expected_total = self.total.filter(|_| checkout.expects_total && !checkout.express);
        let method = checkout.express.then_some("express");
        let body = order_body(&email, checkout.token, method, expected_total);
        let request =
            ApiRequest::shopper(Method::POST, format!("/api/v1/carts/{}/checkout", self.cart.id))
                .key(&format!("checkout-{}-{number}", self.id))
                .body(body)
                .retries_max(self.retries_max);
        let cart = Some(self.cart.id.clone());
        let order = OrderRequest { request, email, cart, possible_lines: lines, expected_total };
        let outcome = place(self.sim, self.id, &order, checkout.duplicate).await;
        self.record_checkout(order, outcome).await;
    }

    fn is_ordered(&self) -> bool {
        matches!(self.last_checkout, Some((_, OrderOutcome::Placed { .. })))
    }

    async fn record_checkout(&mut self, order: OrderRequest, outcome: OrderOutcome) {
        if let OrderOutcome::Placed { order, .. } = &outcome {
            self.order = Some(order.clone());
        }
        self.last_checkout = Some((order, outcome));
        if self.payment.is_none() && self.order.is_some() {
            self.view_order().await;
        }
    }

    async fn repeat_checkout(&mut self) {
        let Some((order, known)) = self.last_checkout.clone() else { return };
        self.sim.env.cover("fault: same key and body again");
        if known != OrderOutcome::Indeterminate {
            let response = self.sim.client.send(order.request.clone()).await;
            if let ApiResponse::Received { replayed: false, .. } = response {
                let what = format!(
                    "{}: a repeated request is answered anew with {response:?}",
                    order.email
                );
                self.sim.env.report_violation("responses are replayed by idempotency key", what);
            }
        }
        let outcome = place(self.sim, self.id, &order, false).await;
        let outcome = if outcome == OrderOutcome::Indeterminate { known } else { outcome };
        self.record_checkout(order, outcome).await;
    }

    async fn reuse_key_for_other_body(&mut self) {
        let Some((order, known)) = self.last_checkout.clone() else { return };
        if known == OrderOutcome::Indeterminate {
            return;
        }
        self.sim.env.cover("fault: same key, other body");
        let mut request = order.request.clone();
        if let Some(body) = &mut request.body {
            body["shipping_address"]["name"] = json!("Grace Example");
        }
        let response = self.sim.client.send(request).await;
        if let ApiResponse::Received { .. } = response
            && response.code() != Some("idempotency_key_reused")
        {
            let what = format!("{}: another body is answered with {response:?}", order.email);
            self.sim.env.report_violation("a reused key with another body is rejected", what);
        } else if response.code().is_some() {
            self.sim.env.cover("outcome: rejected, key reused");
        }
    }

    async fn reuse_key_for_other_cart(&mut self, product: usize) {
        let Some((first, _)) = self.last_checkout.clone() else { return };
        let created =
            create_cart(self.sim, self.id, "-other", &[(product, 1)], self.retries_max).await;
        let Some((cart, lines, _)) = created else { return };
        self.sim.env.cover("fault: same key, other cart");
        let email = format!("other-{}", first.email);
        let mut request = first.request.clone();
        request.path = format!("/api/v1/carts/{cart}/checkout");
        request.body = Some(order_body(&email, PaymentToken::Success, None, None));
        let order = OrderRequest {
            request,
            email,
            cart: Some(cart),
            possible_lines: vec![lines],
            expected_total: None,
        };
        let first = self.sim.observed.lock().orders.get(&self.id).cloned();
        place(self.sim, self.id, &order, false).await;
        // Operators act on the first order of this operation.
        if let Some(first) = first {
            self.sim.observed.lock().orders.insert(self.id, first);
        }
    }

    async fn complete_payment_action(&mut self, outcome: &str) {
        let Some(payment) = self.payment.clone() else { return };
        let path = format!("/api/v1/payments/{payment}/action");
        let request = ApiRequest::shopper(Method::POST, path).body(json!({ "outcome": outcome }));
        let key = format!("act-{}", self.id);
        let response = self.sim.client.send(request.key(&key).retries_max(self.retries_max)).await;
        if response.success().is_some() {
            self.sim.env.cover(match outcome {
                "approve" => "outcome: payment action approved",
                _ => "outcome: payment action declined",
            });
        }
    }

    /// Sends a webhook of the processor about the shopper's payment.
    async fn webhook(&mut self, is_redelivery: bool, declined: bool) {
        let Some(payment) = self.payment.clone() else { return };
        let event_id =
            if is_redelivery { format!("test-{payment}") } else { format!("again-{payment}") };
        let outcome = if declined { "declined" } else { "authorised" };
        let body = json!({ "event_id": event_id, "payment_id": payment, "outcome": outcome });
        let path = "/api/v1/webhooks/payments/test".to_owned();
        let request = ApiRequest::shopper(Method::POST, path).body(body).signed();
        self.sim.env.cover("fault: webhook redelivered");
        let response = self.sim.client.send(request.retries_max(self.retries_max)).await;
        match response {
            ApiResponse::Received { status: 401, body, .. } => {
                self.sim.env.report_violation("a signed webhook is accepted", body.to_string());
            }
            ApiResponse::Received { status: 204, .. } => {
                self.sim.env.cover("outcome: redelivered webhook accepted");
            }
            ApiResponse::Received { .. } => {
                self.sim.env.cover("outcome: redelivered webhook rejected");
            }
            ApiResponse::Indeterminate => {}
        }
    }

    async fn cancel(&mut self) {
        let Some(order) = self.order.clone() else { return };
        let path = format!("/api/v1/orders/{order}/cancel");
        let request =
            ApiRequest::shopper(Method::POST, path).body(json!({ "reason": "second thoughts" }));
        let key = format!("cancel-{}", self.id);
        let response = self.sim.client.send(request.key(&key).retries_max(self.retries_max)).await;
        if response.success().is_some_and(|order| order["status"] == "cancelled") {
            self.sim.observed.lock().cancelled.push(order);
        }
    }

    async fn view_order(&mut self) {
        let Some(order) = self.order.clone() else { return };
        let request = ApiRequest::shopper(Method::GET, format!("/api/v1/orders/{order}"));
        let response = self.sim.client.send(request.retries_max(1)).await;
        let Some(shown) = response.success() else {
            if response.code() == Some("not_found") {
                let what = format!("order {order} is no longer found");
                self.sim.env.report_violation("acknowledged writes are durable", what);
            }
            return;
        };
        self.payment = shown["payment"]["id"].as_str().map(str::to_owned).or(self.payment.take());
        let mine = format!("shopper-{}-", self.id);
        let observed = self.sim.observed.lock();
        let is_erased = shown["email"] == ""
            && observed.erasures.iter().any(|erasure| erasure.email.starts_with(&mine));
        drop(observed);
        let is_mine = shown["email"].as_str().is_some_and(|email| email.starts_with(&mine));
        if !is_mine && !is_erased {
            let what = format!("order {order} of {mine} shows {}", shown["email"]);
            self.sim.env.report_violation("responses contain only the caller's data", what);
        }
    }
}
