//! Looking after a data folder: what was sold, cancelled and given back is checked, damage is found and named, and
//! read models come back from the journal as they were.

mod damage;

use crate::program::{fails, get, icommerce, post, serves, stops};
use damage::{Kept, Orphan, kept, with_engine};
use serde_json::{Value, json};
use std::{path::Path, process::Output};
use tempfile::TempDir;

/// A folder in which something happened: goods, orders of every fate, a payment that waits.
fn busy_folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut command = icommerce(folder.path());
    command.env("ICOMMERCE_PAYMENT_SERVICE__UNKNOWN_OUTCOME_MS", "600000");
    let (shop, [buyers, operators]) = serves(&mut command);
    let goods: Value = serde_json::from_str(&get(&buyers, "/api/v1/products?limit=6")).unwrap();
    let slug = |index: usize| goods["items"][index]["slug"].as_str().unwrap().to_owned();
    let sku = |index| {
        let product: Value =
            serde_json::from_str(&get(&buyers, &format!("/api/v1/products/{}", slug(index))))
                .unwrap();
        let in_stock = product["variants"].as_array().unwrap().iter();
        let found = in_stock.clone().find(|variant| variant["in_stock"] == true);
        found.unwrap()["sku"].as_str().unwrap().to_owned()
    };
    let skus: Vec<String> = (0..6).map(sku).collect();
    let buy = |index: usize, token: &str| {
        let lines = json!([{"sku": skus[index], "quantity": 2}, {"sku": skus[0], "quantity": 1}]);
        let cart = post(&buyers, "/api/v1/carts", &json!({ "lines": lines }));
        let path = format!("/api/v1/carts/{}/checkout", cart["id"].as_str().unwrap());
        post(&buyers, &path, &order(token))
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
    // Whoever looks at movements waits until they are written.
    get(&operators, &format!("/api/v1/stock/{}/movements", skus[0]));
    stops(shop);
    folder
}

fn order(token: &str) -> Value {
    json!({
        "email": "maren@example.com",
        "shipping_address": {
            "name": "Maren Lindqvist", "line1": "Hafenweg 4", "city": "Kiel", "postal_code": "24103",
            "country": "DE",
        },
        "payment": {"method": "test", "token": token},
    })
}

/// What a command prints, and its exit code.
fn said(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let Output { status, stdout, stderr } = icommerce(folder).args(arguments).output().unwrap();
    let said = String::from_utf8(stdout).unwrap() + &String::from_utf8_lossy(&stderr);
    (status.code().unwrap(), said)
}

fn is_sound(folder: &Path) {
    let (code, said) = said(folder, &["check"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("holds") && !said.contains("BROKEN"), "{said}");
}

/// What makes the check fail has to be named.
fn is_broken(folder: &Path, names: &[&str]) {
    let (code, said) = said(folder, &["check"]);
    assert_eq!(code, 1, "{said}");
    for name in names {
        assert!(said.contains(name), "{name}: {said}");
    }
}

#[test]
fn read_models_come_back_as_they_were() {
    let folder = busy_folder();
    is_sound(folder.path());
    let live = kept(folder.path());
    assert!(live.values().all(|documents| !documents.is_empty()));
    damage::read_models(folder.path());
    let damaged: Kept = kept(folder.path());
    assert!(live.iter().all(|(name, documents)| damaged[name] != *documents));
    is_broken(
        folder.path(),
        &["orders: ", "movements: ", "listings: ", "unsettled_payments: ", "ledger-1", "sagas-1"],
    );
    for service in ["product-service", "order-service", "inventory-service", "payment-service"] {
        let (code, said) = said(folder.path(), &["rebuild", service]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("as the journal tells it"), "{said}");
    }
    assert!(kept(folder.path()) == live);
    is_sound(folder.path());
    let (shop, _) = serves(&mut icommerce(folder.path()));
    stops(shop);
}

#[test]
fn what_is_no_read_model_is_not_rebuilt_and_why_is_said() {
    let folder = busy_folder();
    let live = kept(folder.path());
    for service in ["audit-service", "shopping-cart-service", "api-gateway", "storefront"] {
        let (code, said) = said(folder.path(), &["rebuild", service]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("nothing that follows from its journal"), "{said}");
    }
    assert!(said(folder.path(), &["rebuild", "audit-service"]).1.contains("records of their own"));
    assert!(kept(folder.path()) == live);
}

#[test]
fn a_rebuild_that_was_broken_off_is_noticed_and_can_be_ended() {
    let folder = busy_folder();
    with_engine(folder.path(), async |engine| {
        damage::break_off_a_rebuild(engine.service("order-service")).await;
    });
    is_broken(folder.path(), &["run icommerce rebuild again"]);
    assert!(fails(&mut icommerce(folder.path()), 3).contains("order-service"));
    assert_eq!(said(folder.path(), &["rebuild", "order-service"]).0, 0);
    is_sound(folder.path());
}

#[test]
fn a_check_finds_money_goods_and_messages_that_are_not_there() {
    let folder = busy_folder();
    with_engine(folder.path(), async |engine| {
        damage::sell_from_an_empty_shelf(&engine.service("inventory-service")).await;
        damage::take_more_than_was_authorised(&engine.service("payment-service")).await;
        damage::hear_the_future(&engine.service("product-service")).await;
        damage::leave_a_saga_to_nobody(&engine.service("order-service")).await;
    });
    is_broken(
        folder.path(),
        &[
            "no stock is negative",
            "nothing is held or sold that was not there",
            "authorised is at least captured",
            "no money is left authorised",
            "no goods are left held",
            "nobody has read further in a feed than it goes",
            "every saga has ended",
        ],
    );
}

#[test]
fn money_that_waits_for_its_goods_is_sound_and_money_nobody_took_is_not() {
    let folder = TempDir::new().unwrap();
    let mut command = icommerce(folder.path());
    let (shop, [_, operators]) =
        serves(command.env("ICOMMERCE_ORDER_SERVICE__CAPTURE", "at_fulfilment"));
    let goods: Value = serde_json::from_str(&get(&operators, "/api/v1/stock?limit=50")).unwrap();
    let plenty =
        goods["items"].as_array().unwrap().iter().find(|it| it["available"].as_i64() > Some(3));
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
    stops(shop);
    is_sound(folder.path());
    with_engine(folder.path(), async |engine| {
        damage::take_without_the_bank(&engine.service("order-service"), &kept).await;
    });
    is_broken(
        folder.path(),
        &["orders and payments know the same money", "no money is left authorised"],
    );
}

#[test]
fn a_journal_that_is_gone_is_missed_where_something_followed_from_it() {
    for orphan in [Orphan::Document, Orphan::Snapshot] {
        let folder = TempDir::new().unwrap();
        with_engine(folder.path(), async |_| ());
        is_nothing(folder.path());
        with_engine(folder.path(), async |engine| {
            damage::leave_behind(&engine.service("order-service"), orphan).await;
        });
        is_broken(folder.path(), &["order-service: the journal is there", "it is empty"]);
    }
}

/// A service that was never here is not missed.
fn is_nothing(folder: &Path) {
    let (code, said) = said(folder, &["check"]);
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("BROKEN"), "{said}");
}

#[test]
fn nobody_looks_after_a_folder_in_use_or_one_that_is_not_there() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("missing");
    assert!(fails(icommerce(&missing).arg("check"), 3).contains("no data folder"));
    assert!(!missing.exists(), "looking makes nothing");
    assert!(
        fails(icommerce(folder.path()).args(["rebuild", "orders"]), 2).contains("order-service")
    );
    let (shop, _) = serves(icommerce(folder.path()).arg("--no-demo"));
    assert!(fails(icommerce(folder.path()).arg("check"), 3).contains("another running"));
    assert!(
        fails(icommerce(folder.path()).args(["rebuild", "order-service"]), 3).contains("in use")
    );
    stops(shop);
}
