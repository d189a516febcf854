//! What was flushed is there after a restart, and nothing else.

use crate::shop::{Shop, eur, mug, plain};
use serde_json::json;
use storage::{Collection, Write};

#[tokio::test]
async fn a_restart_finds_everything_as_it_was() {
    let shop = Shop::open().await;
    shop.create(&mug()).await;
    shop.create(&plain("lamp", 100)).await;
    shop.put("/api/v1/products/lamp/variants/lamp-1/price", &eur(90)).await;
    shop.patch("/api/v1/products/lamp", &json!({"slug": "desk-lamp"})).await;
    shop.inventory_tells("MUG-CLAY", 0).await;
    shop.inventory_tells("lamp-1", 2).await;
    let sold = |page: &contracts::product::ProductPage| page.facets["in_stock"][0].count == 2;
    shop.until(&contracts::product::ProductQuery::default(), sold).await;
    let (list, product) = (shop.list("sort=name").await, shop.product("stoneware-mug").await);
    let again = Shop::on(shop.engine.crash()).await;
    assert_eq!(again.list("sort=name").await, list);
    assert_eq!(again.product("stoneware-mug").await, product);
    assert_eq!(again.product("lamp").await.slug, "desk-lamp");
    assert_eq!(again.slugs("q=stoneware+fired").await, ["stoneware-mug"], "descriptions are found");
}

#[tokio::test]
async fn what_was_not_flushed_never_happened() {
    let shop = Shop::open().await;
    shop.create(&mug()).await;
    shop.engine.hold();
    shop.create(&plain("lamp", 100)).await;
    shop.put("/api/v1/products/stoneware-mug/variants/MUG-CLAY/price", &eur(1)).await;
    assert_eq!(shop.list("").await.total, 2, "inside the process it is known at once");
    let again = Shop::on(shop.engine.crash()).await;
    assert_eq!(again.slugs("").await, ["stoneware-mug"]);
    assert_eq!(json!(again.product("stoneware-mug").await.variants[0].price), eur(1_400));
    again.create(&plain("lamp", 100)).await;
}

#[tokio::test]
async fn whoever_is_shown_something_unflushed_waits_for_its_flush() {
    let shop = Shop::open().await;
    shop.engine.hold();
    let (_, writer) = storage::durability::scope(shop.create(&mug())).await;
    let (_, reader) = storage::durability::scope(shop.list("")).await;
    let (_, viewer) = storage::durability::scope(shop.product("stoneware-mug")).await;
    for touched in [writer, reader, viewer] {
        let soon = std::time::Duration::from_millis(5);
        assert!(tokio::time::timeout(soon, touched.wait()).await.is_err());
    }
    shop.engine.flush();
    let (_, reader) = storage::durability::scope(shop.list("")).await;
    reader.wait().await.unwrap();
}

#[tokio::test]
async fn listings_of_another_form_are_made_anew_from_the_events() {
    static FORMS: Collection = Collection { name: "forms", indexes: &[] };
    let shop = Shop::open().await;
    shop.create(&mug()).await;
    shop.create(&plain("lamp", 100)).await;
    let before = shop.list("sort=name").await;
    let documents = shop.engine.service("product-service").documents;
    let key = "listings".to_owned();
    let commit = documents.write(vec![Write::Delete { collection: &FORMS, key }]).await.unwrap();
    commit.wait().await.unwrap();
    let again = Shop::on(shop.engine.crash()).await;
    let everything = contracts::product::ProductQuery::default();
    again.until(&everything, |page| page.facets["in_stock"][0].count == 1).await;
    assert_eq!(again.list("sort=name").await, before);
}
