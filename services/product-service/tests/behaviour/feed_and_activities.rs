//! Outgoing messages of the catalogue: its feed, and the activities of shoppers.

use crate::harness::{TestShop, eur, mug, request};
use http::Method;
use messaging::Feed;
use serde_json::{Value, json};
use transport::Edge;

#[tokio::test]
async fn the_feed_publishes_changes_and_prices_in_order() {
    let shop = TestShop::open().await;
    let made = shop.create(&mug()).await;
    shop.put("/api/v1/products/stoneware-mug/variants/MUG-CLAY/price", &eur(1_000)).await;
    let path = "/internal/v1/feeds/product-service?after=0";
    let feed: Feed = shop.get(Edge::Internal, path).await.read();
    let data: Vec<Value> =
        feed.messages.iter().map(|message| message.data.read().unwrap()).collect();
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
    assert_eq!(last["product_id"], json!(made.id));
    assert_eq!((&last["old"], &last["new"]), (&eur(1_400), &eur(1_000)));
}

#[tokio::test]
async fn only_searches_listings_and_views_of_shoppers_are_recorded() {
    let shop = TestShop::open().await;
    let made = shop.create(&mug()).await;
    shop.list("q=mug&in_stock=true").await;
    shop.list("category=kitchen").await;
    shop.product("stoneware-mug").await;
    let path = "/api/v1/products/stoneware-mug";
    let mut prefetch = request(Method::GET, path, None);
    prefetch.headers_mut().insert("sec-purpose", "prefetch;prerender".parse().unwrap());
    shop.send(Edge::Shop, prefetch).await;
    shop.get(Edge::Operator, path).await;
    shop.get(Edge::Internal, "/api/v1/products?q=mug").await;
    shop.get(Edge::Shop, "/api/v1/products/no-such-thing").await;
    let activities = shop.activities().await;
    let actions: Vec<_> = activities.iter().map(|it| it.action.as_str()).collect();
    assert_eq!(actions, ["product.searched", "product.listed", "product.viewed"]);
    assert_eq!(activities[0].details["q"], "mug");
    assert_eq!(
        (&activities[0].details["found"], activities[0].actor.as_str()),
        (&json!(1), "guest")
    );
    assert_eq!(activities[1].details["category"], "kitchen");
    assert_eq!(activities[2].subject, format!("product:{}", made.id));
}
