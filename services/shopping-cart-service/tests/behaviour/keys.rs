//! Idempotency keys: they belong to their callers, and a response is kept as what it is rendered from.

use crate::harness::{CLIENT, TestShop, change_variant, lines_of, path_of};
use contracts::product::VariantFacts;
use kernel::{Currency, UnitPrice};
use serde_json::{Value, json};

#[tokio::test]
async fn strangers_with_one_key_get_a_cart_each() {
    let shop = TestShop::open().await;
    for body in [json!({}), json!({"lines": [{"sku": "MUG", "quantity": 1}]})] {
        let create = async |address: &str| {
            let headers = [("idempotency-key", "same"), (CLIENT, address)];
            let created = shop.send_with(&headers, "POST", "/api/v1/carts", body.clone()).await;
            (created.status, created.body["id"].clone())
        };
        let one = create("192.0.2.1").await;
        assert_eq!((one.0, create("192.0.2.1").await), (201, one.clone()), "{body}");
        for stranger in ["192.0.2.2", "2001:db8::1"] {
            assert_ne!(create(stranger).await.1, one.1, "{body}");
        }
        shop.advance(web::IDEMPOTENCY_RETENTION);
    }
}

#[tokio::test]
async fn a_change_of_a_large_cart_keeps_a_small_answer() {
    let shop = TestShop::open().await;
    let skus: Vec<_> = (0..1_000).map(|number| format!("ANY-{number}")).collect();
    let lines: Vec<_> = skus.iter().map(|sku| json!({"sku": sku, "quantity": 1})).collect();
    let keyed = async |key: &str, method: &str, path: &str, body: Value| {
        shop.send_with(&[("idempotency-key", key)], method, path, body).await
    };
    let cart = keyed("1", "POST", "/api/v1/carts", json!({ "lines": lines })).await;
    assert_eq!(cart.status, 201);
    let line = format!("{}/lines/ANY-7", path_of(&cart.body));
    let changed = keyed("2", "PATCH", &line, json!({"quantity": 2})).await;
    assert!(changed.body.to_string().len() > 200_000);
    let other = format!("{}/lines", path_of(&cart.body));
    assert_eq!(keyed("3", "POST", &other, json!({"sku": "NOPE", "quantity": 1})).await.status, 422);
    let long = "N".repeat(200);
    let unknown = json!({"sku": long, "quantity": 1, "x".repeat(60_000): 1});
    assert_eq!(keyed("4", "POST", &other, unknown).await.status, 422);
    // A quote has no effect, and is computed again.
    let quote = format!("{}/quote", path_of(&cart.body));
    for _ in 0..2 {
        let quoted = keyed("5", "POST", &quote, json!({"destination": {"country": "DE"}})).await;
        assert!(quoted.status == 200 && quoted.body.to_string().len() > 100_000);
    }
    let sizes = shop.stored_bytes.lock().unwrap().clone();
    assert_eq!(sizes.len(), 4);
    assert!(sizes[..2].iter().all(|bytes| *bytes < 60), "{sizes:?}");
    // A refusal, and the head in front of it.
    assert!(sizes[2..].iter().all(|bytes| *bytes < 1_024 + 200), "{sizes:?}");
}

#[tokio::test]
async fn a_repeat_has_the_lines_of_its_version_at_prices_of_now() {
    let shop = TestShop::open().await;
    let keyed = async |key: &str, method: &str, path: &str, body: Value| {
        shop.send_with(&[("idempotency-key", key)], method, path, body).await
    };
    let new = json!({"lines": [{"sku": "MUG", "quantity": 1}]});
    let created = keyed("1", "POST", "/api/v1/carts", new.clone()).await;
    assert_eq!(keyed("1", "POST", "/api/v1/carts", new.clone()).await, created);
    let lines = format!("{}/lines", path_of(&created.body));
    let lamp = json!({"sku": "LAMP", "quantity": 1});
    let added = keyed("1", "POST", &lines, lamp.clone()).await;
    let two = json!({"quantity": 2});
    let changed = keyed("1", "PATCH", &format!("{lines}/MUG"), two.clone()).await;
    let removed = keyed("1", "DELETE", &format!("{lines}/LAMP"), Value::Null).await;
    for (answer, method, path, body) in [
        (&created, "POST", "/api/v1/carts".to_owned(), new.clone()),
        (&added, "POST", lines.clone(), lamp),
        (&changed, "PATCH", format!("{lines}/MUG"), two),
        (&removed, "DELETE", format!("{lines}/LAMP"), Value::Null),
    ] {
        assert_eq!(&keyed("1", method, &path, body).await, answer, "{method} {path}");
    }
    assert_eq!(lines_of(&created.body), [("MUG", 1)]);
    assert_eq!(lines_of(&removed.body), [("MUG", 2)]);

    change_variant("MUG", |facts| {
        let price = UnitPrice::parse_major("20.00", Currency::EUR).unwrap();
        Some(VariantFacts { price, ..facts })
    });
    let again = keyed("1", "POST", "/api/v1/carts", new).await;
    assert_eq!(
        (again.status, again.etag, lines_of(&again.body)),
        (201, created.etag, vec![("MUG", 1)])
    );
    assert_eq!(again.body["totals"]["items"]["amount"], 2_000);
}
