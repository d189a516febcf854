//! Refusals: what is refused leaves the cart as it was, and what is done is answered.

use crate::harness::{TestShop, change_variant, lines_of, path_of, set_catalogue_unavailable};
use contracts::product::VariantFacts;
use kernel::{Currency, UnitPrice};
use serde_json::{Value, json};

#[tokio::test]
async fn a_line_that_costs_too_much_is_not_in_the_cart() {
    let shop = TestShop::open().await;
    let cart = shop.cart(&[("MUG", 1), ("YACHT", 1)]).await;
    let lines = format!("{}/lines", path_of(&cart));
    for (method, path, body) in [
        ("POST", lines.clone(), json!({"sku": "YACHT", "quantity": 99_999})),
        ("POST", lines.clone(), json!({"sku": "yacht", "quantity": 2_000})),
        ("PATCH", format!("{lines}/YACHT"), json!({"quantity": 100_000})),
    ] {
        let refused = shop.send(method, &path, body.clone()).await;
        assert_eq!((refused.status, refused.code()), (422, "amount_limit"), "{body}");
        let now = shop.read(&cart).await;
        assert_eq!((lines_of(&now), &now["version"]), (vec![("MUG", 1), ("YACHT", 1)], &json!(1)));
    }
    let body = json!({"lines": [{"sku": "YACHT", "quantity": 100_000}]});
    let refused = shop.send("POST", "/api/v1/carts", body).await;
    assert_eq!((refused.status, refused.code()), (422, "amount_limit"));
}

#[tokio::test]
async fn a_cart_that_prices_outgrew_can_be_read_and_put_right() {
    let shop = TestShop::open().await;
    let cart = shop.cart(&[("ANY-1", 100_000), ("MUG", 1)]).await;
    for price in ["200000000.00", "90000000000000.00"] {
        change_variant(
            "ANY-1",
            match price {
                "200000000.00" => |facts| Some(costing(facts, "200000000.00")),
                _ => |facts| Some(costing(facts, "90000000000000.00")),
            },
        );
        let now = shop.read(&cart).await;
        assert_eq!(now["lines"][0]["problem"], "amount_limit", "{price}");
        assert_eq!(now["totals"]["items"]["amount"], 1_800);
    }
    let lines = format!("{}/lines", path_of(&cart));
    let added = shop.send("PATCH", &format!("{lines}/MUG"), json!({"quantity": 2})).await;
    assert_eq!((added.status, lines_of(&added.body)[1]), (200, ("MUG", 2)));
    let removed = shop.send("DELETE", &format!("{lines}/ANY-1"), Value::Null).await;
    assert_eq!((removed.status, &removed.body["notices"]), (200, &json!([])));
}

fn costing(facts: VariantFacts, price: &str) -> VariantFacts {
    VariantFacts { price: UnitPrice::parse_major(price, Currency::EUR).unwrap(), ..facts }
}

#[tokio::test]
async fn what_cannot_be_answered_does_not_happen() {
    let shop = TestShop::open().await;
    let cart = shop.cart(&[("MUG", 1), ("LAMP", 1)]).await;
    let lines = format!("{}/lines", path_of(&cart));
    set_catalogue_unavailable(true);
    for (method, path, body) in [
        ("POST", lines.clone(), json!({"sku": "MUG", "quantity": 1})),
        ("PATCH", format!("{lines}/MUG"), json!({"quantity": 5})),
        ("DELETE", format!("{lines}/LAMP"), Value::Null),
    ] {
        assert_eq!(shop.send(method, &path, body).await.status, 503, "{method}");
    }
    set_catalogue_unavailable(false);
    let now = shop.read(&cart).await;
    assert_eq!((lines_of(&now), &now["version"]), (vec![("MUG", 1), ("LAMP", 1)], &json!(1)));
    assert_eq!(shop.send("DELETE", &format!("{lines}/LAMP"), Value::Null).await.status, 200);
}
