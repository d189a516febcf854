//! Operators: prices, stock, refunds, shipments, cancellations.

use super::{Answer, Asking};
use crate::{
    plan::{Deed, Give},
    told::{Outcome, Promise},
    world::World,
};
use http::Method;
use serde_json::json;
use std::sync::Arc;

/// How often an operator asks again.
const PATIENCE: u32 = 6;

/// Does what an operator does.
pub(crate) async fn perform(world: &Arc<World>, act: usize, deed: Deed) {
    match deed {
        Deed::Price { article, cents } => price(world, article, cents).await,
        Deed::Count { article, on_hand } => count(world, article, on_hand).await,
        Deed::Move { article, units, twice } => move_units(world, act, article, units, twice).await,
        Deed::Refund { of, give, restock, twice } => {
            refund(world, act, of, give, restock, twice).await;
        }
        Deed::Fulfil { of } => fulfil(world, act, of).await,
        Deed::Cancel { of } => cancel(world, act, of).await,
        Deed::Look { article } => look(world, article).await,
        Deed::Visit(_) | Deed::WholeOrder { .. } => {}
    }
}

fn sku(world: &World, article: usize) -> String {
    world.plan.articles[article % world.plan.articles.len()].sku.clone()
}

fn order_of(world: &World, act: usize) -> Option<String> {
    world.told.lock().orders.get(&act).cloned()
}

async fn price(world: &Arc<World>, article: usize, cents: i64) {
    let sku = sku(world, article);
    let Some(product) = crate::opening::product_of(world, &sku).await else { return };
    let path = format!("/api/v1/products/{product}/variants/{sku}/price");
    let asking = Asking::operator(Method::PUT, path);
    let asking = asking.body(json!({ "amount": cents, "currency": "EUR" })).patience(PATIENCE);
    if world.ask(asking).await.success().is_some() {
        world.told.lock().prices.push((sku, cents));
    }
}

async fn count(world: &Arc<World>, article: usize, on_hand: i64) {
    let path = format!("/api/v1/stock/{}", sku(world, article));
    let asking = Asking::operator(Method::PUT, path);
    let asking = asking.body(json!({ "on_hand": on_hand, "reason": "counted" })).patience(PATIENCE);
    if world.ask(asking).await.success().is_some() {
        world.saw("outcome: stock counted");
    }
}

/// Asks once, or twice at the same time under the same key; the answers have to agree.
async fn ask_perhaps_twice(world: &Arc<World>, asking: Asking, twice: bool) -> Answer {
    if !twice {
        return world.ask(asking).await;
    }
    world.saw("fault: button pressed twice");
    let (one, two) = tokio::join!(biased; world.ask(asking.clone()), world.ask(asking));
    let is_known = |answer: &Answer| matches!(answer, Answer::Told { .. });
    if is_known(&one) && is_known(&two) && one.success().is_some() != two.success().is_some() {
        world.violated("one key, one answer", format!("{one:?} and {two:?}"));
    }
    if is_known(&one) { one } else { two }
}

async fn move_units(world: &Arc<World>, act: usize, article: usize, units: i64, twice: bool) {
    let sku = sku(world, article);
    let reason = format!("movement {act}");
    let kind = if units > 0 { "received" } else { "adjusted" };
    let body = json!({ "kind": kind, "quantity": units, "reason": reason });
    let asking = Asking::operator(Method::POST, format!("/api/v1/stock/{sku}/movements"));
    let asking = asking.key(&format!("move-{act}")).body(body).patience(PATIENCE);
    let answer = ask_perhaps_twice(world, asking, twice).await;
    let outcome = outcome_of(&answer);
    if outcome == Outcome::Done {
        world.saw("outcome: goods moved");
        let is_there = world.books.lock().stock.moves.contains_key(&reason);
        if !is_there {
            world.violated("answers show what is for good", format!("{reason} is not flushed"));
        }
    }
    world.told.lock().moves.push(Promise { about: sku, reason, units, outcome });
}

fn outcome_of(answer: &Answer) -> Outcome {
    match answer {
        Answer::Unknown => Outcome::Unknown,
        Answer::Told { status: 200..=299, .. } => Outcome::Done,
        Answer::Told { .. } => Outcome::Refused,
    }
}

async fn refund(world: &Arc<World>, act: usize, of: usize, give: Give, restock: bool, twice: bool) {
    let Some(order) = order_of(world, of) else { return };
    let reason = format!("refund {act}");
    let mut body = json!({ "reason": reason });
    match give {
        Give::Rest => {}
        Give::Cents(cents) => body["amount"] = json!({ "amount": cents, "currency": "EUR" }),
        Give::Unit => {
            let sku = world
                .books
                .lock()
                .orders
                .all
                .get(&order)
                .and_then(|order| order.lines.first().map(|(sku, ..)| sku.clone()));
            let Some(sku) = sku else { return };
            body["lines"] = json!([{ "sku": sku, "quantity": 1 }]);
            body["restock"] = json!(restock);
        }
    }
    let asking = Asking::operator(Method::POST, format!("/api/v1/orders/{order}/refunds"));
    let asking = asking.key(&format!("refund-{act}")).body(body).patience(PATIENCE);
    let answer = ask_perhaps_twice(world, asking, twice).await;
    let mut outcome = outcome_of(&answer);
    if let Some(shown) = answer.success() {
        let mut refunds = shown["refunds"].as_array().into_iter().flatten();
        match refunds.find(|refund| refund["reason"] == reason.as_str()) {
            Some(refund) if refund["status"] == "done" => {}
            Some(_) => outcome = Outcome::Promised,
            None => world.violated("acknowledged is there", format!("{reason} is not in {shown}")),
        }
    } else if answer.code() == Some("exceeds_refundable") {
        world.saw("outcome: told refund exceeds");
    } else if answer.code() == Some("not_captured") {
        world.saw("outcome: told not captured");
    }
    world.told.lock().refunds.push(Promise { about: order, reason, units: 0, outcome });
}

async fn fulfil(world: &Arc<World>, act: usize, of: usize) {
    let Some(order) = order_of(world, of) else { return };
    let asking = Asking::operator(Method::POST, format!("/api/v1/orders/{order}/fulfil"));
    let asking = asking.key(&format!("fulfil-{act}")).body(json!({})).patience(PATIENCE);
    if world.ask(asking).await.success().is_some() {
        world.saw("outcome: order fulfilled");
        world.told.lock().fulfilled.push(order);
    }
}

async fn cancel(world: &Arc<World>, act: usize, of: usize) {
    let Some(order) = order_of(world, of) else { return };
    let asking = Asking::operator(Method::POST, format!("/api/v1/orders/{order}/cancel"));
    let asking = asking.key(&format!("operator-cancel-{act}"));
    let asking = asking.body(json!({ "reason": "an operator said so" })).patience(PATIENCE);
    let answer = world.ask(asking).await;
    if answer.success().is_some_and(|order| order["status"] == "cancelled") {
        world.told.lock().cancelled.push(order);
    } else if answer.code() == Some("already_shipped") {
        world.saw("outcome: told already shipped");
    }
}

async fn look(world: &Arc<World>, article: usize) {
    let sku = sku(world, article);
    for path in [format!("/api/v1/stock/{sku}"), format!("/api/v1/stock/{sku}/movements")] {
        world.ask(Asking::operator(Method::GET, path)).await;
    }
    let asking = Asking::shopper(Method::GET, format!("/api/v1/products/{}", sku.to_lowercase()));
    world.ask(asking).await;
}
