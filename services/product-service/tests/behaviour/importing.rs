//! Idempotent import of products.

use crate::harness::{TestShop, eur, mug, simple_product, sku};
use contracts::product::{ImportOutcome, ImportReport, NewProduct, ProductStatus};
use serde_json::json;

pub(crate) fn created() -> ImportOutcome {
    ImportOutcome::Created { refused: vec![], refused_pictures: vec![] }
}

pub(crate) fn unchanged() -> ImportOutcome {
    ImportOutcome::Unchanged { refused: vec![], refused_pictures: vec![] }
}

/// Change of something else than the set of variants.
pub(crate) fn updated() -> ImportOutcome {
    ImportOutcome::Updated {
        added: vec![],
        withdrawn: vec![],
        renamed: vec![],
        refused: vec![],
        refused_pictures: vec![],
    }
}

pub(crate) async fn import(shop: &TestShop, products: &[NewProduct]) -> Vec<ImportOutcome> {
    let report: ImportReport =
        shop.post("/api/v1/products/import", &json!({"products": products})).await.read();
    report.outcomes
}

#[tokio::test]
async fn importing_again_changes_nothing() {
    let shop = TestShop::open().await;
    let batch = [mug(), simple_product("lamp", 4_000)];
    assert_eq!(import(&shop, &batch).await, [created(), created()]);
    let before = shop.product("stoneware-mug").await;
    assert_eq!(import(&shop, &batch).await, [unchanged(), unchanged()]);
    assert_eq!(shop.product("stoneware-mug").await, before);
}

#[tokio::test]
async fn importing_the_same_file_again_does_not_restore_sold_stock() {
    let shop = TestShop::open().await;
    import(&shop, &[mug()]).await;
    shop.publish_availability("MUG-CLAY", 2).await;
    let left = |page: &contracts::product::ProductPage| page.items[0].only_left == Some(5);
    shop.wait_until(&contracts::product::ProductQuery::default(), left).await;
    assert_eq!(import(&shop, &[mug()]).await, [unchanged()]);
    assert_eq!(shop.product("stoneware-mug").await.variants[0].only_left, Some(2));
    let mut more = mug();
    more.variants[0].stock = Some(4);
    assert_eq!(import(&shop, &[more]).await, [updated()]);
    shop.wait_until(&contracts::product::ProductQuery::default(), |page| {
        page.items[0].only_left.is_none()
    })
    .await;
}

#[tokio::test]
async fn each_product_is_accepted_or_rejected_independently() {
    let shop = TestShop::open().await;
    import(&shop, &[mug()]).await;
    let mut cheaper = mug();
    cheaper.variants[0].price = serde_json::from_value(eur(1_000)).unwrap();
    let mut nameless = simple_product("nameless", 1);
    nameless.name = String::new();
    let mut thief = simple_product("thief", 1);
    thief.variants[0].sku = sku("MUG-CLAY");
    let twice = simple_product("lamp", 2);
    let outcomes =
        import(&shop, &[cheaper, nameless, thief, simple_product("lamp", 1), twice]).await;
    let rejected = |field: &str, outcome: &ImportOutcome| match outcome {
        ImportOutcome::Rejected { field: named, message, .. } => {
            named == field && !message.is_empty()
        }
        _ => false,
    };
    assert_eq!(outcomes[0], updated());
    assert!(rejected("name", &outcomes[1]), "{outcomes:?}");
    assert!(rejected("variants", &outcomes[2]), "{outcomes:?}");
    assert_eq!(outcomes[3], created());
    assert!(rejected("slug", &outcomes[4]), "{outcomes:?}");
    assert_eq!(shop.list("").await.total, 2);
}

#[tokio::test]
async fn a_dry_run_reports_the_outcomes_and_changes_nothing() {
    let shop = TestShop::open().await;
    import(&shop, &[simple_product("lamp", 1)]).await;
    let batch = json!({"products": [mug(), simple_product("lamp", 2), simple_product("lamp-2", 1)], "dry_run": true});
    let report: ImportReport = shop.post("/api/v1/products/import", &batch).await.read();
    assert_eq!(report.outcomes, [created(), updated(), created()]);
    assert_eq!(shop.slugs("").await, ["lamp"]);
    assert_eq!(import(&shop, &[mug()]).await, [created()], "claimed names were released");
}

#[tokio::test]
async fn imported_earlier_prices_count_as_prior_prices() {
    let shop = TestShop::open().await;
    let mut product = mug();
    product.variants[0].price_history = serde_json::from_value(json!([
        {"from": "2026-01-01T00:00:00Z", "price": eur(2_000)},
    ]))
    .unwrap();
    import(&shop, &[product.clone()]).await;
    assert_eq!(shop.product("stoneware-mug").await.variants[0].reduction.unwrap().percent, 30);
    assert_eq!(import(&shop, &[product]).await, [unchanged()]);
}

#[tokio::test]
async fn an_import_publishes_and_archives_but_never_turns_a_product_on_sale_into_a_draft() {
    let shop = TestShop::open().await;
    let with = |status| NewProduct { status, ..simple_product("lamp", 1) };
    assert_eq!(import(&shop, &[with(ProductStatus::Draft)]).await, [created()]);
    assert_eq!(shop.list("").await.total, 0);
    assert_eq!(import(&shop, &[with(ProductStatus::Active)]).await, [updated()]);
    assert_eq!(import(&shop, &[with(ProductStatus::Draft)]).await, [unchanged()]);
    assert_eq!(shop.list("").await.total, 1);
    assert_eq!(import(&shop, &[with(ProductStatus::Archived)]).await, [updated()]);
    assert_eq!(shop.list("").await.total, 0);
}
