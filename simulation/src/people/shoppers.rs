//! Shoppers: a cart, some changes, a checkout, and second thoughts.

use super::{
    Answer, Asking,
    placing::{Wanted, place, words},
};
use crate::{
    plan::{Checkout, Step, Visit},
    told::{Cart, Change, Lines, Placing},
    world::World,
};
use http::Method;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// A shopper in the shop.
struct Shopper<'a> {
    world: &'a Arc<World>,
    act: usize,
    patience: u32,
    cart: Cart,
    /// What the cart came to when it was last shown, if nothing is in doubt.
    total: Option<i64>,
    checkouts: usize,
    last: Option<(Wanted, Placing)>,
    /// The payment the shopper was told of, and its order.
    order: Option<String>,
    payment: Option<String>,
}

/// Plays a visit.
pub(crate) async fn visit(world: &Arc<World>, act: usize, visit: Visit) {
    let Visit { lines, steps, patience } = visit;
    let Some((cart, lines, total)) = take_cart(world, act, "", &lines, patience).await else {
        return;
    };
    let mut shopper = Shopper {
        world,
        act,
        patience,
        cart: Cart::new(cart, lines),
        total,
        checkouts: 0,
        last: None,
        order: None,
        payment: None,
    };
    for step in steps {
        shopper.step(step).await;
    }
    world.told.lock().carts.push(shopper.cart);
}

fn sku(world: &World, article: usize) -> String {
    world.plan.articles[article % world.plan.articles.len()].sku.clone()
}

/// Takes a cart with these lines.
async fn take_cart(
    world: &Arc<World>,
    act: usize,
    suffix: &str,
    lines: &[(usize, i64)],
    patience: u32,
) -> Option<(String, Lines, Option<i64>)> {
    let mut wanted = Lines::new();
    for (article, units) in lines {
        *wanted.entry(sku(world, *article)).or_default() += units;
    }
    let lines: Value =
        wanted.iter().map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity })).collect();
    let asking = Asking::shopper(Method::POST, "/api/v1/carts".to_owned());
    let asking = asking.key(&format!("cart-{act}{suffix}")).body(json!({ "lines": lines }));
    let answer = world.ask(asking.patience(patience)).await;
    let cart = answer.success()?;
    let id = cart["id"].as_str()?.to_owned();
    if lines_of(cart) != wanted {
        world.violated("acknowledged lines are there", format!("cart {id}: {wanted:?}, {cart}"));
    }
    Some((id, wanted, cart["totals"]["total"]["amount"].as_i64()))
}

fn lines_of(cart: &Value) -> Lines {
    let lines = cart["lines"].as_array().into_iter().flatten();
    let line = |line: &Value| Some((line["sku"].as_str()?.to_owned(), line["quantity"].as_i64()?));
    lines.filter_map(line).collect()
}

impl Shopper<'_> {
    async fn step(&mut self, step: Step) {
        match step {
            Step::Pause(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
            Step::Add { article, units, keyed } => self.add(article, units, keyed).await,
            Step::Change { article, units } => self.change(article, units).await,
            Step::Remove { article } => self.remove(article).await,
            Step::Checkout(checkout) => self.check_out(checkout).await,
            Step::SameAgain => self.same_again().await,
            Step::OtherWords => self.other_words().await,
            Step::SameKeyOtherCart { article } => self.same_key_other_cart(article).await,
            Step::Approve => self.act("approve").await,
            Step::Decline => self.act("decline").await,
            Step::Webhook { is_first_again, declined } => {
                self.webhook(is_first_again, declined).await;
            }
            Step::Cancel => self.cancel().await,
            Step::Look => self.look().await,
        }
    }

    async fn add(&mut self, article: usize, units: i64, keyed: bool) {
        let sku = sku(self.world, article);
        let asking = Asking::shopper(Method::POST, format!("/api/v1/carts/{}/lines", self.cart.id))
            .body(json!({ "sku": sku, "quantity": units }))
            .patience(self.patience);
        let number = self.world.draw(|luck| luck.next() % 1_000_000);
        let asking = if keyed { asking.key(&format!("add-{}-{number}", self.act)) } else { asking };
        let answer = self.world.ask(asking).await;
        self.took(&answer, &Change::Add { sku, units });
    }

    async fn change(&mut self, article: usize, units: i64) {
        let sku = sku(self.world, article);
        let path = format!("/api/v1/carts/{}/lines/{sku}", self.cart.id);
        let asking = Asking::shopper(Method::PATCH, path).body(json!({ "quantity": units }));
        let answer = self.world.ask(asking.patience(self.patience)).await;
        self.took(&answer, &Change::Set { sku, units });
    }

    async fn remove(&mut self, article: usize) {
        let sku = sku(self.world, article);
        let path = format!("/api/v1/carts/{}/lines/{sku}", self.cart.id);
        let asking = Asking::shopper(Method::DELETE, path).patience(self.patience);
        let answer = self.world.ask(asking).await;
        self.took(&answer, &Change::Set { sku, units: 0 });
    }

    /// What the cart can be after a change and its answer.
    fn took(&mut self, answer: &Answer, change: &Change) {
        let is_blurred = !matches!(answer, Answer::Told { blurred: false, .. });
        match answer.success() {
            Some(cart) => {
                let (shown, before) = (lines_of(cart), self.cart.clone());
                if !self.cart.changed(change, &shown) {
                    let what = format!("{before:?} after {change:?} is shown as {shown:?}");
                    self.world.violated("acknowledged lines are there", what);
                }
                if cart["id"] != self.cart.id.as_str() {
                    let what = format!("cart {} shows {}", self.cart.id, cart["id"]);
                    self.world.violated("nobody is told of somebody else", what);
                }
                self.total = cart["totals"]["total"]["amount"].as_i64();
                // An earlier try of the same, which no key tells from this one, may still be on its way.
                if is_blurred && matches!(change, Change::Set { .. }) {
                    self.cart.changes_perhaps(change);
                }
            }
            None if is_blurred => {
                self.total = None;
                self.cart.changes_perhaps(change);
            }
            None => {}
        }
    }

    async fn check_out(&mut self, checkout: Checkout) {
        let lines = self.cart.possible();
        if lines.iter().all(Lines::is_empty) || self.is_ordered() {
            return;
        }
        self.checkouts += 1;
        let number = self.checkouts;
        let email = format!("shopper-{}-{number}@example.com", self.act);
        let expected_total = self.total.filter(|_| checkout.expects_total && !checkout.express);
        let method = checkout.express.then_some("express");
        let body = words(&email, checkout.token, method, expected_total);
        let asking =
            Asking::shopper(Method::POST, format!("/api/v1/carts/{}/checkout", self.cart.id))
                .key(&format!("checkout-{}-{number}", self.act))
                .body(body)
                .patience(self.patience);
        let cart = Some(self.cart.id.clone());
        let wanted = Wanted { asking, email, cart, lines, expected_total };
        let outcome = place(self.world, self.act, &wanted, checkout.twice).await;
        self.learn(wanted, outcome).await;
    }

    fn is_ordered(&self) -> bool {
        matches!(self.last, Some((_, Placing::Placed { .. })))
    }

    async fn learn(&mut self, wanted: Wanted, outcome: Placing) {
        if let Placing::Placed { order, .. } = &outcome {
            self.order = Some(order.clone());
        }
        self.last = Some((wanted, outcome));
        if self.payment.is_none() && self.order.is_some() {
            self.look().await;
        }
    }

    async fn same_again(&mut self) {
        let Some((wanted, known)) = self.last.clone() else { return };
        self.world.saw("fault: same key and words again");
        if known != Placing::Unknown {
            let answer = self.world.ask(wanted.asking.clone()).await;
            if let Answer::Told { replayed: false, .. } = answer {
                let what = format!("{}: answered before, and again with {answer:?}", wanted.email);
                self.world.violated("an answer is remembered by its key", what);
            }
        }
        let outcome = place(self.world, self.act, &wanted, false).await;
        let outcome = if outcome == Placing::Unknown { known } else { outcome };
        self.learn(wanted, outcome).await;
    }

    async fn other_words(&mut self) {
        let Some((wanted, known)) = self.last.clone() else { return };
        if known == Placing::Unknown {
            return;
        }
        self.world.saw("fault: same key, other words");
        let mut asking = wanted.asking.clone();
        if let Some(body) = &mut asking.body {
            body["shipping_address"]["name"] = json!("Somebody Else");
        }
        let answer = self.world.ask(asking).await;
        if let Answer::Told { .. } = answer
            && answer.code() != Some("idempotency_key_reused")
        {
            let what = format!("{}: other words are answered with {answer:?}", wanted.email);
            self.world.violated("other words under one key are refused", what);
        } else if answer.code().is_some() {
            self.world.saw("outcome: told key reused");
        }
    }

    async fn same_key_other_cart(&mut self, article: usize) {
        let Some((first, _)) = self.last.clone() else { return };
        let taken = take_cart(self.world, self.act, "-other", &[(article, 1)], self.patience).await;
        let Some((cart, lines, _)) = taken else { return };
        self.world.saw("fault: same key, other cart");
        let email = format!("other-{}", first.email);
        let mut asking = first.asking.clone();
        asking.path = format!("/api/v1/carts/{cart}/checkout");
        asking.body = Some(words(&email, crate::plan::Token::Success, None, None));
        let wanted =
            Wanted { asking, email, cart: Some(cart), lines: vec![lines], expected_total: None };
        let first = self.world.told.lock().orders.get(&self.act).cloned();
        place(self.world, self.act, &wanted, false).await;
        // What operators do to the order of this act is about the first one.
        if let Some(first) = first {
            self.world.told.lock().orders.insert(self.act, first);
        }
    }

    async fn act(&mut self, outcome: &str) {
        let Some(payment) = self.payment.clone() else { return };
        let path = format!("/api/v1/payments/{payment}/action");
        let asking = Asking::shopper(Method::POST, path).body(json!({ "outcome": outcome }));
        let key = format!("act-{}", self.act);
        let answer = self.world.ask(asking.key(&key).patience(self.patience)).await;
        if answer.success().is_some() {
            self.world.saw(match outcome {
                "approve" => "outcome: customer approved",
                _ => "outcome: customer declined",
            });
        }
    }

    /// The processor tells, in the name of the shopper's payment.
    async fn webhook(&mut self, is_first_again: bool, declined: bool) {
        let Some(payment) = self.payment.clone() else { return };
        let event_id =
            if is_first_again { format!("test-{payment}") } else { format!("again-{payment}") };
        let outcome = if declined { "declined" } else { "authorised" };
        let body = json!({ "event_id": event_id, "payment_id": payment, "outcome": outcome });
        let path = "/api/v1/webhooks/payments/test".to_owned();
        let asking = Asking::shopper(Method::POST, path).body(body).signed();
        self.world.saw("fault: webhook again");
        let answer = self.world.ask(asking.patience(self.patience)).await;
        match answer {
            Answer::Told { status: 401, body, .. } => {
                self.world.violated("a signed webhook is believed", body.to_string());
            }
            Answer::Told { status: 204, .. } => self.world.saw("outcome: webhook again taken in"),
            Answer::Told { .. } => self.world.saw("outcome: webhook again refused"),
            Answer::Unknown => {}
        }
    }

    async fn cancel(&mut self) {
        let Some(order) = self.order.clone() else { return };
        let path = format!("/api/v1/orders/{order}/cancel");
        let asking =
            Asking::shopper(Method::POST, path).body(json!({ "reason": "second thoughts" }));
        let key = format!("cancel-{}", self.act);
        let answer = self.world.ask(asking.key(&key).patience(self.patience)).await;
        if answer.success().is_some_and(|order| order["status"] == "cancelled") {
            self.world.told.lock().cancelled.push(order);
        }
    }

    async fn look(&mut self) {
        let Some(order) = self.order.clone() else { return };
        let asking = Asking::shopper(Method::GET, format!("/api/v1/orders/{order}"));
        let answer = self.world.ask(asking.patience(1)).await;
        let Some(shown) = answer.success() else {
            if answer.code() == Some("not_found") {
                let what = format!("order {order} is not there any more");
                self.world.violated("acknowledged is there", what);
            }
            return;
        };
        self.payment = shown["payment"]["id"].as_str().map(str::to_owned).or(self.payment.take());
        let mine = format!("shopper-{}-", self.act);
        if !shown["email"].as_str().is_some_and(|email| email.starts_with(&mine)) {
            let what = format!("order {order} of {mine} shows {}", shown["email"]);
            self.world.violated("nobody is told of somebody else", what);
        }
    }
}
