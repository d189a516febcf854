//! Wish lists: what a customer remembers, seen and changed by nobody else.

use crate::harness::{ACTOR, TestResponse, TestShop, change_variant};
use serde_json::Value;

const ADA: &str = "customer:0190a8b4-0000-7000-8000-00000000ada0";
const EVE: &str = "customer:0190a8b4-0000-7000-8000-00000000e0e0";
const PATH: &str = "/api/v1/account/wish-list";

async fn send(shop: &TestShop, actor: &str, method: &str, path: &str) -> TestResponse {
    shop.send_with(&[(ACTOR, actor)], method, path, Value::Null).await
}

fn skus(response: &TestResponse) -> Vec<&str> {
    let items = response.body["items"].as_array().unwrap().iter();
    items.map(|item| item["sku"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn articles_are_added_once_and_removed_and_shown_at_their_prices() {
    let shop = TestShop::open().await;
    assert!(skus(&send(&shop, ADA, "GET", PATH).await).is_empty());
    for (sku, expected) in [("mug", vec!["MUG"]), ("LAMP", vec!["LAMP", "MUG"])] {
        for _ in 0..2 {
            let added = send(&shop, ADA, "PUT", &format!("{PATH}/{sku}")).await;
            assert_eq!((added.status, skus(&added)), (200, expected.clone()), "{sku}");
        }
    }
    let list = send(&shop, ADA, "GET", PATH).await;
    assert_eq!(list.body["items"][1]["unit_price"]["amount"], 1_800, "{}", list.body);
    for _ in 0..2 {
        let removed = send(&shop, ADA, "DELETE", &format!("{PATH}/mug")).await;
        assert_eq!((removed.status, skus(&removed)), (200, vec!["LAMP"]));
    }
    change_variant("LAMP", |_| None);
    let gone = send(&shop, ADA, "GET", PATH).await;
    let item = &gone.body["items"][0];
    assert_eq!((&item["name"], &item["unit_price"]), (&"LAMP".into(), &Value::Null));
    for unknown in ["GONE", "NOTHING"] {
        let refused = send(&shop, ADA, "PUT", &format!("{PATH}/{unknown}")).await;
        assert_eq!(refused.code(), "unknown_sku");
    }
}

#[tokio::test]
async fn a_wish_list_is_its_customers_alone() {
    let shop = TestShop::open().await;
    send(&shop, ADA, "PUT", &format!("{PATH}/MUG")).await;
    assert!(skus(&send(&shop, EVE, "GET", PATH).await).is_empty());
    send(&shop, EVE, "DELETE", &format!("{PATH}/MUG")).await;
    assert_eq!(skus(&send(&shop, ADA, "GET", PATH).await), ["MUG"]);
    for actor in ["", "guest:0190a8b4-0000-7000-8000-000000000000", "operator:ada"] {
        for (method, path) in [
            ("GET", PATH.to_owned()),
            ("PUT", format!("{PATH}/MUG")),
            ("DELETE", format!("{PATH}/MUG")),
        ] {
            let refused = send(&shop, actor, method, &path).await;
            assert_eq!((refused.status, refused.code()), (401, "unauthenticated"), "{actor}");
        }
    }
}
