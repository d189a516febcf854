//! Quotes of carts through the public API.

use crate::harness::{TestShop, path_of};
use contracts::cart::{CartClient, CartQuoteRequest, Destination};
use serde_json::{Value, json};

#[tokio::test]
async fn a_cart_is_quoted_for_a_destination_and_stays_as_it_is() {
    let shop = TestShop::open().await;
    let cart = shop.cart(&[("MUG", 2)]).await;
    let quote = format!("{}/quote", path_of(&cart));
    let body = json!({"destination": {"country": "FR"}, "shipping_method": "express"});
    let express = shop.send("POST", &quote, body.clone()).await;
    assert_eq!(express.status, 200, "{express:?}");
    assert_eq!(express.body["totals"]["total"]["amount"], 3_600 + 1_290);
    assert_eq!(express.body["lines"][0]["tax_rate"], "0.2");
    let standard = shop.send("POST", &quote, json!({"destination": {"country": "DE"}})).await;
    assert_eq!(standard.body["shipping"]["method"], "standard");
    assert_eq!(standard.body["totals"], cart["totals"]);
    let keyed = shop.send_with(&[("idempotency-key", "k")], "POST", &quote, body).await;
    assert_eq!(keyed, express);
    let now = shop.send("GET", &path_of(&cart), Value::Null).await.body;
    assert_eq!((&now["version"], &now["status"]), (&json!(1), &json!("open")));
}

#[tokio::test]
async fn the_terms_of_the_shop_are_public() {
    let shop = TestShop::open().await;
    let terms = shop.send("GET", "/api/v1/shop", Value::Null).await;
    let expected = json!({"currency": "EUR", "country": "DE", "prices_include_tax": true});
    assert_eq!((terms.status, &terms.body), (200, &expected));
    let terms = CartClient::new(shop.channel()).shop_terms().await.unwrap();
    assert_eq!(serde_json::to_value(terms).unwrap(), expected);
}

#[tokio::test]
async fn the_client_of_the_public_api_quotes_a_cart() {
    let shop = TestShop::open().await;
    let cart = shop.cart(&[("LAMP", 1)]).await;
    let client = CartClient::new(shop.channel());
    let id = serde_json::from_value(cart["id"].clone()).unwrap();
    let mut request = CartQuoteRequest {
        destination: Destination { country: "AT".to_owned(), ..Destination::default() },
        shipping_method: None,
    };
    let quote = client.quote(id, &request).await.unwrap();
    assert_eq!((quote.totals.total.amount, quote.lines[0].tax_rate.as_str()), (7_120, "0.2"));
    request.destination.country = "Nowhere".to_owned();
    let rejected = client.quote(id, &request).await.unwrap_err();
    let problem = rejected.problem(&kernel::codes::INVALID_FIELD).unwrap();
    assert_eq!(problem.errors[0].field, "destination.country");
}
