//! Activities of shoppers, as the audit service receives them.

use crate::harness::{TestShop, mug, request};
use http::Method;
use serde_json::json;
use transport::Edge;

#[tokio::test]
async fn only_searches_listings_and_views_of_shoppers_are_recorded() {
    let shop = TestShop::open().await;
    let made = shop.create(&mug()).await;
    shop.list("q=mug&in_stock=true").await;
    shop.list("category=kitchen").await;
    shop.product("stoneware-mug").await;
    let path = "/api/v1/products/stoneware-mug";
    for path in [path, "/api/v1/products?category=kitchen"] {
        let mut prefetch = request(Method::GET, path, None);
        prefetch.headers_mut().insert("sec-purpose", "prefetch;prerender".parse().unwrap());
        shop.send(Edge::Shop, prefetch).await;
    }
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
