//! What passes through an edge with a request and its answer, and what does not.

use crate::shop::{Gateway, HERE, SOMEWHERE, ask, get};
use axum::body::Body;
use serde_json::json;
use transport::Edge;

const CART: &str = "0190b5a0-0000-7000-8000-000000000001";
const OTHER_CART: &str = "0190b5a0-0000-7000-8000-000000000002";

#[tokio::test]
async fn what_we_say_among_ourselves_is_believed_from_nobody_outside() {
    let gateway = Gateway::plain().await;
    let request = get("/api/v1/products")
        .header("icommerce-edge", "operator")
        .header("icommerce-actor", "operator:ann")
        .header("icommerce-deadline-ms", "1")
        .header("icommerce-anything", "1")
        .header("accept-language", "de");
    let answer = gateway.shop(request).await;
    let seen = answer.json();
    assert_eq!((&seen["edge"], &seen["actor"]), (&json!("shop"), &json!("guest")));
    assert!(seen["left_ms"].as_u64().unwrap() > 20_000);
    let headers = seen["headers"].as_object().unwrap();
    assert!(!headers.keys().any(|name| name.starts_with("icommerce-")), "{headers:?}");
    assert_eq!(headers["accept-language"], "de", "everything else passes");
    assert_eq!(answer.header("icommerce-secret"), "", "nor does it get out");
    assert_eq!(answer.header("x-beyond"), "2");
}

#[tokio::test]
async fn the_signature_of_a_webhook_passes() {
    let gateway = Gateway::plain().await;
    let request = ask("POST", "/api/v1/carts");
    let answer = gateway.shop(request.header("icommerce-signature", "sha256=00")).await;
    assert_eq!(answer.json()["headers"]["icommerce-signature"], "sha256=00");
}

#[tokio::test]
async fn headers_of_a_connection_end_at_its_end() {
    let gateway = Gateway::plain().await;
    let request = get("/api/v1/products")
        .header("connection", "keep-alive, x-private")
        .header("x-private", "1")
        .header("keep-alive", "timeout=5")
        .header("te", "trailers")
        .header("upgrade", "h2c")
        .header("proxy-authorization", "Basic x")
        .header("if-none-match", "\"7\"");
    let answer = gateway.shop(request).await;
    let seen = answer.json();
    let headers = seen["headers"].as_object().unwrap();
    for gone in ["connection", "x-private", "keep-alive", "te", "upgrade", "proxy-authorization"] {
        assert!(!headers.contains_key(gone), "{gone}");
    }
    assert_eq!(headers["if-none-match"], "\"7\"");
    assert_eq!((answer.header("connection"), answer.header("x-hop")), ("", ""));
}

#[tokio::test]
async fn a_shopper_is_known_by_the_cart() {
    let gateway = Gateway::plain().await;
    let actor = async |request| gateway.shop(request).await.json()["actor"].clone();
    let guest = json!(format!("guest:{CART}"));
    assert_eq!(actor(get(&format!("/api/v1/carts/{CART}"))).await, guest);
    assert_eq!(
        actor(ask("POST", &format!("/api/v1/carts/{}/checkout", CART.to_uppercase()))).await,
        guest
    );
    let cookie = format!("theme=dark; cart={CART}");
    assert_eq!(actor(get("/checkout").header("cookie", &cookie)).await, guest);
    // The path says which cart is meant, whatever the cookie remembers.
    let path = format!("/api/v1/carts/{CART}/lines");
    assert_eq!(
        actor(ask("POST", &path).header("cookie", format!("cart={OTHER_CART}"))).await,
        guest
    );
    for request in [
        get("/api/v1/products"),
        get("/api/v1/carts/not-a-cart"),
        get(&format!("/api/v1/orders/{CART}")),
        get("/").header("cookie", "cart=operator"),
        get("/").header("cookie", format!("shopping_cart={CART}")),
    ] {
        assert_eq!(actor(request).await, json!("guest"));
    }
    let operator = gateway.operator(get(&format!("/api/v1/carts/{CART}"))).await.json();
    assert_eq!((&operator["actor"], &operator["edge"]), (&json!("operator"), &json!("operator")));
}

#[tokio::test]
async fn a_request_id_is_taken_over_if_it_is_sane_and_always_told() {
    let gateway = Gateway::plain().await;
    let answer = gateway.shop(get("/api/v1/products").header("x-request-id", "till-4.7_a:9")).await;
    assert_eq!(answer.header("x-request-id"), "till-4.7_a:9");
    assert_eq!(answer.json()["request_id"], "till-4.7_a:9");
    for insane in ["a b", "<script>", "ü", &"x".repeat(65), ""] {
        let answer = gateway.shop(get("/api/v1/products").header("x-request-id", insane)).await;
        let id = answer.header("x-request-id").to_owned();
        assert_eq!((id.len(), answer.json()["request_id"].as_str()), (36, Some(&*id)), "{insane}");
    }
    let (one, two) = (gateway.shop(get("/api/none")).await, gateway.shop(get("/api/none")).await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

#[tokio::test]
async fn a_trace_goes_on_or_begins_here() {
    let gateway = Gateway::plain().await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let answer = gateway.shop(get("/api/v1/products").header("traceparent", trace)).await;
    assert_eq!(answer.json()["trace"], trace);
    let answer = gateway.shop(get("/api/v1/products").header("traceparent", "nonsense")).await;
    assert_eq!(answer.json()["trace"].as_str().unwrap().len(), 55);
}

#[tokio::test]
async fn only_a_trusted_proxy_says_who_is_behind_it() {
    let told = [
        ("x-forwarded-for", "198.51.100.9, 10.1.2.3"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "shop.example"),
    ];
    let request =
        || told.iter().fold(get("/"), |request, (name, value)| request.header(*name, *value));
    let seen = async |gateway: &Gateway, from: &str, request| {
        let answer = gateway.send(Edge::Shop, from, request, Body::empty()).await;
        let headers = answer.json()["headers"].clone();
        let text = |name: &str| headers[name].as_str().unwrap_or_default().to_owned();
        (text("x-forwarded-for"), text("x-forwarded-proto"), text("x-forwarded-host"))
    };
    let nobody = Gateway::plain().await;
    let (client, scheme, host) = seen(&nobody, SOMEWHERE, request()).await;
    assert_eq!((&*client, &*scheme, &*host), ("192.0.2.7", "", ""));

    let proxies = "10.0.0.0/8, 192.0.2.7";
    let gateway = Gateway::with(&[("trusted_proxies", proxies)]).await;
    let (client, scheme, host) = seen(&gateway, SOMEWHERE, request()).await;
    assert_eq!((&*client, &*scheme, &*host), ("198.51.100.9", "https", "shop.example"));
    let (client, scheme, _) = seen(&gateway, "192.0.2.8:1", request()).await;
    assert_eq!((&*client, &*scheme), ("192.0.2.8", ""), "its neighbour is somebody else");
    // Whoever writes the header himself stands behind what the proxies add.
    let forged =
        get("/").header("x-forwarded-for", "127.0.0.1").header("x-forwarded-for", "198.51.100.9");
    assert_eq!(seen(&gateway, SOMEWHERE, forged).await.0, "198.51.100.9");
    let broken = get("/").header("x-forwarded-for", "198.51.100.9, unknown");
    assert_eq!(seen(&gateway, SOMEWHERE, broken).await.0, "192.0.2.7");
}

#[tokio::test]
async fn a_network_that_makes_no_sense_stops_the_start() {
    for wrong in ["10.0.0.0/33", "ten", "10.0.0.0/", "::1/129"] {
        let error = Gateway::try_with(&[("trusted_proxies", wrong)]).await.err().unwrap();
        assert!(error.contains("trusted_proxies") && error.contains("10.0.0.0/8"), "{error}");
    }
    let error = Gateway::try_with(&[("cors_origins", "example.com")]).await.err().unwrap();
    assert!(error.contains("cors_origins"), "{error}");
}

#[tokio::test]
async fn a_request_as_proxies_are_sent_it_is_read_by_its_path() {
    let gateway = Gateway::plain().await;
    let answer = gateway.shop(get("http://elsewhere.example/api/v1/products?q=x")).await;
    assert_eq!(answer.json()["uri"], "/api/v1/products?q=x");
    let seen = gateway.send(Edge::Shop, HERE, ask("POST", "/api/v1/carts"), "{\"lines\":[]}").await;
    assert_eq!(seen.json()["body_bytes"], 12);
}
