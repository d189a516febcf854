//! Browser security: response headers, CSRF, CORS and DNS rebinding.

use crate::harness::{REMOTE_PEER, TestGateway, get, request};
use axum::{body::Body, http::request::Builder};
use transport::Edge;

#[tokio::test]
async fn every_response_has_the_security_headers() {
    let gateway = TestGateway::with(&[("client_requests_burst", "1")]).await;
    let mut responses = vec![
        gateway.shop(get("/api/v1/products")).await,
        gateway.shop(get("/api/v1/nothing")).await,
        gateway.shop(get("/api/v1/payments/7")).await,
        gateway.shop(request("BREW", "/api/v1/carts")).await,
        gateway.operator(get("/openapi.json")).await,
    ];
    for _ in 0..2 {
        responses.push(
            gateway.send(Edge::Shop, REMOTE_PEER, get("/api/v1/products"), Body::empty()).await,
        );
    }
    assert_eq!(responses.last().unwrap().status.as_u16(), 429);
    for response in &responses {
        assert_eq!(response.header("x-content-type-options"), "nosniff");
        assert_eq!(response.header("referrer-policy"), "same-origin");
        assert_eq!(response.header("cross-origin-opener-policy"), "same-origin");
        assert!(response.header("content-security-policy").starts_with("default-src 'none'"));
        assert!(response.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(response.header("cache-control"), "no-store");
        assert_eq!(response.header("access-control-allow-origin"), "");
        assert_eq!(response.header("vary"), "");
    }
    let page = gateway.shop(get("/")).await;
    assert_eq!(
        page.header("content-security-policy"),
        "default-src 'self'",
        "pages set their own policy"
    );
    assert_eq!(
        (page.header("x-content-type-options"), page.header("cache-control")),
        ("nosniff", "")
    );
}

#[tokio::test]
async fn a_page_of_another_site_cannot_make_changes() {
    let gateway = TestGateway::with_defaults().await;
    let from = |request: Builder, site: &str| {
        request
            .header("sec-fetch-site", site)
            .header("origin", "https://evil.example")
            .header("host", "127.0.0.1:8081")
    };
    let archive = || request("POST", "/api/v1/products/7/archive");
    assert_eq!(
        gateway.operator(from(archive(), "cross-site")).await.problem(),
        (403, "forbidden".to_owned())
    );
    assert_eq!(
        gateway
            .operator(
                archive().header("origin", "https://evil.example").header("host", "127.0.0.1:8081")
            )
            .await
            .problem()
            .0,
        403
    );
    assert_eq!(
        gateway
            .operator(
                archive()
                    .header("origin", "http://127.0.0.1:8081")
                    .header("host", "127.0.0.1:8081")
            )
            .await
            .status
            .as_u16(),
        200
    );
    assert_eq!(
        gateway.operator(archive()).await.status.as_u16(),
        200,
        "a program sends no origin headers"
    );
    assert_eq!(
        gateway.operator(from(get("/api/v1/orders"), "cross-site")).await.status.as_u16(),
        200,
        "reads pass; without CORS the page cannot see the response"
    );
    assert_eq!(
        gateway.shop(from(request("POST", "/api/v1/carts"), "cross-site")).await.problem().0,
        403
    );
    // The storefront refuses with a page of its own.
    assert_eq!(
        gateway.shop(from(request("POST", "/cart"), "cross-site")).await.origin(),
        "storefront"
    );
    // An authorization request may come from any site, and a token request from any page.
    assert_eq!(
        gateway.shop(from(request("POST", "/auth/authorize"), "cross-site")).await.origin(),
        "auth-server"
    );
    assert_eq!(gateway.operator(get("/auth/jwks")).await.status.as_u16(), 404);
}

#[tokio::test]
async fn an_allowed_origin_may_call_the_api_of_the_shop_edge_only() {
    let gateway =
        TestGateway::with(&[("cors_origins", "https://app.example, http://localhost:3000")]).await;
    let from = |request: Builder, site: &str| {
        request.header("origin", site).header("sec-fetch-site", "cross-site")
    };
    for site in ["https://app.example", "http://localhost:3000"] {
        let response = gateway.shop(from(request("POST", "/api/v1/carts"), site)).await;
        assert_eq!(
            (response.status.as_u16(), response.header("access-control-allow-origin")),
            (200, site)
        );
        assert!(response.header("access-control-expose-headers").contains("location"));
        assert_eq!(response.header("vary"), "origin");
        assert_eq!(response.header("access-control-allow-credentials"), "");
    }
    let refused = gateway.shop(from(get("/api/v1/nothing"), "https://app.example")).await;
    assert_eq!(
        (refused.problem().0, refused.header("access-control-allow-origin")),
        (404, "https://app.example")
    );

    let preflight = |uri: &str, site: &str| {
        from(request("OPTIONS", uri), site).header("access-control-request-method", "PATCH")
    };
    let response = gateway.shop(preflight("/api/v1/carts/7/lines/x", "https://app.example")).await;
    assert_eq!((response.status.as_u16(), response.bytes.len()), (204, 0));
    assert_eq!(response.header("access-control-allow-origin"), "https://app.example");
    assert_eq!(response.header("access-control-allow-methods"), "DELETE, OPTIONS, PATCH");
    assert!(response.header("access-control-allow-headers").contains("idempotency-key"));

    for site in ["https://evil.example", "https://app.example.evil", "http://app.example", "null"] {
        let response = gateway.shop(preflight("/api/v1/carts", site)).await;
        assert_eq!(response.header("access-control-allow-origin"), "", "{site}");
        assert_eq!(response.header("access-control-allow-methods"), "", "{site}");
        assert_eq!(
            gateway.shop(from(request("POST", "/api/v1/carts"), site)).await.problem().0,
            403,
            "{site}"
        );
    }
    let operator =
        gateway.operator(from(request("POST", "/api/v1/orders"), "https://app.example")).await;
    assert_eq!((operator.problem().0, operator.header("access-control-allow-origin")), (403, ""));
    let page = gateway.shop(from(get("/"), "https://app.example")).await;
    assert_eq!((page.header("access-control-allow-origin"), page.header("vary")), ("", ""));
}

#[tokio::test]
async fn a_star_allows_every_origin() {
    let gateway = TestGateway::with(&[("cors_origins", "*")]).await;
    let response =
        gateway.shop(get("/api/v1/products").header("origin", "https://any.example")).await;
    assert_eq!(response.header("access-control-allow-origin"), "https://any.example");
    let without_origin = gateway.shop(get("/api/v1/products")).await;
    assert_eq!(
        (without_origin.header("access-control-allow-origin"), without_origin.header("vary")),
        ("", "origin")
    );
}

#[tokio::test]
async fn a_foreign_host_name_that_resolves_to_this_machine_is_refused() {
    let from = |request: Builder, host: &str| {
        request.header("host", host).header("sec-fetch-site", "same-origin")
    };
    let gateway = TestGateway::with_defaults().await;
    for host in ["evil.example:8081", "evil.example", "localhost.evil.example:8081"] {
        let read = gateway.operator(from(get("/api/v1/orders"), host)).await;
        assert_eq!(read.problem(), (403, "forbidden".to_owned()), "{host}");
        let archive = from(request("POST", "/api/v1/products/7/archive"), host);
        assert_eq!(gateway.operator(archive).await.status.as_u16(), 403, "{host}");
        assert_eq!(gateway.shop(from(get("/cart"), host)).await.status.as_u16(), 403, "{host}");
        assert_eq!(gateway.operator(from(get("/docs"), host)).await.status.as_u16(), 403, "{host}");
    }
    for host in ["localhost:8081", "127.0.0.1:8081", "[::1]:8081"] {
        let read = gateway.operator(from(get("/api/v1/orders"), host)).await;
        assert_eq!(read.status.as_u16(), 200, "{host}");
    }
    // Remote clients may use any host name.
    let remote = from(get("/api/v1/products"), "shop.example");
    let response = gateway.send(Edge::Shop, REMOTE_PEER, remote, Body::empty()).await;
    assert_eq!(response.status.as_u16(), 200);

    let gateway = TestGateway::with(&[("hosts", "shop.example")]).await;
    let set = gateway.shop(from(get("/api/v1/products"), "shop.example")).await;
    assert_eq!(set.status.as_u16(), 200);
    let other = gateway.shop(from(get("/api/v1/products"), "evil.example")).await;
    assert_eq!(other.status.as_u16(), 403);
    assert!(TestGateway::try_with(&[("hosts", "http://shop.example")]).await.is_err());
}
