//! Recovery after a crash: what was flushed is there, and nothing else.

use crate::harness::{TestShop, eur, mug, simple_product};
use serde_json::json;
use storage::{Collection, Write};

#[tokio::test]
async fn a_restart_restores_the_flushed_state() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    shop.create(&simple_product("lamp", 100)).await;
    shop.put("/api/v1/products/lamp/variants/lamp-1/price", &eur(90)).await;
    shop.patch("/api/v1/products/lamp", &json!({"slug": "desk-lamp"})).await;
    shop.publish_availability("MUG-CLAY", 0).await;
    shop.publish_availability("lamp-1", 2).await;
    let sold = |page: &contracts::product::ProductPage| page.facets["in_stock"][0].count == 2;
    shop.wait_until(&contracts::product::ProductQuery::default(), sold).await;
    let (list, product) = (shop.list("sort=name").await, shop.product("stoneware-mug").await);
    let restarted = TestShop::on(shop.engine.crash()).await;
    assert_eq!(restarted.list("sort=name").await, list);
    assert_eq!(restarted.product("stoneware-mug").await, product);
    assert_eq!(restarted.product("lamp").await.slug, "desk-lamp");
    assert_eq!(
        restarted.slugs("q=stoneware+fired").await,
        ["stoneware-mug"],
        "descriptions are searchable"
    );
}

#[tokio::test]
async fn unflushed_changes_are_lost_in_a_crash() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    shop.engine.hold();
    shop.create(&simple_product("lamp", 100)).await;
    shop.put("/api/v1/products/stoneware-mug/variants/MUG-CLAY/price", &eur(1)).await;
    assert_eq!(shop.list("").await.total, 2, "visible in the process at once");
    let restarted = TestShop::on(shop.engine.crash()).await;
    assert_eq!(restarted.slugs("").await, ["stoneware-mug"]);
    assert_eq!(json!(restarted.product("stoneware-mug").await.variants[0].price), eur(1_400));
    restarted.create(&simple_product("lamp", 100)).await;
}

#[tokio::test]
async fn a_read_of_something_unflushed_waits_for_the_flush() {
    let shop = TestShop::open().await;
    shop.engine.hold();
    let (_, writer) = storage::durability::scope(shop.create(&mug())).await;
    let (_, reader) = storage::durability::scope(shop.list("")).await;
    let (_, viewer) = storage::durability::scope(shop.product("stoneware-mug")).await;
    for dependencies in [writer, reader, viewer] {
        let soon = std::time::Duration::from_millis(5);
        assert!(tokio::time::timeout(soon, dependencies.wait()).await.is_err());
    }
    shop.engine.flush();
    let (_, reader) = storage::durability::scope(shop.list("")).await;
    reader.wait().await.unwrap();
}

#[tokio::test]
async fn documents_of_another_schema_version_are_rebuilt_from_the_events() {
    static SCHEMA_VERSIONS: Collection = Collection { name: "forms", indexes: &[] };
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    shop.create(&simple_product("lamp", 100)).await;
    let before = shop.list("sort=name").await;
    let documents = shop.engine.service("product-service").documents;
    let key = "listings".to_owned();
    let commit =
        documents.write(vec![Write::Delete { collection: &SCHEMA_VERSIONS, key }]).await.unwrap();
    commit.wait().await.unwrap();
    let restarted = TestShop::on(shop.engine.crash()).await;
    let everything = contracts::product::ProductQuery::default();
    restarted.wait_until(&everything, |page| page.facets["in_stock"][0].count == 1).await;
    assert_eq!(restarted.list("sort=name").await, before);
}
