//! Pages are reachable through the gateway wherever the storefront runs.

use crate::{
    fixtures::{create_product, eventually},
    shop::TestShop,
};

pub(crate) async fn pages_are_reachable_through_the_gateway(shop: &TestShop) {
    let sku = create_product(shop, 1_250, 3).await;
    let products = eventually(shop, &format!("/api/v1/products?q={sku}"), |found| {
        found["items"].as_array().is_some_and(|items| items.len() == 1)
    })
    .await;
    let slug = products["items"][0]["slug"].as_str().unwrap().to_owned();
    for (path, words) in [
        ("/".to_owned(), "<!DOCTYPE html>"),
        (format!("/p/{slug}"), "12.50"),
        ("/products".to_owned(), slug.as_str()),
        ("/cart".to_owned(), "<!DOCTYPE html>"),
    ] {
        let page = shop.shopper.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        let text = String::from_utf8_lossy(&page.bytes);
        assert!(text.contains(words), "{path} says {words}: {text}");
    }
    let style = shop.shopper.get("/favicon.ico").await;
    assert_eq!(style.status, 200);
    let gone = shop.shopper.get("/p/never-made").await;
    assert_eq!(gone.status, 404);
    assert!(String::from_utf8_lossy(&gone.bytes).contains("<html"), "a page says so");
    assert_eq!(shop.shopper.get("/api/v1/nothing").await.code(), "not_found");
}
