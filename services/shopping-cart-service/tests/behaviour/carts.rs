//! Carts: their costs, their changes, and conditional changes.

use crate::harness::{TestShop, lines_of, path_of};
use serde_json::{Value, json};

#[tokio::test]
async fn a_cart_shows_all_costs_from_the_first_line() {
    let shop = TestShop::open().await;
    let cart = shop.cart(&[("MUG", 2)]).await;
    let amount = |name: &str| cart["totals"][name]["amount"].as_i64().unwrap();
    assert_eq!((amount("items"), amount("shipping"), amount("total")), (3_600, 490, 4_090));
    // 575 for the mugs and 78 for the delivery, each rounded once.
    assert_eq!(amount("tax"), 575 + 78);
    assert_eq!(cart["totals"]["tax_included"], true);

    let lines = format!("{}/lines", path_of(&cart));
    let added = shop.send("POST", &lines, json!({"sku": "LAMP", "quantity": 1})).await;
    assert_eq!(added.status, 200);
    let cart = added.body;
    assert_eq!(cart["totals"]["shipping"]["amount"], 0);
    assert_eq!(cart["totals"]["total"]["amount"], 3_600 + 7_120);
    assert_eq!(cart["item_count"], 3);
}

#[tokio::test]
async fn lines_are_changed_and_removed() {
    let shop = TestShop::open().await;
    let cart = shop.cart(&[("MUG", 1), ("LAMP", 1)]).await;
    let lamp = format!("{}/lines/LAMP", path_of(&cart));
    let changed = shop.send("PATCH", &lamp, json!({"quantity": 4})).await;
    assert_eq!(changed.body["notices"][0]["code"], "fewer_left");
    let removed = shop.send("DELETE", &lamp, Value::Null).await;
    assert_eq!(lines_of(&removed.body), [("MUG", 1)]);
    for (method, body) in [
        ("PATCH", json!({"quantity": 4})),
        ("PATCH", json!({"quantity": 0})),
        ("DELETE", Value::Null),
    ] {
        let absent = shop.send(method, &lamp, body).await;
        assert_eq!((absent.status, absent.code()), (404, "not_found"), "{method}");
        assert_eq!(absent.body["subject"], "LAMP", "{method}");
    }
}

#[tokio::test]
async fn a_change_with_a_stale_version_is_rejected() {
    let shop = TestShop::open().await;
    let cart = shop.cart(&[("MUG", 1)]).await;
    assert_eq!(cart["version"], 1);
    let lines = format!("{}/lines", path_of(&cart));
    let mug = format!("{lines}/MUG");
    let tag = |version: u64| Some(format!("\"{version}\""));
    let change = async |method: &str, path: &str, if_match: &str, body: Value| {
        let answer = shop.send_with(&[("if-match", if_match)], method, path, body).await;
        (answer.status, answer.etag)
    };
    let two = json!({"quantity": 2});
    assert_eq!(change("PATCH", &mug, "\"1\"", two.clone()).await, (200, tag(2)));
    assert_eq!(shop.send("PATCH", &mug, json!({"quantity": 5})).await.body["version"], 3);
    // The network redelivers old requests.
    for (method, path, body) in [
        ("PATCH", &mug, two),
        ("DELETE", &mug, Value::Null),
        ("POST", &lines, json!({"sku": "LAMP", "quantity": 1})),
    ] {
        assert_eq!(change(method, path, "\"1\"", body).await.0, 412, "{method}");
    }
    let now = shop.send("GET", &path_of(&cart), Value::Null).await.body;
    assert_eq!((&now["version"], lines_of(&now)), (&json!(3), vec![("MUG", 5)]));
    let lamp = json!({"sku": "LAMP", "quantity": 1});
    assert_eq!(change("POST", &lines, "\"3\"", lamp).await, (200, tag(4)));
    // A change that already took effect is not rejected: the version advanced when it did.
    assert_eq!(change("PATCH", &mug, "\"3\"", json!({"quantity": 5})).await, (200, tag(4)));
    assert_eq!(change("DELETE", &mug, "*", Value::Null).await, (200, tag(5)));
    assert_eq!(change("DELETE", &mug, "\"4\"", Value::Null).await.0, 412);
    assert_eq!(change("DELETE", &mug, "\"5\"", Value::Null).await.0, 404);
    assert_eq!(change("DELETE", &mug, "five", Value::Null).await.0, 400);
}

#[tokio::test]
async fn a_cart_has_at_most_a_thousand_lines() {
    let shop = TestShop::open().await;
    let skus: Vec<_> = (0..1_001).map(|number| format!("ANY-{number}")).collect();
    let all: Vec<_> = skus.iter().map(|sku| (sku.as_str(), 1)).collect();
    let cart = shop.cart(&all[..1_000]).await;
    assert_eq!(cart["totals"]["items"]["amount"], 1_000 * 1_800);
    let lines = format!("{}/lines", path_of(&cart));
    // A full cart still takes more of what it has, but nothing new.
    let more = shop.send("POST", &lines, json!({"sku": "ANY-0", "quantity": 1})).await;
    assert_eq!((more.status, lines_of(&more.body)[0]), (200, ("ANY-0", 2)));
    let new = shop.send("POST", &lines, json!({"sku": "ANY-1000", "quantity": 1})).await;
    assert_eq!((new.status, new.code()), (422, "line_limit"));
    let lines = json!({"lines": skus.iter().map(|sku| json!({"sku": sku, "quantity": 1})).collect::<Vec<_>>()});
    let new = shop.send("POST", "/api/v1/carts", lines).await;
    assert_eq!((new.status, new.code()), (422, "line_limit"));
}

#[tokio::test]
async fn an_addition_with_a_key_happens_once() {
    let shop = TestShop::open().await;
    let cart = shop.cart(&[]).await;
    let lines = format!("{}/lines", path_of(&cart));
    for _ in 0..2 {
        let body = json!({"sku": "MUG", "quantity": 1});
        let added = shop.send_with(&[("idempotency-key", "k")], "POST", &lines, body).await;
        assert_eq!(lines_of(&added.body), [("MUG", 1)]);
    }
}
