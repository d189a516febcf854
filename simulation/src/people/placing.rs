//! Placing orders, and what has to be true of the answers.

use super::{Answer, Asking};
use crate::{
    plan::Token,
    told::{Attempt, Lines, Placing},
    world::World,
};
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;

/// What an attempt is about.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) asking: Asking,
    pub(crate) email: String,
    pub(crate) cart: Option<String>,
    /// What the order can consist of.
    pub(crate) lines: Vec<Lines>,
    pub(crate) expected_total: Option<i64>,
}

/// The words of an order, without its lines.
pub(crate) fn words(
    email: &str,
    token: Token,
    method: Option<&str>,
    expected: Option<i64>,
) -> Value {
    let mut words = json!({
        "email": email,
        "shipping_address": {
            "name": "Ada Example", "line1": "Lange Strasse 1", "city": "Berlin", "postal_code": "10115", "country": "DE",
        },
        "payment": { "method": "test", "token": token.word() },
    });
    if let Some(method) = method {
        words["shipping_method"] = json!(method);
    }
    if let Some(amount) = expected {
        words["expected_total"] = json!({ "amount": amount, "currency": "EUR" });
    }
    words
}

/// An operator's whole order.
pub(crate) async fn whole_order(
    world: &Arc<World>,
    act: usize,
    lines: &[(usize, i64)],
    token: Token,
    twice: bool,
) {
    let sku = |article: usize| world.plan.articles[article % world.plan.articles.len()].sku.clone();
    let mut wanted_lines = Lines::new();
    for (article, units) in lines {
        *wanted_lines.entry(sku(*article)).or_default() += units;
    }
    let email = format!("operator-{act}@example.com");
    let mut body = words(&email, token, None, None);
    body["lines"] = wanted_lines
        .iter()
        .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }))
        .collect();
    let asking = Asking::operator(Method::POST, "/api/v1/orders".to_owned());
    let asking = asking.key(&format!("whole-{act}")).body(body).patience(8);
    let wanted =
        Wanted { asking, email, cart: None, lines: vec![wanted_lines], expected_total: None };
    place(world, act, &wanted, twice).await;
}

/// Places an order, perhaps by pressing the button twice, and remembers what came of it.
pub(crate) async fn place(world: &Arc<World>, act: usize, wanted: &Wanted, twice: bool) -> Placing {
    let answers = if twice {
        world.saw("fault: button pressed twice");
        let (one, two) = tokio::join!(biased; world.ask(wanted.asking.clone()), world.ask(wanted.asking.clone()));
        vec![one, two]
    } else {
        vec![world.ask(wanted.asking.clone()).await]
    };
    let mut known = Placing::Unknown;
    for answer in answers {
        let outcome = judge(world, wanted, &answer);
        if outcome != Placing::Unknown {
            if known != Placing::Unknown && known != outcome {
                let what = format!("{}: {known:?} and {outcome:?}", wanted.email);
                world.violated("one key, one answer", what);
            }
            known = outcome;
        }
    }
    remember(world, act, wanted, known.clone());
    known
}

fn remember(world: &World, act: usize, wanted: &Wanted, outcome: Placing) {
    let mut told = world.told.lock();
    if let Placing::Placed { order, .. } = &outcome {
        told.orders.insert(act, order.clone());
    }
    let known = told.attempts.iter().position(|attempt| attempt.email == wanted.email);
    let Some(known) = known else {
        told.attempts.push(Attempt { email: wanted.email.clone(), outcome });
        return;
    };
    let earlier = &mut told.attempts[known].outcome;
    match (&*earlier, &outcome) {
        (Placing::Unknown, _) => *earlier = outcome,
        (_, Placing::Unknown) => {}
        (known, new) if known == new => {}
        (known, new) => {
            let what = format!("{}: {known:?}, then {new:?}", wanted.email);
            drop(told);
            world.violated("one key, one answer", what);
        }
    }
}

/// What an answer says, and whether it may.
fn judge(world: &World, wanted: &Wanted, answer: &Answer) -> Placing {
    let Some(order) = answer.success() else {
        return match answer {
            Answer::Unknown => Placing::Unknown,
            Answer::Told { .. } => {
                if answer.code() == Some("idempotency_key_reused") {
                    let what = format!("{} never had other words", wanted.email);
                    world.violated("keys of different carts are different keys", what);
                }
                count_refusal(world, answer.code());
                Placing::Refused
            }
        };
    };
    let id = order["id"].as_str().unwrap_or_default().to_owned();
    let total = order["totals"]["total"]["amount"].as_i64().unwrap_or_default();
    let mut lines = Lines::new();
    for line in order["lines"].as_array().into_iter().flatten() {
        let sku = line["sku"].as_str().unwrap_or_default().to_owned();
        *lines.entry(sku).or_default() += line["quantity"].as_i64().unwrap_or_default();
    }
    let mut wrong = Vec::new();
    if order["email"] != wanted.email.as_str()
        || order["cart_id"].as_str() != wanted.cart.as_deref()
    {
        wrong.push(format!("it is for {} and cart {}", order["email"], order["cart_id"]));
    }
    if !wrong.is_empty() {
        world.violated("nobody is told of somebody else", format!("{}: {wrong:?}", wanted.email));
    }
    if !wanted.lines.contains(&lines) {
        let what = format!("{}: ordered {:?}, placed {lines:?}", wanted.email, wanted.lines);
        world.violated("an order is what was in the cart", what);
    }
    if wanted.expected_total.is_some_and(|expected| expected != total) {
        let what = format!("{}: {:?} expected, {total} due", wanted.email, wanted.expected_total);
        world.violated("a changed total is refused", what);
    }
    if order["status"] == "confirmed" {
        let is_confirmed =
            world.books.lock().orders.all.get(&id).is_some_and(|it| it.was_confirmed);
        if !is_confirmed {
            world.violated("answers show what is for good", format!("order {id} is not confirmed"));
        }
        world.told.lock().confirmed.push(id.clone());
    }
    world.saw("outcome: order placed");
    Placing::Placed { order: id, total }
}

fn count_refusal(world: &World, code: Option<&str>) {
    world.saw(match code.unwrap_or_default() {
        "out_of_stock" => "outcome: told out of stock",
        "payment_declined" => "outcome: told payment declined",
        "price_changed" => "outcome: told price changed",
        "idempotency_key_reused" => "outcome: told key reused",
        "already_ordered" => "outcome: told already ordered",
        "checking_out" => "outcome: told cart is checking out",
        "cart_empty" => "outcome: told cart is empty",
        "order_cancelled" => "outcome: told order cancelled",
        "hold_expired" => "outcome: told goods are gone",
        _ => "outcome: told another refusal",
    });
}
