//! Contracts of the service, `Catalogue` and its feed: one suite each, run with typed values, over the wire with fault
//! injection, and over the network.

use crate::harness::{TestShop, eur, mug, sku};
use contracts::product::{Catalogue, Product, ProductEvent, VARIANTS_MAX};
use rpc::{CallError, Feed};
use serde_json::{Value, json};

#[tokio::test]
async fn the_catalogue_behaves_the_same_over_every_transport() {
    let shop = TestShop::open().await;
    let made = shop.create(&mug()).await;
    for (transport, catalogue) in shop.clients::<dyn Catalogue>().await {
        eprintln!("{transport}");
        facts_come_in_the_requested_order_without_unknown_skus(&*catalogue, &made).await;
        too_many_skus_are_refused(&*catalogue).await;
    }
}

async fn facts_come_in_the_requested_order_without_unknown_skus(
    catalogue: &dyn Catalogue,
    made: &Product,
) {
    for [moss, clay] in [["MUG-MOSS", "MUG-CLAY"], ["mug-moss", "Mug-Clay"]] {
        let facts = catalogue.variants([moss, "NO", clay].map(sku).to_vec()).await.unwrap();
        let skus: Vec<_> = facts.iter().map(|it| it.sku.as_str()).collect();
        assert_eq!(skus, ["MUG-MOSS", "MUG-CLAY"], "the spelling of the catalogue");
        assert_eq!((facts[0].product_id, facts[0].only_left), (made.id, Some(3)));
        assert_eq!((facts[1].in_stock, facts[1].only_left), (true, None));
        assert_eq!(facts[0].options["Colour"], "Moss");
        assert_eq!(facts[0].image.as_ref().unwrap().url, "/pictures/mug/clay/object.svg");
        assert_eq!(json!(facts[0].price), eur(1_600));
    }
    assert_eq!(catalogue.variants(vec![]).await.unwrap(), []);
}

async fn too_many_skus_are_refused(catalogue: &dyn Catalogue) {
    let skus = |count: usize| (0..count).map(|number| sku(&number.to_string())).collect();
    assert_eq!(catalogue.variants(skus(VARIANTS_MAX)).await.unwrap(), []);
    let Err(CallError::Problem(refused)) = catalogue.variants(skus(VARIANTS_MAX + 1)).await else {
        panic!("too many SKUs at once")
    };
    assert_eq!((refused.status, refused.errors[0].field.as_str()), (422, "skus"));
}

#[tokio::test]
async fn the_feed_behaves_the_same_over_every_transport() {
    let shop = TestShop::open().await;
    let made = shop.create(&mug()).await;
    shop.put("/api/v1/products/stoneware-mug/variants/MUG-CLAY/price", &eur(1_000)).await;
    for (transport, feed) in shop.clients::<dyn Feed<ProductEvent>>().await {
        eprintln!("{transport}");
        changes_and_prices_come_in_commit_order(&*feed, &made).await;
    }
}

async fn changes_and_prices_come_in_commit_order(feed: &dyn Feed<ProductEvent>, made: &Product) {
    let page = feed.pull(0, 0, None).await.unwrap();
    let data: Vec<Value> = page.messages.iter().map(|message| json!(message.event)).collect();
    let published: Vec<_> =
        data.iter().map(|data| (data["type"].as_str().unwrap(), data["change"].as_str())).collect();
    assert_eq!(
        published,
        [
            ("product_changed", Some("created")),
            ("product_changed", Some("variants_added")),
            ("product_changed", Some("published")),
            ("price_changed", None),
        ]
    );
    let last = &data[3];
    assert_eq!((&last["product_id"], &last["sku"]), (&json!(made.id), &json!("MUG-CLAY")));
    assert_eq!((&last["old"], &last["new"]), (&eur(1_400), &eur(1_000)));
    let rest = feed.pull(page.messages[2].position, 0, None).await.unwrap();
    assert_eq!(rest.messages, page.messages[3..]);
    let end = feed.pull(page.position, 0, None).await.unwrap();
    assert_eq!((end.messages.len(), end.position), (0, page.position));
}
