//! SKUs: one article whatever the case of its SKU, in the catalogue's spelling.

use crate::harness::{TestShop, lines_of, path_of};
use serde_json::{Value, json};

/// Spellings of one SKU.
const SPELLINGS: [&str; 4] = ["MUG", "mug", "Mug", "mUG"];

#[tokio::test]
async fn every_spelling_of_a_sku_finds_its_line() {
    let shop = TestShop::open().await;
    for created in SPELLINGS {
        for requested in SPELLINGS {
            let cart = shop.cart(&[("LAMP", 1), (created, 1)]).await;
            let lines = format!("{}/lines", path_of(&cart));
            let line = format!("{lines}/{requested}");
            let added = shop.send("POST", &lines, json!({"sku": requested, "quantity": 2})).await;
            assert_eq!(lines_of(&added.body), [("LAMP", 1), ("MUG", 3)], "{created} {requested}");
            let changed = shop.send("PATCH", &line, json!({"quantity": 5})).await;
            assert_eq!(lines_of(&changed.body), [("LAMP", 1), ("MUG", 5)], "{created} {requested}");
            let removed = shop.send("DELETE", &line, Value::Null).await;
            assert_eq!(lines_of(&removed.body), [("LAMP", 1)], "{created} {requested}");
            assert_eq!(shop.send("DELETE", &line, Value::Null).await.status, 404);
        }
    }
}

#[tokio::test]
async fn spellings_of_one_sku_are_one_line_of_a_new_cart() {
    let shop = TestShop::open().await;
    let cart = shop.cart(&SPELLINGS.map(|spelling| (spelling, 1))).await;
    assert_eq!(lines_of(&cart), [("MUG", 4)]);
}
