//! Problem responses: invalid input is refused with a reason and a field, never with an internal error.

use crate::harness::{TestShop, eur, mug, request, simple_product, sku};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use transport::Edge;

/// Mug with the value at a JSON pointer replaced.
fn mug_with(pointer: &str, value: Value) -> Value {
    let mut product = json!(mug());
    *product.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
    product
}

#[tokio::test]
async fn every_limit_names_its_field() {
    let shop = TestShop::open().await;
    let text = |length: usize| json!("x".repeat(length));
    for (pointer, value, field) in [
        ("/name", json!(" "), "name"),
        ("/name", text(256), "name"),
        ("/description", text(64 * 1024 + 1), "description"),
        ("/description", text(300 * 1024), "description"),
        ("/brand", text(101), "brand"),
        ("/categories", json!(vec!["c"; 21]), "categories"),
        ("/categories/0", json!("a>b>c>d>e>f>g>h>i"), "categories[0]"),
        ("/tags/0", text(101), "tags[0]"),
        ("/tags", json!((0..251).map(|it| it.to_string()).collect::<Vec<_>>()), "tags"),
        (
            "/options",
            json!([{"name":"a","values":[]},{"name":"b","values":[]},{"name":"c","values":[]},{"name":"d","values":[]}]),
            "options",
        ),
        ("/options/0/values/1", json!("Clay"), "options[0].values[1]"),
        ("/variants", json!([]), "variants"),
        ("/variants/0/sku", json!(""), "variants[0].sku"),
        ("/variants/0/sku", json!(" MUG"), "variants[0].sku"),
        ("/variants/0/sku", text(101), "variants[0].sku"),
        ("/variants/1/sku", json!("mug-clay"), "variants[1].sku"),
        ("/media/0/skus", json!(["MUG-INK"]), "media[0].skus"),
        ("/variants/0/options", json!({"Colour": "Red"}), "variants[0].options"),
        ("/variants/0/options", json!({"Colour": "Moss"}), "variants[1].options"),
        ("/variants/0/stock", json!(-1), "variants[0].stock"),
        ("/variants/0/stock", json!("many"), "variants[0].stock"),
        ("/variants/0/price", json!({"amount": -1, "currency": "EUR"}), "variants[0].price"),
        ("/variants/0/price/currency", json!("XXQ"), "variants[0].price.currency"),
        ("/variants/1/price/currency", json!("USD"), "variants[1].price"),
        ("/media/0/image/url", json!("javascript:alert(1)"), "media[0].image.url"),
        ("/status", json!("sold"), "status"),
    ] {
        let refused = shop.post("/api/v1/products", &mug_with(pointer, value)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{pointer}: {refused:?}");
        assert!(refused.field().starts_with(field), "{pointer}: {refused:?}");
    }
    let mut strange = json!(mug());
    strange["colour"] = json!("red");
    let refused = shop.post("/api/v1/products", &strange).await;
    assert_eq!((refused.status.as_u16(), refused.field()), (422, "colour"));
    assert_eq!(shop.list("").await.total, 0, "nothing was created");
}

#[tokio::test]
async fn an_invalid_query_parameter_is_refused_by_name() {
    let shop = TestShop::open().await;
    for (query, code, field) in [
        ("limit=0", "invalid_query", "limit"),
        ("limit=201", "invalid_query", "limit"),
        ("limit=ten", "invalid_query", "limit"),
        ("sort=cheap", "invalid_query", "sort"),
        ("price_min=1.50", "invalid_query", "price_min"),
        ("price_max=-1", "invalid_query", "price_max"),
        ("in_stock=maybe", "invalid_query", "in_stock"),
        ("status=draft", "invalid_query", "status"),
        ("colour=red", "invalid_query", "colour"),
        ("cursor=nonsense", "invalid_cursor", "cursor"),
    ] {
        let refused = shop.get(Edge::Shop, &format!("/api/v1/products?{query}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!((refused.code(), refused.field()), (code, field), "{query}");
    }
    let long = "q".repeat(501);
    let refused = shop.get(Edge::Shop, &format!("/api/v1/products?q={long}")).await;
    assert_eq!((refused.status.as_u16(), refused.field()), (400, "q"));
    let refused = shop.get(Edge::Shop, "/api/v1/products/suggestions?z=1").await;
    assert_eq!((refused.status.as_u16(), refused.field()), (400, "z"));
    let odd = "/api/v1/products?q=%00%22%3Cscript%3E%F0%9F%A6%8A&category=%3E%3E&brand=,,,";
    assert_eq!(shop.get(Edge::Shop, odd).await.body["total"], 0);
}

#[tokio::test]
async fn shoppers_cannot_change_products() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    for (method, path, body) in [
        (Method::POST, "/api/v1/products", json!(simple_product("x", 1))),
        (Method::POST, "/api/v1/products/import", json!({"products": [simple_product("x", 1)]})),
        (Method::PATCH, "/api/v1/products/stoneware-mug", json!({"name": "x"})),
        (Method::PUT, "/api/v1/products/stoneware-mug/variants/MUG-CLAY/price", eur(1)),
        (Method::POST, "/api/v1/products/stoneware-mug/publish", json!({})),
        (Method::POST, "/api/v1/products/stoneware-mug/archive", json!({})),
    ] {
        let refused = shop.send(Edge::Shop, request(method, path, Some(body))).await;
        assert_eq!(
            (refused.status, refused.code()),
            (StatusCode::FORBIDDEN, "forbidden"),
            "{path}"
        );
    }
    assert_eq!(shop.product("stoneware-mug").await.version, 3);
}

#[tokio::test]
async fn unknown_products_and_variants_are_not_found() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    let unknown = "/api/v1/products/0190c2a0-0000-7000-8000-000000000000";
    for path in [
        unknown,
        "/api/v1/products/no-such-mug",
        "/api/v1/products/%20",
        "/api/v1/products/no/price-history",
    ] {
        let missing = shop.get(Edge::Operator, path).await;
        assert_eq!(
            (missing.status, missing.code()),
            (StatusCode::NOT_FOUND, "not_found"),
            "{path}"
        );
    }
    let missing = shop.patch(unknown, &json!({"name": "x"})).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    let missing = shop.put("/api/v1/products/stoneware-mug/variants/NO/price", &eur(1)).await;
    assert_eq!((missing.status, &missing.body["subject"]), (StatusCode::NOT_FOUND, &json!("NO")));
}

#[tokio::test]
async fn a_slug_or_sku_of_another_product_is_a_conflict() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    let mut other = simple_product("cup", 1);
    other.variants[0].sku = sku("mug-clay");
    let taken = shop.post("/api/v1/products", &other).await;
    assert_eq!(
        (taken.status.as_u16(), taken.code(), &taken.body["subject"]),
        (409, "sku_taken", &json!("mug-clay"))
    );
    shop.create(&simple_product("cup", 1)).await;
    let taken = shop.patch("/api/v1/products/cup", &json!({"slug": "stoneware-mug"})).await;
    assert_eq!((taken.status.as_u16(), taken.code(), taken.field()), (409, "slug_taken", "slug"));
}

#[tokio::test]
async fn malformed_and_oversized_requests_are_refused() {
    let shop = TestShop::open().await;
    let mut broken = request(Method::POST, "/api/v1/products", Some(json!({})));
    *broken.body_mut() = "{".into();
    let refused = shop.send(Edge::Operator, broken).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (400, "malformed_json"));
    let batch = json!({"products": (0..201).map(|_| simple_product("x", 1)).collect::<Vec<_>>()});
    let refused = shop.post("/api/v1/products/import", &batch).await;
    assert_eq!((refused.status.as_u16(), refused.field()), (422, "products"));
    let wrong_currency =
        shop.put("/api/v1/products/x/variants/y/price", &json!({"amount": 1})).await;
    assert_eq!((wrong_currency.status.as_u16(), wrong_currency.field()), (422, "currency"));
}
