//! Erasure of a person, wherever the services with personal data run.

use crate::{
    fixtures::{create_product, id, order},
    shop::TestShop,
};
use serde_json::{Value, json};

pub(crate) async fn a_person_is_exported_and_erased_and_stays_so_after_a_kill(shop: &TestShop) {
    let sku = create_product(shop, 1_000, 10).await;
    let order = order(shop, &[(&sku, 1)]).await;
    let path = format!("/api/v1/orders/{}", id(&order));
    let person = json!({"email": order["email"]});
    let persons = async |what: &str| {
        let path = format!("/maintenance/persons/{what}");
        shop.operator.post(&path, &person).await.ok()
    };
    assert_eq!(persons("export").await["orders"][0]["id"], order["id"]);
    let deferred = persons("erase").await;
    assert_eq!(deferred["open_obligations"], json!([order["number"]]));
    assert_eq!(shop.operator.get(&path).await.ok()["email"], order["email"]);

    shop.operator.post(&format!("{path}/fulfil"), &json!({})).await.ok();
    assert_eq!(persons("erase").await["open_obligations"], json!([]));
    let is_erased = |shown: &Value| {
        assert_eq!((&shown["email"], &shown["customer_erased"]), (&json!(""), &json!(true)));
        assert_eq!(shown["shipping_address"]["country"], order["shipping_address"]["country"]);
        assert_eq!(shown["lines"], order["lines"]);
    };
    is_erased(&shop.operator.get(&path).await.ok());
    shop.kill(Some("order-service"));
    shop.restart_killed().await;
    is_erased(&shop.operator.get(&path).await.ok());
    assert_eq!(persons("export").await["orders"], json!([]));
    assert_eq!(shop.shopper.post("/maintenance/persons/export", &person).await.status, 404);
}
