//! What the shop shows is what its books say.

use crate::{
    books::{Books, Findings},
    people::Asking,
    world::World,
};
use http::Method;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

const FOLD: &str = "what is shown is the fold of the log";

/// Asks for everything there is, compares it with the books, and returns it by address.
pub(super) async fn everything(
    world: &Arc<World>,
    found: &mut Findings,
) -> BTreeMap<String, Value> {
    let mut shown = BTreeMap::new();
    let (orders, carts) = {
        let books = world.books.lock();
        let orders: Vec<_> = books.orders.all.keys().cloned().collect();
        let carts: Vec<_> = books.carts.all.keys().cloned().collect();
        (orders, carts)
    };
    for order in &orders {
        get(world, format!("/api/v1/orders/{order}"), &mut shown, found).await;
    }
    for cart in &carts {
        let asking = Asking::shopper(Method::GET, format!("/api/v1/carts/{cart}"));
        keep(world, asking, &mut shown, found).await;
    }
    get(world, "/api/v1/orders?limit=200".to_owned(), &mut shown, found).await;
    get(world, "/api/v1/sagas".to_owned(), &mut shown, found).await;
    for article in &world.plan.articles {
        get(world, format!("/api/v1/stock/{}", article.sku), &mut shown, found).await;
        let movements = format!("/api/v1/stock/{}/movements?limit=200", article.sku);
        get(world, movements, &mut shown, found).await;
        let product = format!("/api/v1/products/{}", article.sku.to_lowercase());
        keep(world, Asking::shopper(Method::GET, product), &mut shown, found).await;
    }
    let books = world.books.lock();
    orders_shown(&books, &shown, found);
    for article in &world.plan.articles {
        article_shown(&books, &article.sku, &shown, found);
    }
    drop(books);
    shown
}

async fn get(
    world: &Arc<World>,
    path: String,
    shown: &mut BTreeMap<String, Value>,
    found: &mut Findings,
) {
    keep(world, Asking::operator(Method::GET, path), shown, found).await;
}

async fn keep(
    world: &Arc<World>,
    asking: Asking,
    shown: &mut BTreeMap<String, Value>,
    found: &mut Findings,
) {
    let path = asking.path.clone();
    let answer = world.ask(asking.patience(10)).await;
    match answer.success() {
        Some(body) => drop(shown.insert(path, body.clone())),
        None => found.add(FOLD, format!("{path} answers {answer:?}")),
    }
}

fn orders_shown(books: &Books, shown: &BTreeMap<String, Value>, found: &mut Findings) {
    let list = &shown.get("/api/v1/orders?limit=200").map_or(&Value::Null, |page| &page["items"]);
    let mut listed: BTreeMap<&str, &Value> = BTreeMap::new();
    for item in list.as_array().into_iter().flatten() {
        listed.insert(item["id"].as_str().unwrap_or_default(), item);
    }
    found.check(listed.len() == books.orders.all.len(), FOLD, || {
        format!("{} orders are listed of {}", listed.len(), books.orders.all.len())
    });
    for (id, order) in &books.orders.all {
        let (status, number) = (order.status.word(), order.number.to_string());
        let item = listed.get(id.as_str()).copied().unwrap_or(&Value::Null);
        found.check(
            item["status"] == status
                && item["number"].as_str() == Some(&number)
                && item["total"]["amount"] == order.total,
            FOLD,
            || format!("order {id} is {status} and listed as {item}"),
        );
        let whole = shown.get(&format!("/api/v1/orders/{id}")).unwrap_or(&Value::Null);
        let refunded = if status == "cancelled" { order.captured } else { order.refunded() };
        found.check(
            whole["status"] == status
                && whole["totals"]["total"]["amount"] == order.total
                && whole["payment"]["refunded"]["amount"] == refunded
                && whole["payment"]["captured"]["amount"] == order.captured,
            FOLD,
            || format!("order {id} is {order:?} and shown as {whole}"),
        );
        let prices_stay = order.lines.iter().zip(whole["lines"].as_array().into_iter().flatten());
        for ((sku, units, cents), line) in prices_stay {
            found.check(
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
    found.check(sagas == 0, "everything ends", || format!("{sagas} sagas are listed"));
}

fn article_shown(books: &Books, sku: &str, shown: &BTreeMap<String, Value>, found: &mut Findings) {
    let nothing = Value::Null;
    let stock = shown.get(&format!("/api/v1/stock/{sku}")).unwrap_or(&nothing);
    let shelf = books.stock.shelves.get(sku).copied().unwrap_or_default();
    found.check(
        stock["on_hand"] == shelf.on_hand
            && stock["held"] == shelf.held
            && stock["available"] == shelf.on_hand,
        FOLD,
        || format!("{sku}: {shelf:?} is shown as {stock}"),
    );
    let movements =
        shown.get(&format!("/api/v1/stock/{sku}/movements?limit=200")).unwrap_or(&nothing);
    let count = movements["items"].as_array().map_or(0, Vec::len);
    let entered = books.stock.movements.get(sku).copied().unwrap_or_default();
    found.check(count == entered, FOLD, || {
        format!("{sku}: {count} of {entered} movements are shown")
    });
    let product =
        shown.get(&format!("/api/v1/products/{}", sku.to_lowercase())).unwrap_or(&nothing);
    let variant = &product["variants"][0];
    let cents = books.catalogue.prices.get(sku).and_then(|prices| prices.last());
    found.check(
        variant["in_stock"] == (shelf.on_hand > 0)
            && variant["price"]["amount"].as_i64() == cents.copied(),
        FOLD,
        || format!("{sku}: {} on hand for {cents:?} is shown as {variant}", shelf.on_hand),
    );
}
