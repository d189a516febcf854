//! What browsers are told, and what pages of other sites may do.

use crate::shop::{Gateway, SOMEWHERE, ask, get};
use axum::{body::Body, http::request::Builder};
use transport::Edge;

#[tokio::test]
async fn every_answer_forbids_what_it_does_not_need() {
    let gateway = Gateway::with(&[("client_requests_burst", "1")]).await;
    let mut answers = vec![
        gateway.shop(get("/api/v1/products")).await,
        gateway.shop(get("/api/v1/nothing")).await,
        gateway.shop(get("/api/v1/payments/7")).await,
        gateway.shop(ask("BREW", "/api/v1/carts")).await,
        gateway.operator(get("/openapi.json")).await,
    ];
    for _ in 0..2 {
        answers.push(
            gateway.send(Edge::Shop, SOMEWHERE, get("/api/v1/products"), Body::empty()).await,
        );
    }
    assert_eq!(answers.last().unwrap().status.as_u16(), 429);
    for answer in &answers {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("access-control-allow-origin"), "");
        assert_eq!(answer.header("vary"), "");
    }
    let page = gateway.shop(get("/")).await;
    assert_eq!(
        page.header("content-security-policy"),
        "default-src 'self'",
        "pages know what they need"
    );
    assert_eq!(
        (page.header("x-content-type-options"), page.header("cache-control")),
        ("nosniff", "")
    );
}

#[tokio::test]
async fn a_page_of_another_site_cannot_act_for_whoever_looks_at_it() {
    let gateway = Gateway::plain().await;
    let from = |request: Builder, site: &str| {
        request
            .header("sec-fetch-site", site)
            .header("origin", "https://evil.example")
            .header("host", "127.0.0.1:8081")
    };
    let archive = || ask("POST", "/api/v1/products/7/archive");
    assert_eq!(
        gateway.operator(from(archive(), "cross-site")).await.refusal(),
        (403, "forbidden".to_owned())
    );
    assert_eq!(
        gateway
            .operator(
                archive().header("origin", "https://evil.example").header("host", "127.0.0.1:8081")
            )
            .await
            .refusal()
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
    assert_eq!(gateway.operator(archive()).await.status.as_u16(), 200, "a program says nothing");
    assert_eq!(
        gateway.operator(from(get("/api/v1/orders"), "cross-site")).await.status.as_u16(),
        200,
        "and cannot be read there"
    );
    assert_eq!(
        gateway.shop(from(ask("POST", "/api/v1/carts"), "cross-site")).await.refusal().0,
        403
    );
    // The storefront refuses with a page of its own.
    assert_eq!(gateway.shop(from(ask("POST", "/cart"), "cross-site")).await.by(), "storefront");
}

#[tokio::test]
async fn a_site_that_is_allowed_may_call_the_shop_and_nothing_else() {
    let gateway =
        Gateway::with(&[("cors_origins", "https://app.example, http://localhost:3000")]).await;
    let from = |request: Builder, site: &str| {
        request.header("origin", site).header("sec-fetch-site", "cross-site")
    };
    for site in ["https://app.example", "http://localhost:3000"] {
        let answer = gateway.shop(from(ask("POST", "/api/v1/carts"), site)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("access-control-allow-origin")),
            (200, site)
        );
        assert!(answer.header("access-control-expose-headers").contains("location"));
        assert_eq!(answer.header("vary"), "origin");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
    let refused = gateway.shop(from(get("/api/v1/nothing"), "https://app.example")).await;
    assert_eq!(
        (refused.refusal().0, refused.header("access-control-allow-origin")),
        (404, "https://app.example")
    );

    let preflight = |uri: &str, site: &str| {
        from(ask("OPTIONS", uri), site).header("access-control-request-method", "PATCH")
    };
    let answer = gateway.shop(preflight("/api/v1/carts/7/lines/x", "https://app.example")).await;
    assert_eq!((answer.status.as_u16(), answer.bytes.len()), (204, 0));
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.example");
    assert_eq!(answer.header("access-control-allow-methods"), "DELETE, OPTIONS, PATCH");
    assert!(answer.header("access-control-allow-headers").contains("idempotency-key"));

    for site in ["https://evil.example", "https://app.example.evil", "http://app.example", "null"] {
        let answer = gateway.shop(preflight("/api/v1/carts", site)).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{site}");
        assert_eq!(answer.header("access-control-allow-methods"), "", "{site}");
        assert_eq!(
            gateway.shop(from(ask("POST", "/api/v1/carts"), site)).await.refusal().0,
            403,
            "{site}"
        );
    }
    let operator =
        gateway.operator(from(ask("POST", "/api/v1/orders"), "https://app.example")).await;
    assert_eq!((operator.refusal().0, operator.header("access-control-allow-origin")), (403, ""));
    let page = gateway.shop(from(get("/"), "https://app.example")).await;
    assert_eq!((page.header("access-control-allow-origin"), page.header("vary")), ("", ""));
}

#[tokio::test]
async fn a_star_allows_every_site() {
    let gateway = Gateway::with(&[("cors_origins", "*")]).await;
    let answer =
        gateway.shop(get("/api/v1/products").header("origin", "https://any.example")).await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://any.example");
    let nobody = gateway.shop(get("/api/v1/products")).await;
    assert_eq!(
        (nobody.header("access-control-allow-origin"), nobody.header("vary")),
        ("", "origin")
    );
}

#[tokio::test]
async fn a_name_of_somebody_else_that_points_here_leads_nowhere() {
    let from = |request: Builder, host: &str| {
        request.header("host", host).header("sec-fetch-site", "same-origin")
    };
    let gateway = Gateway::plain().await;
    for host in ["evil.example:8081", "evil.example", "localhost.evil.example:8081"] {
        let read = gateway.operator(from(get("/api/v1/orders"), host)).await;
        assert_eq!(read.refusal(), (403, "forbidden".to_owned()), "{host}");
        let archive = from(ask("POST", "/api/v1/products/7/archive"), host);
        assert_eq!(gateway.operator(archive).await.status.as_u16(), 403, "{host}");
        assert_eq!(gateway.shop(from(get("/cart"), host)).await.status.as_u16(), 403, "{host}");
        assert_eq!(gateway.operator(from(get("/docs"), host)).await.status.as_u16(), 403, "{host}");
    }
    for host in ["localhost:8081", "127.0.0.1:8081", "[::1]:8081"] {
        let read = gateway.operator(from(get("/api/v1/orders"), host)).await;
        assert_eq!(read.status.as_u16(), 200, "{host}");
    }
    // From elsewhere the name is whatever the way here is called.
    let afar = from(get("/api/v1/products"), "shop.example");
    let answer = gateway.send(Edge::Shop, SOMEWHERE, afar, Body::empty()).await;
    assert_eq!(answer.status.as_u16(), 200);

    let gateway = Gateway::with(&[("hosts", "shop.example")]).await;
    let set = gateway.shop(from(get("/api/v1/products"), "shop.example")).await;
    assert_eq!(set.status.as_u16(), 200);
    let other = gateway.shop(from(get("/api/v1/products"), "evil.example")).await;
    assert_eq!(other.status.as_u16(), 403);
    assert!(Gateway::try_with(&[("hosts", "http://shop.example")]).await.is_err());
}
