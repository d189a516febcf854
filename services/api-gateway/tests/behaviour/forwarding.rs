//! Forwarding of requests and responses: headers, site and body.

use crate::harness::{LOOPBACK_PEER, REMOTE_PEER, TestGateway, get, request};
use axum::body::Body;
use serde_json::json;
use transport::Edge;

const CART: &str = "0190b5a0-0000-7000-8000-000000000001";
const OTHER_CART: &str = "0190b5a0-0000-7000-8000-000000000002";

#[tokio::test]
async fn internal_headers_are_removed_in_both_directions() {
    let gateway = TestGateway::with_defaults().await;
    let request = get("/api/v1/products")
        .header("icommerce-edge", "operator")
        .header("icommerce-actor", "operator:ann")
        .header("icommerce-deadline-ms", "1")
        .header("icommerce-anything", "1")
        .header("accept-language", "de");
    let response = gateway.shop(request).await;
    let seen = response.json();
    assert_eq!((&seen["edge"], &seen["actor"]), (&json!("shop"), &json!(null)));
    assert!(seen["left_ms"].as_u64().unwrap() > 20_000);
    let headers = seen["headers"].as_object().unwrap();
    assert!(!headers.keys().any(|name| name.starts_with("icommerce-")), "{headers:?}");
    assert_eq!(headers["accept-language"], "de", "other headers pass");
    assert_eq!(response.header("icommerce-secret"), "", "internal response headers are removed");
    assert_eq!(response.header("x-beyond"), "2");
}

#[tokio::test]
async fn the_webhook_signature_is_forwarded() {
    let gateway = TestGateway::with_defaults().await;
    let request = request("POST", "/api/v1/carts");
    let response = gateway.shop(request.header("icommerce-signature", "sha256=00")).await;
    assert_eq!(response.json()["headers"]["icommerce-signature"], "sha256=00");
}

#[tokio::test]
async fn hop_by_hop_headers_are_removed() {
    let gateway = TestGateway::with_defaults().await;
    let request = get("/api/v1/products")
        .header("connection", "keep-alive, x-private")
        .header("x-private", "1")
        .header("keep-alive", "timeout=5")
        .header("te", "trailers")
        .header("upgrade", "h2c")
        .header("proxy-authorization", "Basic x")
        .header("if-none-match", "\"7\"");
    let response = gateway.shop(request).await;
    let seen = response.json();
    let headers = seen["headers"].as_object().unwrap();
    for removed in ["connection", "x-private", "keep-alive", "te", "upgrade", "proxy-authorization"]
    {
        assert!(!headers.contains_key(removed), "{removed}");
    }
    assert_eq!(headers["if-none-match"], "\"7\"");
    assert_eq!((response.header("connection"), response.header("x-hop")), ("", ""));
}

#[tokio::test]
async fn a_shopper_is_identified_by_the_cart() {
    let gateway = TestGateway::with_defaults().await;
    let actor = async |request| gateway.shop(request).await.json()["actor"].clone();
    let guest = json!(format!("guest:{CART}"));
    assert_eq!(actor(get(&format!("/api/v1/carts/{CART}"))).await, guest);
    assert_eq!(
        actor(request("POST", &format!("/api/v1/carts/{}/checkout", CART.to_uppercase()))).await,
        guest
    );
    let cookie = format!("theme=dark; cart={CART}");
    assert_eq!(actor(get("/checkout").header("cookie", &cookie)).await, guest);
    // The cart in the path takes precedence over the cookie.
    let path = format!("/api/v1/carts/{CART}/lines");
    assert_eq!(
        actor(request("POST", &path).header("cookie", format!("cart={OTHER_CART}"))).await,
        guest
    );
    for request in [
        get("/api/v1/products"),
        get("/api/v1/carts/not-a-cart"),
        get(&format!("/api/v1/orders/{CART}")),
        get("/").header("cookie", "cart=operator"),
        get("/").header("cookie", format!("shopping_cart={CART}")),
    ] {
        assert_eq!(actor(request).await, json!(null));
    }
    let operator = gateway.operator(get(&format!("/api/v1/carts/{CART}"))).await.json();
    assert_eq!((&operator["actor"], &operator["edge"]), (&json!("operator"), &json!("operator")));
}

#[tokio::test]
async fn a_valid_request_id_is_kept_and_every_response_has_one() {
    let gateway = TestGateway::with_defaults().await;
    let response =
        gateway.shop(get("/api/v1/products").header("x-request-id", "till-4.7_a:9")).await;
    assert_eq!(response.header("x-request-id"), "till-4.7_a:9");
    assert_eq!(response.json()["request_id"], "till-4.7_a:9");
    for invalid in ["a b", "<script>", "ü", &"x".repeat(65), ""] {
        let response = gateway.shop(get("/api/v1/products").header("x-request-id", invalid)).await;
        let id = response.header("x-request-id").to_owned();
        assert_eq!(
            (id.len(), response.json()["request_id"].as_str()),
            (36, Some(&*id)),
            "{invalid}"
        );
    }
    let (one, two) = (gateway.shop(get("/api/none")).await, gateway.shop(get("/api/none")).await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

#[tokio::test]
async fn a_trace_is_continued_or_started() {
    let gateway = TestGateway::with_defaults().await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let response = gateway.shop(get("/api/v1/products").header("traceparent", trace)).await;
    assert_eq!(response.json()["trace"], trace);
    let response = gateway.shop(get("/api/v1/products").header("traceparent", "nonsense")).await;
    assert_eq!(response.json()["trace"].as_str().unwrap().len(), 55);
}

#[tokio::test]
async fn forwarding_headers_are_believed_only_from_a_trusted_proxy() {
    let forwarding_headers = [
        ("x-forwarded-for", "198.51.100.9, 10.1.2.3"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "shop.example"),
    ];
    let request = || {
        forwarding_headers
            .iter()
            .fold(get("/"), |request, (name, value)| request.header(*name, *value))
    };
    let seen = async |gateway: &TestGateway, from: &str, request| {
        let response = gateway.send(Edge::Shop, from, request, Body::empty()).await;
        let seen = response.json();
        assert!(seen["headers"].get("x-forwarded-for").is_none(), "the context names the client");
        let text = |name: &str| seen["headers"][name].as_str().unwrap_or_default().to_owned();
        (
            seen["client"].as_str().unwrap().to_owned(),
            text("x-forwarded-proto"),
            text("x-forwarded-host"),
        )
    };
    let untrusting = TestGateway::with_defaults().await;
    let (client, scheme, host) = seen(&untrusting, REMOTE_PEER, request()).await;
    assert_eq!((&*client, &*scheme, &*host), ("192.0.2.7", "", ""));

    let proxies = "10.0.0.0/8, 192.0.2.7";
    let gateway = TestGateway::with(&[("trusted_proxies", proxies)]).await;
    let (client, scheme, host) = seen(&gateway, REMOTE_PEER, request()).await;
    assert_eq!((&*client, &*scheme, &*host), ("198.51.100.9", "https", "shop.example"));
    let (client, scheme, _) = seen(&gateway, "192.0.2.8:1", request()).await;
    assert_eq!((&*client, &*scheme), ("192.0.2.8", ""), "a neighbouring address is not trusted");
    // A header written by the client comes before what the proxies append.
    let forged =
        get("/").header("x-forwarded-for", "127.0.0.1").header("x-forwarded-for", "198.51.100.9");
    assert_eq!(seen(&gateway, REMOTE_PEER, forged).await.0, "198.51.100.9");
    let broken = get("/").header("x-forwarded-for", "198.51.100.9, unknown");
    assert_eq!(seen(&gateway, REMOTE_PEER, broken).await.0, "192.0.2.7");
}

#[tokio::test]
async fn the_client_is_named_to_services_in_one_notation() {
    let gateway = TestGateway::with(&[("trusted_proxies", "192.0.2.7")]).await;
    for (name, value, client) in [
        ("x-forwarded-for", "198.51.100.9:4711", "198.51.100.9"),
        ("x-forwarded-for", "[2001:db8::1]:4711", "2001:db8::1"),
        ("x-forwarded-for", "[2001:db8::1]", "2001:db8::1"),
        ("forwarded", "for=198.51.100.9;proto=https;host=shop.example", "198.51.100.9"),
        ("forwarded", "for=\"[2001:db8::1]:4711\";Proto=https;Host=shop.example", "2001:db8::1"),
        ("forwarded", "for=unknown", "192.0.2.7"),
        ("x-real-ip", "198.51.100.9", "192.0.2.7"),
    ] {
        let request = get("/").header(name, value);
        let response = gateway.send(Edge::Shop, REMOTE_PEER, request, Body::empty()).await;
        let seen = response.json();
        let headers = &seen["headers"];
        assert_eq!(seen["client"], client, "{name}: {value}");
        assert!(headers.get("x-forwarded-for").is_none());
        assert!(headers.get("forwarded").is_none() && headers.get("x-real-ip").is_none());
        let names_host = value.contains("shop.example");
        assert_eq!(headers["x-forwarded-proto"] == "https", names_host, "{name}: {value}");
        assert_eq!(headers["x-forwarded-host"] == "shop.example", names_host, "{name}: {value}");
    }
}

#[tokio::test(start_paused = true)]
async fn behind_a_local_proxy_each_client_is_limited() {
    let strict = ("client_requests_burst", "1");
    let gateway = TestGateway::with(&[strict, ("trusted_proxies", "127.0.0.1")]).await;
    let send = async |gateway: &TestGateway, name, value: &str| {
        let request = get("/").header("host", "localhost").header(name, value);
        gateway.shop(request).await.status.as_u16()
    };
    for (name, value) in [
        ("x-forwarded-for", "198.51.100.1:4711"),
        ("x-forwarded-for", "198.51.100.2"),
        ("x-forwarded-for", "[2001:db8:0:1::1]:4711"),
        ("forwarded", "for=198.51.100.3"),
        ("forwarded", "for=\"[2001:db8:0:2::1]\""),
        ("x-forwarded-for", "127.0.0.1"),
    ] {
        assert_eq!(send(&gateway, name, value).await, 200, "{name}: {value}");
        assert_eq!(send(&gateway, name, value).await, 429, "{name}: {value}");
    }
    // Whom the proxy does not name is limited as the proxy.
    for (name, value) in [("x-forwarded-for", "unknown"), ("forwarded", "by=x"), ("accept", "*/*")]
    {
        assert_eq!(send(&gateway, name, value).await, 429, "{name}: {value}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_local_proxy_that_is_not_trusted_never_switches_the_limit_off() {
    let settings = [("client_requests_burst", "1"), ("hosts", "shop.example")];
    let gateway = TestGateway::with(&settings).await;
    for (name, value) in [
        ("x-forwarded-for", "198.51.100.1"),
        ("x-forwarded-for", "unknown"),
        ("forwarded", "for=198.51.100.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "shop.example"),
        ("x-real-ip", "198.51.100.1"),
    ] {
        let request = get("/api/v1/products").header("host", "localhost").header(name, value);
        let refused = gateway.shop(request).await;
        assert_eq!(refused.problem(), (403, "forbidden".to_owned()), "{name}");
        assert!(refused.json()["title"].as_str().unwrap().contains("trusted_proxies"), "{name}");
    }
    // A proxy that adds no header, but passes on the name of the shop.
    let public =
        async || gateway.shop(get("/").header("host", "shop.example")).await.status.as_u16();
    assert_eq!((public().await, public().await), (200, 429));
    for host in ["localhost:8080", "127.0.0.1", "[::1]"] {
        for _ in 0..5 {
            assert_eq!(gateway.shop(get("/").header("host", host)).await.status.as_u16(), 200);
        }
    }
}

#[tokio::test]
async fn an_invalid_network_or_origin_prevents_the_start() {
    for invalid in ["10.0.0.0/33", "ten", "10.0.0.0/", "::1/129"] {
        let error = TestGateway::try_with(&[("trusted_proxies", invalid)]).await.err().unwrap();
        assert!(error.contains("trusted_proxies") && error.contains("10.0.0.0/8"), "{error}");
    }
    let error = TestGateway::try_with(&[("cors_origins", "example.com")]).await.err().unwrap();
    assert!(error.contains("cors_origins"), "{error}");
}

#[tokio::test]
async fn a_request_in_absolute_form_is_routed_by_its_path() {
    let gateway = TestGateway::with_defaults().await;
    let response = gateway.shop(get("http://elsewhere.example/api/v1/products?q=x")).await;
    assert_eq!(response.json()["uri"], "/api/v1/products?q=x");
    let seen = gateway
        .send(Edge::Shop, LOOPBACK_PEER, request("POST", "/api/v1/carts"), "{\"lines\":[]}")
        .await;
    assert_eq!(seen.json()["body_bytes"], 12);
}
