//! Commands of operators.

use crate::harness::{TestShop, eur, mug, request, simple_product, sku};
use contracts::product::{NewProduct, Product};
use http::{Method, StatusCode};
use serde_json::json;
use transport::Edge;

#[tokio::test]
async fn a_change_with_an_outdated_version_is_refused() {
    let shop = TestShop::open().await;
    let made = shop.create(&mug()).await;
    let path = format!("/api/v1/products/{}", made.id);
    let rename = |version: &'static str, name: &'static str| {
        let mut request = request(Method::PATCH, &path, Some(json!({"name": name})));
        request.headers_mut().insert("if-match", version.parse().unwrap());
        shop.send(Edge::Operator, request)
    };
    let shown = shop.get(Edge::Operator, &path).await;
    assert_eq!(shown.headers["etag"], format!("\"{}\"", made.version));
    let first = rename("\"3\"", "Mug").await;
    assert_eq!((first.status, &first.body["name"]), (StatusCode::OK, &json!("Mug")));
    let second = rename("\"3\"", "Cup").await;
    assert_eq!(
        (second.status, second.code()),
        (StatusCode::PRECONDITION_FAILED, "precondition_failed")
    );
    assert_eq!(rename("*", "Cup").await.status, StatusCode::OK);
    assert_eq!(shop.slugs("q=cup").await, ["stoneware-mug"]);
}

#[tokio::test]
async fn a_former_slug_leads_to_the_product_and_stays_taken() {
    let shop = TestShop::open().await;
    let made = shop.create(&mug()).await;
    let path = format!("/api/v1/products/{}", made.id);
    shop.patch(&path, &json!({"slug": "clay-mug"})).await;
    assert_eq!(shop.product("stoneware-mug").await.slug, "clay-mug");
    let refused = shop.post("/api/v1/products", &simple_product("stoneware-mug", 1)).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::CONFLICT, "slug_taken"));
    let renamed = shop.patch("/api/v1/products/stoneware-mug", &json!({"brand": ""})).await;
    assert_eq!(renamed.body["brand"], json!(null), "a former slug works in commands");
}

#[tokio::test]
async fn a_repeated_name_gets_a_slug_of_its_own() {
    let shop = TestShop::open().await;
    let mut mugs = Vec::new();
    for text in ["A", "B", "C"] {
        let mut product = simple_product("mug", 1);
        (product.slug, product.variants[0].sku) = (None, sku(text));
        mugs.push(shop.create(&product).await.slug);
    }
    assert_eq!(mugs, ["mug", "mug-2", "mug-3"]);
}

#[tokio::test]
async fn a_creation_repeated_with_its_idempotency_key_makes_one_product() {
    let shop = TestShop::open().await;
    let product = NewProduct { slug: None, ..simple_product("mug", 1) };
    let create = || {
        let mut request = request(Method::POST, "/api/v1/products", Some(json!(product)));
        request.headers_mut().insert("idempotency-key", "key-1".parse().unwrap());
        request
    };
    let first = shop.send(Edge::Operator, create()).await;
    let again = shop.send(Edge::Operator, create()).await;
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(first.body, again.body);
    let location = first.headers["location"].to_str().unwrap();
    assert_eq!(location, format!("/api/v1/products/{}", first.body["id"].as_str().unwrap()));
    // The stored response has expired; the product has not.
    shop.clock.advance(std::time::Duration::from_hours(48));
    let later = shop.send(Edge::Operator, create()).await;
    assert_eq!((later.status, &later.body["id"]), (StatusCode::CREATED, &first.body["id"]));
    assert_eq!(shop.list("").await.total, 1);
}

#[tokio::test]
async fn variants_are_added_and_changed_by_their_sku() {
    let shop = TestShop::open().await;
    let made = shop.create(&mug()).await;
    let path = format!("/api/v1/products/{}", made.id);
    let changed: Product = shop
        .patch(
            &path,
            &json!({
                "options": [{"name": "Colour", "values": ["Clay", "Moss", "Ink"]}],
                "variants": [
                    {"sku": "mug-moss", "options": {"Colour": "Moss"}, "price": eur(1_500), "weight_grams": 300},
                    {"sku": "MUG-INK", "options": {"Colour": "Ink"}, "price": eur(1_700), "stock": 4},
                ],
            }),
        )
        .await
        .read();
    let skus: Vec<_> = changed.variants.iter().map(|it| it.sku.as_str()).collect();
    assert_eq!(skus, ["MUG-CLAY", "MUG-MOSS", "MUG-INK"]);
    assert_eq!(json!(changed.variants[1].price), eur(1_500));
    assert_eq!(changed.variants[2].only_left, Some(4));
    assert_eq!(shop.list("color=ink").await.total, 1);
}

#[tokio::test]
async fn prices_finer_than_a_cent_are_kept_in_full() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    let price = json!({"amount": 0, "currency": "EUR", "exact": "0.0012"});
    let path = "/api/v1/products/stoneware-mug/variants/MUG-CLAY/price";
    assert_eq!(shop.put(path, &price).await.body["price"], price);
    assert_eq!(json!(shop.list("").await.items[0].price), price);
}

#[tokio::test]
async fn repeating_a_change_is_no_change() {
    let shop = TestShop::open().await;
    let made = shop.create(&mug()).await;
    let path = format!("/api/v1/products/{}", made.id);
    for (step, version) in [("publish", 3), ("archive", 4), ("archive", 4), ("publish", 5)] {
        let reply = shop.post(&format!("{path}/{step}"), &json!({})).await;
        assert_eq!(reply.body["version"], version, "{step}");
    }
    for _ in 0..2 {
        let priced = shop.put(&format!("{path}/variants/MUG-MOSS/price"), &eur(1)).await;
        assert_eq!(priced.headers["etag"], "\"6\"");
    }
}

#[tokio::test]
async fn an_archived_product_is_changed_only_after_it_is_published() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    let path = "/api/v1/products/stoneware-mug";
    shop.post(&format!("{path}/archive"), &json!({})).await;
    let refused = shop.patch(path, &json!({"name": "Cup"})).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::CONFLICT, "product_archived"));
    shop.post(&format!("{path}/publish"), &json!({})).await;
    assert_eq!(shop.patch(path, &json!({"name": "Cup"})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn of_concurrent_products_with_the_same_sku_only_one_is_created() {
    let shop = TestShop::open().await;
    let with_same_sku = |slug: &str| {
        let mut product = simple_product(slug, 1);
        (product.variants[0].sku, product.variants[0].stock) = (sku("SAME"), Some(1));
        product
    };
    let products: Vec<_> =
        (0..8).map(|number| with_same_sku(&format!("product-{number}"))).collect();
    let all = products.iter().map(|product| shop.post("/api/v1/products", product));
    let replies = join_all(all).await;
    let made = replies.iter().filter(|reply| reply.status == StatusCode::CREATED).count();
    let taken = replies.iter().filter(|reply| reply.code() == "sku_taken").count();
    assert_eq!((made, taken), (1, 7));
    assert_eq!(shop.list("").await.total, 1);
}

/// Concurrent execution of futures.
async fn join_all<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut running: Vec<_> = all.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = running.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (future, done) in running.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(output) = future.as_mut().poll(context)
            {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(done.iter_mut().filter_map(Option::take).collect())
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn a_product_can_have_two_thousand_variants() {
    let shop = TestShop::open().await;
    let values: Vec<String> = (0..2_048).map(|number| number.to_string()).collect();
    let variants: Vec<_> = values
        .iter()
        .map(|value| json!({"sku": format!("TILE-{value}"), "options": {"Colour": value}, "price": eur(100), "stock": 1}))
        .collect();
    let tile = json!({
        "name": "Tile", "options": [{"name": "Colour", "values": values}], "variants": variants, "status": "active",
    });
    let made: Product = shop.post("/api/v1/products", &tile).await.read();
    assert_eq!(made.variants.len(), 2_048);
    let path = format!("/api/v1/products/{}/variants/TILE-2047/price", made.id);
    assert_eq!(shop.put(&path, &eur(50)).await.status, StatusCode::OK);
    assert_eq!(json!(shop.list("").await.items[0].price), eur(50));
    assert_eq!(shop.list("color=2047").await.total, 1);
    let mut one_more = tile;
    one_more["variants"].as_array_mut().unwrap().push(json!({"sku": "X", "price": eur(1)}));
    let refused = shop.post("/api/v1/products", &one_more).await;
    assert_eq!((refused.status, refused.field()), (StatusCode::UNPROCESSABLE_ENTITY, "variants"));
}
