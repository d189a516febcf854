//! Pages are reachable through the gateway wherever the storefront runs.

use crate::{
    fixtures::{create_product, eventually},
    shop::TestShop,
};
use bytes::Bytes;
use serde_json::json;

/// A picture of 400 by 300 pixels.
static PICTURE: &[u8] = include_bytes!("../gradient.png");

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

pub(crate) async fn an_uploaded_picture_is_shown_on_the_page_of_its_product(shop: &TestShop) {
    let sku = create_product(shop, 1_250, 3).await;
    let png = [("content-type", "image/png")];
    let file = Bytes::from_static(PICTURE);
    let uploaded = shop.operator.send("POST", "/api/v1/media", &png, file).await;
    assert_eq!(uploaded.status, 201, "{}", uploaded.json);
    let digest = uploaded.json["digest"].as_str().unwrap().to_owned();
    let media = json!({"media": [{"image": {"url": uploaded.json["url"], "alt": "A gradient"}}]});
    let slug = format!("product-{}", sku.to_lowercase());
    let path = format!("/api/v1/products/{slug}");
    shop.operator.with_json("PATCH", &path, &[], &media).await.ok();

    let page = shop.shopper.get(&format!("/p/{slug}")).await;
    let text = String::from_utf8_lossy(&page.bytes);
    let webp = format!(
        "/media/{digest}/160.webp 160w, /media/{digest}/320.webp 320w, /media/{digest}/400.webp 400w"
    );
    assert!(text.contains(&webp), "{text}");
    let img = format!(
        "<img src=\"/media/{digest}/400.jpg\" alt=\"A gradient\" width=\"400\" height=\"300\""
    );
    assert!(text.contains(&img), "{text}");
    for (file, media_type) in [("160.webp", "image/webp"), ("400.jpg", "image/jpeg")] {
        let picture = shop.shopper.get(&format!("/media/{digest}/{file}")).await;
        assert_eq!(picture.status, 200, "{file}");
        assert_eq!(picture.headers["content-type"], media_type);
        let cached = picture.headers["cache-control"].to_str().unwrap();
        assert!(cached.contains("immutable"), "{cached}");
    }
}
