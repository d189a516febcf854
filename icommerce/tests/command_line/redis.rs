//! Values that may be lost on a server of their own: what is refused, and what a shop does when they are lost.

use crate::program::{
    assert_fails, icommerce, raw_exchange, shopper_get, shopper_post, start_shop, stop_shop,
};
use serde_json::{Value, json};
use std::process::Command;
use tempfile::TempDir;
use test_servers::{RedisServer, redis_program};

fn server() -> RedisServer {
    RedisServer::start(&redis_program().unwrap()).unwrap()
}

fn with_redis<'a>(command: &'a mut Command, url: &str) -> &'a mut Command {
    command.env("ICOMMERCE_STORAGE__KEY_VALUE__ENGINE", "redis");
    command.env("ICOMMERCE_STORAGE__KEY_VALUE__URL", url)
}

#[test]
fn a_server_that_cannot_be_used_is_told_by_its_setting() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let refused = |url: &str, code| {
        let sentence = assert_fails(with_redis(&mut icommerce(&data), url), code);
        assert!(sentence.contains("storage.key_value.url"), "{url}: {sentence}");
        assert!(!sentence.contains("the-password"), "{sentence}");
        sentence
    };
    for wrong in ["", "http://127.0.0.1", "redis://"] {
        refused(wrong, 2);
    }
    let unreachable = refused("redis://:the-password@127.0.0.1:1", 3);
    assert!(unreachable.contains("no Redis server answers at 127.0.0.1:1"), "{unreachable}");
    let server = server();
    server.command(&["CONFIG", "SET", "requirepass", "another"]).unwrap();
    let url = server.url().replace("redis://", "redis://:the-password@");
    assert!(refused(&url, 3).contains("refuses the user or the password"));

    let mut missing = icommerce(&data);
    let file = folder.path().join("missing");
    with_redis(&mut missing, "").env("ICOMMERCE_STORAGE__KEY_VALUE__URL_FILE", file);
    assert!(assert_fails(&mut missing, 3).contains("storage.key_value.url_file"));
    assert!(!data.exists(), "nothing was opened");
}

/// Shop with a limit that a test reaches.
fn shop_with(folder: &TempDir, url: &str) -> Command {
    let mut shop = icommerce(&folder.path().join("data"));
    with_redis(&mut shop, url);
    shop.env("ICOMMERCE_AUTH_SERVER__CLIENT_REGISTRATION", "open");
    shop.env("ICOMMERCE_AUTH_SERVER__CLIENT_REGISTRATIONS_PER_ADDRESS_MAX", "3");
    shop
}

/// Status of a registration of a client, of which an address may make three.
fn registers(shop: &str) -> u16 {
    let body = json!({ "redirect_uris": ["https://app.example/back"] }).to_string();
    let headers = "content-type: application/json\r\n";
    let answer = raw_exchange(shop, "POST", "/auth/register", headers, &body);
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

fn cart(shop: &str) -> String {
    let page = shopper_get(shop, "/api/v1/products?limit=1&in_stock=true");
    let page: Value = serde_json::from_str(&page).unwrap();
    let product = format!("/api/v1/products/{}", page["items"][0]["id"].as_str().unwrap());
    let product: Value = serde_json::from_str(&shopper_get(shop, &product)).unwrap();
    let variants = product["variants"].as_array().unwrap().iter();
    let sku = variants.clone().find(|it| it["in_stock"] == true).unwrap()["sku"].clone();
    let cart = json!({ "lines": [{ "sku": sku, "quantity": 1 }] });
    let cart = shopper_post(shop, "/api/v1/carts", &cart);
    format!("/api/v1/carts/{}", cart["id"].as_str().unwrap())
}

/// Orders a cart.
fn order(shop: &str, cart: &str) -> Value {
    let address = json!({
        "name": "Ada Example", "line1": "1 Main Street", "city": "Berlin", "postal_code": "10115", "country": "DE"
    });
    let checkout = json!({
        "email": "ada@example.com", "shipping_address": address, "payment": { "method": "test", "token": "success" }
    });
    shopper_post(shop, &format!("{cart}/checkout"), &checkout)
}

#[test]
fn limits_start_anew_on_a_flushed_server_and_carts_survive() {
    let (folder, server) = (TempDir::new().unwrap(), server());
    let (child, [shop, _]) = start_shop(&mut shop_with(&folder, &server.url()));
    assert_eq!([(); 4].map(|()| registers(&shop)), [201, 201, 201, 429]);
    let cart = cart(&shop);
    let before = shopper_get(&shop, &cart);
    assert!(server.command(&["DBSIZE"]).unwrap() != "0", "the limit is there");
    server.command(&["FLUSHALL"]).unwrap();
    assert_eq!([(); 4].map(|()| registers(&shop)), [201, 201, 201, 429], "it starts anew");
    assert_eq!(shopper_get(&shop, &cart), before);
    assert_eq!(order(&shop, &cart)["status"], "confirmed");
    stop_shop(child);
}

#[test]
fn a_shop_sells_and_limits_without_a_server_that_is_killed_or_paused() {
    let (folder, mut server) = (TempDir::new().unwrap(), server());
    let (child, [shop, _]) = start_shop(&mut shop_with(&folder, &server.url()));
    assert_eq!(registers(&shop), 201);
    server.kill().unwrap();
    assert_eq!(order(&shop, &cart(&shop))["status"], "confirmed");
    assert_eq!([(); 4].map(|()| registers(&shop)), [201, 201, 201, 429], "without the server");
    server.run().unwrap();
    server.pause().unwrap();
    assert_eq!(order(&shop, &cart(&shop))["status"], "confirmed");
    assert_eq!(registers(&shop), 429, "without the server");
    server.resume().unwrap();
    stop_shop(child);
}
