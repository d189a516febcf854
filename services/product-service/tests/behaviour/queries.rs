//! Queries of shoppers and operators.

use crate::harness::{TestShop, eur, mug, simple_product, sku};
use contracts::product::{
    Categories, PriceHistory, ProductPage, ProductQuery, ProductStatus, Suggestions,
};
use http::StatusCode;
use serde_json::json;
use transport::Edge;

#[tokio::test]
async fn a_new_product_is_visible_at_once_in_listings_and_by_id_and_slug() {
    let shop = TestShop::open().await;
    let made = shop.create(&mug()).await;
    assert_eq!((made.slug.as_str(), made.status), ("stoneware-mug", ProductStatus::Active));
    assert_eq!(made.description, "<p>Fired at 1200 °C</p>", "scripts are removed");
    for name in [made.id.to_string(), made.slug.clone(), "Stoneware-MUG".to_owned()] {
        assert_eq!(shop.product(&name).await, made);
    }
    let clay = &made.variants[0];
    assert_eq!((clay.in_stock, clay.only_left), (true, None));
    assert_eq!(made.variants[1].only_left, Some(3));
    let page = shop.list("").await;
    assert_eq!((page.total, page.items.len()), (1, 1));
    let item = &page.items[0];
    assert_eq!(json!(item.price), eur(1_400));
    assert_eq!(json!(item.compare_at_price), eur(1_800));
    assert!(item.price_varies && item.in_stock && item.only_left.is_none());
    assert_eq!(item.colors, ["Clay", "Moss"]);
    assert_eq!(item.image.as_ref().unwrap().url, "/pictures/mug/clay/object.svg");
}

#[tokio::test]
async fn filters_sorts_and_pages_work_together() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    for (slug, amount) in [("lamp", 4_000), ("bowl", 900), ("dish", 2_000), ("cup", 900)] {
        shop.create(&simple_product(slug, amount)).await;
    }
    let slugs = |query: &'static str| shop.slugs(query);
    assert_eq!(slugs("sort=price&limit=2").await.len(), 2);
    assert_eq!(slugs("sort=name").await, ["bowl", "cup", "dish", "lamp", "stoneware-mug"]);
    assert_eq!(slugs("sort=-price&price_min=1400&price_max=2000").await, ["dish", "stoneware-mug"]);
    assert_eq!(slugs("q=mug").await, ["stoneware-mug"]);
    assert_eq!(slugs("in_stock=true").await, ["stoneware-mug"]);
    assert_eq!(slugs("category=KITCHEN").await, ["stoneware-mug"]);
    assert_eq!(slugs("color=moss&brand=aster").await, ["stoneware-mug"]);
    assert_eq!(slugs("brand=nobody").await, [""; 0]);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = shop.list(&format!("sort=-name&limit=2&cursor={cursor}")).await;
        seen.extend(page.items.into_iter().map(|item| item.slug));
        match page.next_cursor {
            Some(next) => cursor = next.to_string(),
            None => break,
        }
    }
    assert_eq!(seen, ["stoneware-mug", "lamp", "dish", "cup", "bowl"]);
}

#[tokio::test]
async fn shoppers_see_what_is_on_sale_and_operators_see_everything() {
    let shop = TestShop::open().await;
    let mut draft = simple_product("lamp", 100);
    draft.status = ProductStatus::Draft;
    let draft = shop.create(&draft).await;
    let path = format!("/api/v1/products/{}", draft.id);
    for edge in [Edge::Shop, Edge::Internal] {
        assert_eq!(shop.get(edge, &path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(shop.get(edge, "/api/v1/products").await.body["total"], 0);
    }
    assert_eq!(shop.get(Edge::Operator, &path).await.status, StatusCode::OK);
    let shop = &shop;
    let total = |query: &'static str| async move {
        let path = format!("/api/v1/products?status={query}");
        shop.get(Edge::Operator, &path).await.body["total"].clone()
    };
    assert_eq!((total("draft").await, total("active").await), (json!(1), json!(0)));
    let published = shop.post(&format!("{path}/publish"), &json!({})).await;
    assert_eq!(published.body["status"], "active");
    assert_eq!(shop.list("").await.total, 1);
    shop.post(&format!("{path}/archive"), &json!({})).await;
    assert_eq!(shop.get(Edge::Shop, &path).await.status, StatusCode::NOT_FOUND);
    let facts = shop.catalogue.variants(vec![sku("lamp-1")]).await.unwrap();
    assert!(!facts[0].for_sale, "carts can still show their lines");
}

#[tokio::test]
async fn a_sku_is_the_same_in_every_spelling() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    let path = "/api/v1/products/stoneware-mug";
    for (spelling, amount) in [("MUG-CLAY", 1_300), ("mug-clay", 1_200), ("Mug-Clay", 1_100)] {
        let set = shop.put(&format!("{path}/variants/{spelling}/price"), &eur(amount)).await;
        assert_eq!((&set.body["sku"], &set.body["price"]), (&json!("MUG-CLAY"), &eur(amount)));
        shop.publish_availability(spelling, amount % 1_000 / 100).await;
        let shown = |page: &ProductPage| page.items[0].price.rounded().amount == amount;
        shop.wait_until(&ProductQuery::default(), shown).await;
    }
    let picture =
        json!([{"image": {"url": "/pictures/mug/moss/object.svg"}, "skus": ["mug-clay"]}]);
    let changed = shop.patch(path, &json!({ "media": picture })).await;
    assert_eq!(changed.body["media"][0]["skus"], json!(["mug-clay"]), "{changed:?}");
    let facts = shop.catalogue.variants(vec![sku("mug-CLAY")]).await.unwrap();
    assert_eq!((facts[0].sku.as_str(), facts[0].price.rounded().amount), ("MUG-CLAY", 1_100));
    assert_eq!(facts[0].image.as_ref().unwrap().url, "/pictures/mug/moss/object.svg");
    assert_eq!(shop.product("stoneware-mug").await.variants.len(), 2);
}

#[tokio::test]
async fn suggestions_and_categories_help_with_navigation() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    let suggestions: Suggestions =
        shop.get(Edge::Shop, "/api/v1/products/suggestions?q=stonew").await.read();
    assert_eq!((suggestions.products.len(), suggestions.total), (1, 1));
    let suggestions: Suggestions =
        shop.get(Edge::Shop, "/api/v1/products/suggestions?q=mu").await.read();
    assert_eq!(suggestions.categories[0].value, "kitchen/mugs");
    let nothing: Suggestions = shop.get(Edge::Shop, "/api/v1/products/suggestions").await.read();
    assert_eq!(nothing.total, 0);
    let tree: Categories = shop.get(Edge::Shop, "/api/v1/categories").await.read();
    assert_eq!((tree.items[0].slug.as_str(), tree.items[0].children[0].count), ("kitchen", 1));
    let found_nothing = shop.list("q=stonewrae").await;
    assert_eq!(found_nothing.did_you_mean.as_deref(), Some("stoneware"));
}

#[tokio::test]
async fn the_price_history_is_shown_with_the_permitted_reduction() {
    let shop = TestShop::open().await;
    let made = shop.create(&mug()).await;
    shop.clock.advance(std::time::Duration::from_hours(40 * 24));
    let path = format!("/api/v1/products/{}", made.id);
    let set = shop.put(&format!("{path}/variants/MUG-CLAY/price"), &eur(700)).await;
    assert_eq!((set.status, &set.body["price"]), (StatusCode::OK, &eur(700)));
    assert_eq!(set.body["reduction"]["percent"], 50);
    let history: PriceHistory = shop.get(Edge::Shop, &format!("{path}/price-history")).await.read();
    let amounts: Vec<_> =
        history.variants[0].prices.iter().map(|it| it.price.rounded().amount).collect();
    assert_eq!(amounts, [1_400, 700]);
    assert_eq!(history.variants[0].reduction.unwrap().percent, 50);
    assert_eq!(shop.slugs("reduced=true").await, ["stoneware-mug"]);
}

#[tokio::test]
async fn a_product_is_new_for_some_time_after_it_came_on_the_market() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    let mut old = simple_product("old", 100);
    let earlier = json!([{"from": "2026-01-01T00:00:00Z", "price": eur(90)}]);
    old.variants[0].price_history = serde_json::from_value(earlier).unwrap();
    shop.create(&old).await;
    assert_eq!(shop.slugs("new=true").await, ["stoneware-mug"], "the other was sold before");
    assert_eq!(shop.slugs("sort=newest").await, ["stoneware-mug", "old"]);
    let new: Vec<_> = shop.list("sort=newest").await.items.iter().map(|it| it.is_new).collect();
    assert_eq!(new, [true, false]);
    shop.clock.advance(std::time::Duration::from_hours(24 * 31));
    assert_eq!(shop.list("new=true").await.total, 0);
}

#[tokio::test]
async fn featured_products_come_first() {
    let shop = TestShop::open().await;
    for (slug, featured) in [("a", None), ("b", Some(2)), ("c", Some(1)), ("d", None)] {
        let mut product = simple_product(slug, 100);
        product.featured = featured;
        shop.create(&product).await;
    }
    let order = shop.slugs("sort=featured").await;
    assert_eq!(order[..2], ["c", "b"]);
    assert_eq!(shop.slugs("").await, order, "the default order");
    shop.patch("/api/v1/products/d", &json!({"featured": 0})).await;
    assert_eq!(shop.slugs("").await[0], "d");
    let cleared = shop.patch("/api/v1/products/d", &json!({"featured": null})).await;
    assert_eq!((cleared.status, shop.slugs("").await), (StatusCode::OK, order));
}

#[tokio::test]
async fn published_availability_is_shown_soon() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    shop.publish_availability("MUG-CLAY", 0).await;
    shop.publish_availability("MUG-MOSS", 2).await;
    let everything = ProductQuery::default();
    shop.wait_until(&everything, |page| page.items[0].only_left == Some(2)).await;
    let product = shop.product("stoneware-mug").await;
    assert!(!product.variants[0].in_stock);
    shop.publish_availability("MUG-MOSS", 0).await;
    shop.wait_until(&everything, |page| !page.items[0].in_stock).await;
    assert_eq!(shop.list("").await.facets["in_stock"][0].count, 0);
}
