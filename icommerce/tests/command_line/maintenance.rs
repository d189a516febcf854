//! Maintenance commands on a data folder: `check` finds and names damage, `rebuild` restores read models from the
//! journal.

mod damage;

use crate::program::{
    assert_fails, get, icommerce, post, shopper_get, shopper_post, start_shop, stop_shop,
};
use damage::{Orphan, ReadModelContents, read_models_of, with_engine};
use serde_json::{Value, json};
use std::{path::Path, process::Output};
use tempfile::TempDir;

/// Data folder with products, orders of every outcome, and a pending payment.
pub(crate) fn populated_folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut command = icommerce(folder.path());
    command.env("ICOMMERCE_PAYMENT_SERVICE__UNKNOWN_OUTCOME_MS", "600000");
    let (shop, [buyers, operators]) = start_shop(&mut command);
    let products: Value =
        serde_json::from_str(&shopper_get(&buyers, "/api/v1/products?in_stock=true&limit=40"))
            .unwrap();
    let slug = |index: usize| products["items"][index]["slug"].as_str().unwrap().to_owned();
    // Variants of which there are more than a few.
    let sku = |index| {
        let product: Value = serde_json::from_str(&shopper_get(
            &buyers,
            &format!("/api/v1/products/{}", slug(index)),
        ))
        .unwrap();
        let is_plentiful = |it: &&Value| it["in_stock"] == true && it["only_left"].is_null();
        let found = product["variants"].as_array().unwrap().iter().find(is_plentiful)?;
        Some(found["sku"].as_str().unwrap().to_owned())
    };
    let skus: Vec<String> = (0..40).filter_map(sku).take(6).collect();
    let buy = |index: usize, token: &str| {
        let lines = json!([{"sku": skus[index], "quantity": 2}, {"sku": skus[0], "quantity": 1}]);
        let cart = shopper_post(&buyers, "/api/v1/carts", &json!({ "lines": lines }));
        let path = format!("/api/v1/carts/{}/checkout", cart["id"].as_str().unwrap());
        shopper_post(&buyers, &path, &order(token))
    };
    buy(1, "success");
    let refunded = buy(2, "success");
    let cancelled = buy(3, "success");
    buy(4, "requires_action");
    buy(5, "unknown_outcome");
    let of = |order: &Value, what: &str| {
        format!("/api/v1/orders/{}/{what}", order["id"].as_str().unwrap())
    };
    let back =
        json!({"lines": [{"sku": skus[2], "quantity": 1}], "restock": true, "reason": "late"});
    post(&operators, &of(&refunded, "refunds"), &back);
    post(&operators, &of(&cancelled, "cancel"), &json!({"reason": "changed my mind"}));
    stop_shop(shop);
    folder
}

pub(crate) fn order(token: &str) -> Value {
    json!({
        "email": "maren@example.com",
        "shipping_address": {
            "name": "Maren Lindqvist", "line1": "Hafenweg 4", "city": "Kiel", "postal_code": "24103",
            "country": "DE",
        },
        "payment": {"method": "test", "token": token},
    })
}

/// Exit code and output of a command.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let Output { status, stdout, stderr } = icommerce(folder).args(arguments).output().unwrap();
    let output = String::from_utf8(stdout).unwrap() + &String::from_utf8_lossy(&stderr);
    (status.code().unwrap(), output)
}

fn assert_sound(folder: &Path) {
    let (code, output) = run(folder, &["check"]);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("holds") && !output.contains("BROKEN"), "{output}");
}

/// Asserts that the check fails and names these violations.
fn assert_broken(folder: &Path, names: &[&str]) {
    let (code, output) = run(folder, &["check"]);
    assert_eq!(code, 1, "{output}");
    for name in names {
        assert!(output.contains(name), "{name}: {output}");
    }
}

#[test]
fn a_rebuild_restores_the_read_models() {
    let folder = populated_folder();
    assert_sound(folder.path());
    let live = read_models_of(folder.path());
    assert!(live.values().all(|documents| !documents.is_empty()));
    damage::damage_read_models(folder.path());
    let damaged: ReadModelContents = read_models_of(folder.path());
    assert!(live.iter().all(|(name, documents)| damaged[name] != *documents));
    assert_broken(
        folder.path(),
        &[
            "orders: ",
            "movement_operations: ",
            "listings: ",
            "unsettled_payments: ",
            "ledger-1",
            "sagas-1",
        ],
    );
    for service in ["product-service", "order-service", "inventory-service", "payment-service"] {
        let (code, output) = run(folder.path(), &["rebuild", service]);
        assert_eq!(code, 0, "{output}");
        assert!(output.contains("matches the journal"), "{output}");
    }
    assert!(read_models_of(folder.path()) == live);
    assert_sound(folder.path());
    let (shop, _) = start_shop(&mut icommerce(folder.path()));
    stop_shop(shop);
}

#[test]
fn services_without_read_models_are_not_rebuilt_and_the_reason_is_printed() {
    let folder = populated_folder();
    let live = read_models_of(folder.path());
    for service in ["audit-service", "shopping-cart-service", "api-gateway", "storefront"] {
        let (code, output) = run(folder.path(), &["rebuild", service]);
        assert_eq!(code, 1, "nothing of what was asked was done: {output}");
        assert!(output.contains("nothing to rebuild from its journal"), "{output}");
    }
    assert!(run(folder.path(), &["rebuild", "audit-service"]).1.contains("primary records"));
    assert!(read_models_of(folder.path()) == live);
}

#[test]
fn an_interrupted_rebuild_is_detected_and_can_be_repeated() {
    let folder = populated_folder();
    with_engine(folder.path(), async |engine| {
        damage::interrupt_rebuild(engine.service("order-service")).await;
    });
    assert_broken(folder.path(), &["run icommerce rebuild again"]);
    assert!(assert_fails(&mut icommerce(folder.path()), 3).contains("order-service"));
    assert_eq!(run(folder.path(), &["rebuild", "order-service"]).0, 0);
    assert_sound(folder.path());
}

#[test]
fn a_check_finds_missing_stock_payments_and_messages() {
    let folder = populated_folder();
    with_engine(folder.path(), async |engine| {
        damage::sell_without_stock(&engine.service("inventory-service")).await;
        damage::capture_without_authorisation(&engine.service("payment-service")).await;
        damage::advance_consumer_beyond_feed(&engine.service("product-service")).await;
        damage::begin_unknown_saga(&engine.service("order-service")).await;
    });
    assert_broken(
        folder.path(),
        &[
            "no stock is negative",
            "no units are held or sold beyond the stock on hand",
            "authorised is at least captured",
            "no payment stays authorised",
            "no units stay held",
            "no consumer is ahead of its feed",
            "every saga has ended",
        ],
    );
}

#[test]
fn an_authorisation_awaiting_fulfilment_is_sound_and_a_missing_capture_is_not() {
    let folder = TempDir::new().unwrap();
    let mut command = icommerce(folder.path());
    let (shop, [_, operators]) =
        start_shop(command.env("ICOMMERCE_ORDER_SERVICE__CAPTURE", "at_fulfilment"));
    let stock: Value = serde_json::from_str(&get(&operators, "/api/v1/stock?limit=50")).unwrap();
    let plenty =
        stock["items"].as_array().unwrap().iter().find(|it| it["available"].as_i64() > Some(3));
    let sku = &plenty.unwrap()["sku"];
    let buy = |email: &str| {
        let mut order = order("success");
        order["email"] = email.into();
        order["lines"] = json!([{"sku": sku, "quantity": 1}]);
        let placed = post(&operators, "/api/v1/orders", &order);
        assert_eq!(placed["payment_status"], "authorised", "{placed}");
        placed["id"].as_str().unwrap().to_owned()
    };
    let [kept, sent, cancelled] = ["a@b.example", "c@d.example", "e@f.example"].map(buy);
    post(&operators, &format!("/api/v1/orders/{sent}/fulfil"), &json!({}));
    post(&operators, &format!("/api/v1/orders/{cancelled}/cancel"), &json!({}));
    stop_shop(shop);
    assert_sound(folder.path());
    with_engine(folder.path(), async |engine| {
        damage::capture_order_without_payment(&engine.service("order-service"), &kept).await;
    });
    assert_broken(
        folder.path(),
        &["orders and payments agree on the amounts", "no payment stays authorised"],
    );
}

#[test]
fn a_missing_journal_is_reported_if_derived_data_exists() {
    for orphan in [Orphan::Document, Orphan::Snapshot] {
        let folder = TempDir::new().unwrap();
        with_engine(folder.path(), async |_| ());
        assert_nothing_broken(folder.path());
        with_engine(folder.path(), async |engine| {
            damage::leave_orphan(&engine.service("order-service"), orphan).await;
        });
        assert_broken(
            folder.path(),
            &["order-service: the journal behind the derived data exists", "the journal is empty"],
        );
    }
}

/// Asserts that the check of an empty folder succeeds.
fn assert_nothing_broken(folder: &Path) {
    let (code, output) = run(folder, &["check"]);
    assert_eq!(code, 0, "{output}");
    assert!(!output.contains("BROKEN"), "{output}");
}

#[test]
fn maintenance_refuses_a_folder_that_is_in_use_or_missing() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("missing");
    assert!(assert_fails(icommerce(&missing).arg("check"), 3).contains("not a data folder"));
    assert!(!missing.exists(), "a check creates nothing");
    assert!(
        assert_fails(icommerce(folder.path()).args(["rebuild", "orders"]), 2)
            .contains("order-service")
    );
    let (shop, _) = start_shop(icommerce(folder.path()).arg("--no-demo"));
    assert!(assert_fails(icommerce(folder.path()).arg("check"), 3).contains("another running"));
    assert!(
        assert_fails(icommerce(folder.path()).args(["rebuild", "order-service"]), 3)
            .contains("in use")
    );
    stop_shop(shop);
}

/// Events that a dump prints.
fn dumped(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let output = icommerce(folder).arg("dump").args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_events_of_orders_take_far_less_than_their_json() {
    let folder = populated_folder();
    // What belongs to a SKU is the catalogue's.
    let is_of_an_order = |event: &&Value| {
        event["service"] != "product-service"
            && !event["stream"].as_str().unwrap().starts_with("sku-")
    };
    let events = dumped(folder.path(), &[]);
    let events: Vec<&Value> = events.iter().filter(is_of_an_order).collect();
    let json: usize = events.iter().map(|event| event["data"].to_string().len()).sum();
    let stored: usize = with_engine(folder.path(), async |engine| {
        let mut stored = 0;
        for service in
            ["shopping-cart-service", "order-service", "inventory-service", "payment-service"]
        {
            let journal = engine.service(service).journal;
            for event in events.iter().filter(|event| event["service"] == service) {
                let stream = event["stream"].as_str().unwrap();
                let before = event["version"].as_u64().unwrap() - 1;
                stored += journal.read(stream, before, 1).await.unwrap()[0].data.len();
            }
        }
        stored
    });
    let orders = events.iter().filter(|event| event["name"] == "placed").count();
    println!("events of {orders} orders: {stored} bytes, as JSON {json}");
    assert!(orders > 3 && 5 * stored < 2 * json, "{stored} bytes, as JSON {json}");
}

#[test]
fn a_dump_prints_every_event_once_and_those_of_one_stream() {
    let folder = populated_folder();
    let lines = |arguments: &[&str]| dumped(folder.path(), arguments);
    let all = lines(&[]);
    let placed = all.iter().find(|event| event["name"] == "placed");
    let stream = placed.expect("an order was placed")["stream"].as_str().unwrap().to_owned();
    let of_stream = lines(&[&stream]);
    assert!(of_stream.len() > 1 && of_stream.iter().all(|event| event["stream"] == *stream));
    assert!(of_stream.iter().eq(all.iter().filter(|event| event["stream"] == *stream)));
    let mut positions: Vec<_> = all.iter().map(|it| it["position"].as_u64().unwrap()).collect();
    positions.sort_unstable();
    assert!(positions.is_sorted_by(|one, next| one < next), "each position once");
    assert!(all.iter().all(|event| event["data"].is_object()));
    let begun = all.iter().find(|event| event["name"] == "saga_begun").unwrap();
    assert!(begun["data"]["case"]["order_id"].is_string(), "{begun}");
    let sentence = assert_fails(icommerce(folder.path()).args(["dump", "nothing"]), 1);
    assert!(sentence.contains("no stream is named nothing"), "{sentence}");
}

#[test]
fn a_compaction_says_what_it_gave_back_and_keeps_every_event() {
    let folder = TempDir::new().unwrap();
    let program = || icommerce(folder.path());
    let (shop, _) = start_shop(&mut program());
    assert!(assert_fails(program().arg("compact"), 3).contains("in use"));
    stop_shop(shop);
    let run = |command: &str| {
        let output = program().arg(command).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let events = run("dump");
    assert!(!events.is_empty());
    let mut before = u64::MAX;
    for _ in 0..2 {
        let sentence = run("compact");
        let words: Vec<&str> = sentence.split_whitespace().collect();
        let ["full", "segments", "of", "the", "log:", was, "bytes", "before,", is, "after"] =
            words[..]
        else {
            panic!("{sentence}")
        };
        let [was, is]: [u64; 2] = [was, is].map(|bytes| bytes.parse().unwrap());
        assert!(is > 0 && is <= was && was <= before, "{sentence}");
        before = is;
        assert_eq!(run("dump"), events);
        run("check");
    }
}
