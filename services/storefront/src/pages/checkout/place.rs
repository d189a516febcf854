//! `POST /checkout`: places the order, once, and says plainly what became of it.

use super::{Entry, Told, open_cart, render, waiting};
use crate::{
    http::{Answer, CartMemory, Fields, Trouble, Visit, see_other},
    locale::Locale,
    shop::Shop,
    words::fill,
};
use axum::{extract::State, response::Response};
use contracts::{
    cart::Cart,
    codes,
    order::{Checkout, Order, OrderStatus},
    payment::PaymentMethod,
};
use form_urlencoded::Serializer;
use kernel::{Money, Problem, UnitPrice};
use std::{sync::Arc, time::Duration};
use transport::CallError;

/// The processor whose cards the page offers.
const PROCESSOR: &str = "test";
/// How often and how long a second click waits for the first.
const WAITS_MAX: u32 = 20;
const WAIT: Duration = Duration::from_millis(250);

/// `POST /checkout`
pub(crate) async fn place(State(shop): State<Arc<Shop>>, visit: Visit, fields: Fields) -> Answer {
    let entry = Entry::read(&fields, &shop.settings.country);
    let cart = match (open_cart(&shop, &visit).await?, visit.cart) {
        (Ok(cart), _) => cart,
        // The first of two clicks has the cart already: the second one gets the same order under the same key.
        (Err(_), Some(_)) if fields.has("key") && !fields.has("update") => {
            return second(&shop, &visit, &fields, &entry).await;
        }
        (Err(elsewhere), _) => return Ok(elsewhere),
    };
    if fields.has("update") {
        return Ok(render(&shop, &visit, &cart, &entry, Told::default()).await);
    }
    let wrong = entry.check(visit.locale.words, &shop.delivery().await.countries);
    if !wrong.is_empty() {
        return Ok(render(&shop, &visit, &cart, &entry, Told { wrong, ..Told::default() }).await);
    }
    let checkout = checkout(&entry, &fields, &cart);
    match send(&shop, &cart, &fields, &checkout).await {
        Ok(order) => Ok(placed(&visit, &order)),
        Err(error) => refused(&shop, &visit, cart, &entry, &fields, error).await,
    }
}

/// The same form again while, or after, its first sending did its work.
async fn second(shop: &Shop, visit: &Visit, fields: &Fields, entry: &Entry) -> Answer {
    let Some(id) = visit.cart else { return Err(Trouble::Gone) };
    let cart = shop.carts.cart(id).await?;
    let checkout = checkout(entry, fields, &cart);
    match send(shop, &cart, fields, &checkout).await {
        Ok(order) => Ok(placed(visit, &order)),
        Err(error) => refused(shop, visit, cart, entry, fields, error).await,
    }
}

fn checkout(entry: &Entry, fields: &Fields, cart: &Cart) -> Checkout {
    let expected = fields.text("expected").and_then(|it| it.parse().ok());
    let token = if entry.card.is_empty() { "success" } else { &entry.card };
    Checkout {
        email: entry.email.clone(),
        shipping_address: entry.shipping.address(),
        billing_address: entry.billing.as_ref().map(super::entry::Place::address),
        shipping_method: (!entry.method.is_empty()).then(|| entry.method.clone()),
        payment: PaymentMethod { method: PROCESSOR.to_owned(), token: token.to_owned() },
        expected_total: expected.map(|amount| Money::new(amount, cart.currency)),
    }
}

/// Sends the checkout under the form's key. A second click waits for the first and gets the same answer.
async fn send(
    shop: &Shop,
    cart: &Cart,
    fields: &Fields,
    checkout: &Checkout,
) -> Result<Order, CallError> {
    let fresh = || kernel::Uuid::from(shop.ids.next::<contracts::shared::OrderId>()).to_string();
    let mut key = fields.text("key").map_or_else(fresh, ToOwned::to_owned);
    let mut waits = 0;
    loop {
        let result = shop.orders.checkout(cart.id, &key, checkout).await;
        let Err(error) = &result else { return result };
        if error.problem(&kernel::codes::IDEMPOTENCY_IN_FLIGHT).is_some() && waits < WAITS_MAX {
            waits += 1;
            tokio::time::sleep(WAIT).await;
        } else if error.problem(&kernel::codes::IDEMPOTENCY_KEY_REUSED).is_some()
            && waits < WAITS_MAX
        {
            // Back, changed, sent again: another wish. That the cart was not ordered yet is what counts.
            waits = WAITS_MAX;
            key = fresh();
        } else {
            return result;
        }
    }
}

fn placed(visit: &Visit, order: &Order) -> Response {
    let pending = order.status == OrderStatus::Pending;
    let action = order
        .payment
        .action_url
        .as_deref()
        .filter(|it| pending && it.starts_with('/') && !it.starts_with("//"));
    let location = action.map_or_else(|| format!("/orders/{}", order.id), ToOwned::to_owned);
    // A payment that is still open may fail, and then the cart is the shopper's again.
    let memory = if pending { CartMemory::Untouched } else { CartMemory::Forget };
    see_other(visit, &location, memory)
}

/// What a refusal means for the shopper.
async fn refused(
    shop: &Shop,
    visit: &Visit,
    cart: Cart,
    entry: &Entry,
    fields: &Fields,
    error: CallError,
) -> Answer {
    let words = &visit.locale.words.checkout;
    let CallError::Problem(problem) = &error else { return Ok(waiting(shop, visit)) };
    let to_cart = || Ok(see_other(visit, "/cart", CartMemory::Untouched));
    let code = &problem.code;
    let told = if *code == codes::PAYMENT_DECLINED {
        Told::notice(words.declined)
    } else if *code == codes::PRICE_CHANGED {
        let now = shop.carts.cart(cart.id).await?;
        let told = price_changed(visit.locale, fields, &now, problem);
        return Ok(render(shop, visit, &now, entry, told).await);
    } else if *code == codes::OUT_OF_STOCK {
        return sold_out(shop, visit, &cart, entry, problem).await;
    } else if *code == codes::NOT_DELIVERABLE {
        // The form says it, too, as soon as it asks what the delivery costs.
        Told::notice(words.not_deliverable)
    } else if *code == codes::TEST_PAYMENTS_OFF {
        Told::notice(words.test_payments_off)
    } else if *code == codes::ALREADY_ORDERED {
        let order = problem.subject.as_deref().map(|id| format!("/orders/{id}"));
        return Ok(see_other(visit, order.as_deref().unwrap_or("/cart"), CartMemory::Untouched));
    } else if *code == codes::CART_EMPTY
        || *code == kernel::codes::NOT_FOUND
        || *code == codes::CART_EXPIRED
    {
        return to_cart();
    } else if *code == kernel::codes::INVALID_FIELD {
        let wrong =
            entry.translate(&problem.errors, visit.locale.words, &shop.delivery().await.countries);
        Told {
            wrong,
            notices: if problem.errors.is_empty() {
                vec![problem.title.clone()]
            } else {
                Vec::new()
            },
        }
    } else if is_open(problem) {
        return Ok(waiting(shop, visit));
    } else if problem.status >= 500 || problem.status == 429 {
        return Err(error.into());
    } else {
        Told::notice(problem.title.clone())
    };
    Ok(render(shop, visit, &cart, entry, told).await)
}

/// Whether nobody can say yet what became of the payment.
fn is_open(problem: &Problem) -> bool {
    let open = [
        codes::OUTCOME_UNKNOWN,
        codes::CHECKING_OUT,
        codes::ORDER_PENDING,
        kernel::codes::IDEMPOTENCY_IN_FLIGHT,
        kernel::codes::DEADLINE_EXCEEDED,
        kernel::codes::INTERNAL,
    ];
    open.contains(&problem.code)
}

/// Takes out what is gone, and says so.
async fn sold_out(
    shop: &Shop,
    visit: &Visit,
    cart: &Cart,
    entry: &Entry,
    problem: &Problem,
) -> Answer {
    let words = &visit.locale.words.checkout;
    let sku = problem.subject.as_deref().unwrap_or_default();
    let name = cart.lines.iter().find(|line| line.sku == sku).map_or(sku, |line| &line.name);
    let left =
        problem.facts.get("available").and_then(serde_json::Value::as_i64).filter(|left| *left > 0);
    let (changed, text) = match left {
        Some(left) => {
            let values = [("name", name), ("n", &*left.to_string())];
            (shop.carts.change_line(cart.id, sku, left).await, fill(words.fewer_meanwhile, &values))
        }
        None => (
            shop.carts.remove_line(cart.id, sku).await,
            fill(words.sold_out_meanwhile, &[("name", name)]),
        ),
    };
    let cart = match changed {
        Ok(cart) => cart,
        Err(error) if error.problem(&kernel::codes::NOT_FOUND).is_some() => {
            shop.carts.cart(cart.id).await?
        }
        Err(error) => return Err(error.into()),
    };
    if cart.lines.is_empty() {
        return Ok(crate::pages::cart::emptied(shop, visit, cart, &text).await);
    }
    Ok(render(shop, visit, &cart, entry, Told::notice(text)).await)
}

/// The unit prices a form was rendered with, to be able to say which one changed.
pub(super) fn seen(cart: &Cart) -> String {
    let mut seen = Serializer::new(String::new());
    for line in &cart.lines {
        seen.append_pair(&line.sku, &line.unit_price.to_decimal().to_string());
    }
    seen.finish()
}

/// Which prices changed since the form was rendered, and the total they make.
fn price_changed(locale: Locale, fields: &Fields, now: &Cart, problem: &Problem) -> Told {
    let words = &locale.words.checkout;
    let seen = Fields::parse(fields.text("seen").unwrap_or_default().as_bytes());
    let mut sentences = Vec::new();
    for line in &now.lines {
        let old = seen.text(&line.sku).and_then(|it| UnitPrice::parse_major(it, now.currency).ok());
        if let Some(old) = old.filter(|old| *old != line.unit_price) {
            let values = [
                ("name", line.name.as_str()),
                ("old", &*locale.price(old)),
                ("new", &*locale.price(line.unit_price)),
            ];
            sentences.push(fill(words.price_went, &values));
        }
    }
    let total: Option<Money> = problem.facts.get("total").and_then(|total| {
        let amount = total.get("amount")?.as_i64()?;
        Some(Money::new(amount, now.currency))
    });
    let total = locale.money(total.unwrap_or(now.totals.total));
    sentences.push(fill(words.new_total, &[("amount", &total)]));
    Told::notice(sentences.join(" "))
}
