//! Routing at the two edges.

use crate::harness::{ABSENT_SERVICE, TestGateway, get, request};

/// Requests at the shop edge, with the service expected to respond.
const SHOP: &[(&str, &str, &str)] = &[
    ("GET", "/api/v1/products?q=lamp", "product-service"),
    ("GET", "/api/v1/products/suggestions?q=la", "product-service"),
    ("GET", "/api/v1/products/blue-lamp", "product-service"),
    ("GET", "/api/v1/products/blue-lamp/price-history", "product-service"),
    ("GET", "/api/v1/categories", "product-service"),
    ("GET", "/media/0a1b/640.webp", "product-service"),
    ("POST", "/api/v1/carts", "shopping-cart-service"),
    ("GET", "/api/v1/carts/7", "shopping-cart-service"),
    ("POST", "/api/v1/carts/7/lines", "shopping-cart-service"),
    ("POST", "/api/v1/carts/7/quote", "shopping-cart-service"),
    ("PATCH", "/api/v1/carts/7/lines/LAMP%2F1", "shopping-cart-service"),
    ("DELETE", "/api/v1/carts/7/lines/LAMP-1", "shopping-cart-service"),
    ("GET", "/api/v1/shipping-methods?country=DE", "shopping-cart-service"),
    ("GET", "/api/v1/countries", "shopping-cart-service"),
    ("GET", "/api/v1/shop", "shopping-cart-service"),
    ("POST", "/api/v1/carts/7/checkout", "order-service"),
    ("POST", "/api/v1/orders/lookup", "order-service"),
    ("POST", "/api/v1/account/cart", "shopping-cart-service"),
    ("GET", "/api/v1/account/profile", "auth-server"),
    ("GET", "/api/v1/account/addresses", "order-service"),
    ("PUT", "/api/v1/account/addresses/0190a8b4-0000-7000-8000-000000000000", "order-service"),
    ("DELETE", "/api/v1/account/addresses/0190a8b4-0000-7000-8000-000000000000", "order-service"),
    ("POST", "/api/v1/account/orders/claims/check", "order-service"),
    ("GET", "/api/v1/account/wish-list", "shopping-cart-service"),
    ("PUT", "/api/v1/account/wish-list/MUG", "shopping-cart-service"),
    ("DELETE", "/api/v1/account/wish-list/MUG", "shopping-cart-service"),
    ("GET", "/api/v1/account/orders?limit=5", "order-service"),
    ("POST", "/api/v1/account/orders/claims", "order-service"),
    ("POST", "/api/v1/account/orders/claims/redeem", "order-service"),
    ("GET", "/api/v1/orders/7", "order-service"),
    ("POST", "/api/v1/orders/7/cancel", "order-service"),
    ("GET", "/", "storefront"),
    ("GET", "/products/blue-lamp", "storefront"),
    ("POST", "/cart", "storefront"),
    ("GET", "/apiary", "storefront"),
    ("GET", "/auth/authorize?client_id=app", "auth-server"),
    ("POST", "/auth/token", "auth-server"),
    ("OPTIONS", "/auth/token", "auth-server"),
    ("GET", "/auth", "auth-server"),
    ("GET", "/.well-known/oauth-authorization-server/auth", "auth-server"),
    ("GET", "/authors", "storefront"),
    ("GET", "/.well-known/security.txt", "storefront"),
];

/// Requests at the operator edge, with the service expected to respond.
const OPERATOR: &[(&str, &str, &str)] = &[
    ("GET", "/api/v1/products?status=draft", "product-service"),
    ("GET", "/api/v1/products/blue-lamp", "product-service"),
    ("GET", "/api/v1/categories", "product-service"),
    ("POST", "/api/v1/products", "product-service"),
    ("POST", "/api/v1/products/import", "product-service"),
    ("GET", "/api/v1/media", "product-service"),
    ("POST", "/api/v1/media", "product-service"),
    ("GET", "/media/0a1b/640.webp", "product-service"),
    ("PATCH", "/api/v1/products/7", "product-service"),
    ("PUT", "/api/v1/products/7/variants/LAMP-1/price", "product-service"),
    ("POST", "/api/v1/products/7/publish", "product-service"),
    ("POST", "/api/v1/products/7/archive", "product-service"),
    ("GET", "/api/v1/stock", "inventory-service"),
    ("GET", "/api/v1/stock/LAMP-1", "inventory-service"),
    ("PUT", "/api/v1/stock/LAMP-1", "inventory-service"),
    ("GET", "/api/v1/stock/LAMP-1/movements", "inventory-service"),
    ("POST", "/api/v1/stock/LAMP-1/movements", "inventory-service"),
    ("GET", "/api/v1/carts/7", "shopping-cart-service"),
    ("POST", "/api/v1/orders", "order-service"),
    ("GET", "/api/v1/orders?email=a@example.com", "order-service"),
    ("GET", "/api/v1/orders/7?as_of=2026-01-01T00:00:00Z", "order-service"),
    ("POST", "/api/v1/orders/7/cancel", "order-service"),
    ("POST", "/api/v1/orders/7/fulfil", "order-service"),
    ("POST", "/api/v1/orders/7/refunds", "order-service"),
    ("GET", "/api/v1/sagas?state=stuck", "order-service"),
    ("POST", "/api/v1/sagas/7/retry", "order-service"),
    ("GET", "/api/v1/audit?actor=guest", "audit-service"),
    ("GET", "/api/v1/parked/order-service", "order-service"),
    ("POST", "/api/v1/parked/order-service/a.b.7/replay", "order-service"),
    ("GET", "/api/v1/parked/audit-service", "audit-service"),
    ("GET", "/api/v1/parked/product-service", "product-service"),
    ("GET", "/api/v1/parked/notification-service", "notification-service"),
    ("POST", "/api/v1/parked/notification-service/a.b.7/replay", "notification-service"),
    ("GET", "/api/v1/notifications?state=failed", "notification-service"),
    ("GET", "/api/v1/notifications/7", "notification-service"),
    ("GET", "/api/v1/notifications/7/mail", "notification-service"),
    ("POST", "/api/v1/notifications/7/redeliver", "notification-service"),
    ("POST", "/api/v1/notification-templates/order_confirmed/preview", "notification-service"),
    ("POST", "/api/v1/notification-templates/order_confirmed/test", "notification-service"),
];

#[tokio::test]
async fn every_public_route_leads_to_its_service() {
    let gateway = TestGateway::with_defaults().await;
    for (method, uri, service) in SHOP {
        let response = gateway.shop(request(method, uri)).await;
        assert_eq!(response.origin(), *service, "{method} {uri}");
        let seen = response.json();
        assert_eq!(
            (&seen["method"], &seen["uri"]),
            (&(*method).into(), &(*uri).into()),
            "method and URI are forwarded unchanged"
        );
    }
    for (method, uri, service) in OPERATOR {
        assert_eq!(
            gateway.operator(request(method, uri)).await.origin(),
            *service,
            "{method} {uri}"
        );
    }
}

#[tokio::test]
async fn unlisted_paths_cannot_be_reached() {
    let gateway = TestGateway::with_defaults().await;
    let unlisted = [
        "/internal/v1/order-service/pull",
        "/internal/v1/inventory-service/hold",
        "/internal",
        "/internal/",
        "/media",
        "/media/0a1b",
        "/media/0a1b/640.webp/x",
        "/api",
        "/api/v1",
        "/api/v1/nothing",
        "/api/v1/products/7/variations",
        "/api/v1/products/",
        "/api/v2/products",
        "/api/../internal/v1/stock",
    ];
    for uri in unlisted {
        for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
            let shop = gateway.shop(request(method, uri)).await;
            assert_eq!(shop.problem(), (404, "not_found".to_owned()), "{method} {uri}");
            let operator = gateway.operator(request(method, uri)).await;
            assert_eq!(operator.problem(), (404, "not_found".to_owned()), "{method} {uri}");
        }
    }
    // These resemble internal paths, but are not decoded or normalised: they are unknown pages of the storefront.
    for uri in ["//internal/v1/stock", "/%69nternal/v1/stock", "/x/../internal/v1/stock"] {
        assert_eq!(gateway.shop(get(uri)).await.origin(), "storefront", "{uri}");
        assert_eq!(gateway.operator(get(uri)).await.problem().0, 404, "{uri}");
    }
}

#[tokio::test]
async fn the_operator_edge_has_no_pages_and_the_shop_edge_no_operator_routes() {
    let gateway = TestGateway::with_defaults().await;
    for uri in ["/products/blue-lamp", "/cart", "/index.html"] {
        assert_eq!(gateway.operator(get(uri)).await.problem().0, 404, "{uri}");
    }
    let both = |wanted: &(&str, &str, &str)| {
        SHOP.iter().any(|(method, uri, _)| (wanted.0, wanted.1) == (*method, *uri))
    };
    for (method, uri, _) in OPERATOR.iter().filter(|it| !both(it) && it.0 != "GET") {
        let status = gateway.shop(request(method, uri)).await.status.as_u16();
        assert!(status == 404 || status == 405, "{method} {uri} is {status} at the shop edge");
    }
    for uri in ["/api/v1/orders", "/api/v1/stock/LAMP-1", "/api/v1/audit", "/api/v1/sagas"] {
        assert_eq!(gateway.shop(get(uri)).await.problem().0, 404, "{uri}");
    }
    assert_eq!(gateway.operator(request("POST", "/api/v1/carts")).await.problem().0, 404);
    let lookup = gateway.operator(request("POST", "/api/v1/orders/lookup")).await;
    assert_eq!(lookup.problem().0, 405, "to the operator edge it is an order that can be read");
}

#[tokio::test]
async fn a_method_that_is_not_allowed_is_refused_with_the_allowed_ones() {
    let gateway = TestGateway::with_defaults().await;
    let response = gateway.shop(request("DELETE", "/api/v1/products/7")).await;
    assert_eq!(response.problem(), (405, "method_not_allowed".to_owned()));
    assert_eq!(response.header("allow"), "GET, HEAD, OPTIONS");
    let response = gateway.operator(request("DELETE", "/api/v1/products/7")).await;
    assert_eq!(response.header("allow"), "GET, HEAD, OPTIONS, PATCH");
    for method in ["TRACE", "BREW"] {
        assert_eq!(gateway.shop(request(method, "/api/v1/carts")).await.problem().0, 405);
    }
    let response = gateway.shop(request("OPTIONS", "/api/v1/carts/7/lines/x")).await;
    assert_eq!(
        (response.status.as_u16(), response.header("allow")),
        (204, "DELETE, OPTIONS, PATCH")
    );
    assert_eq!(gateway.shop(request("POST", "/openapi.json")).await.problem().0, 405);
}

#[tokio::test]
async fn a_head_request_gets_the_response_without_its_body() {
    let gateway = TestGateway::with_defaults().await;
    let response = gateway.shop(request("HEAD", "/api/v1/products")).await;
    assert_eq!((response.status.as_u16(), response.bytes.len()), (200, 0));
    assert_eq!(response.header("content-type"), "application/json");
    let nothing = gateway.shop(request("HEAD", "/api/v1/nothing")).await;
    assert_eq!((nothing.status.as_u16(), nothing.bytes.len()), (404, 0));
    assert!(nothing.header("content-length").parse::<u32>().unwrap() > 0);
    let response = gateway.operator(request("HEAD", "/openapi.json")).await;
    assert_eq!((response.status.as_u16(), response.bytes.len()), (200, 0));
}

#[tokio::test]
async fn requests_to_an_absent_service_are_answered_as_unavailable() {
    let gateway = TestGateway::with_defaults().await;
    let response = gateway.shop(get("/api/v1/payments/7")).await;
    assert_eq!(response.problem(), (503, "unavailable".to_owned()));
    assert_eq!(response.header("retry-after"), "1");
    assert!(response.json()["title"].as_str().unwrap().contains(ABSENT_SERVICE));
    for uri in ["/api/v1/payments/7/action", "/api/v1/webhooks/payments/test"] {
        assert_eq!(gateway.shop(request("POST", uri)).await.problem().0, 503, "{uri}");
    }
    assert_eq!(gateway.operator(get("/api/v1/payments/7")).await.problem().0, 503);
}

#[tokio::test]
async fn metrics_are_labelled_by_route_and_never_by_path() {
    let gateway = TestGateway::with_defaults().await;
    for uri in ["/api/v1/products/a", "/api/v1/products/b", "/some/page", "/api/v1/a-made-up-one"] {
        gateway.shop(get(uri)).await;
    }
    let page = gateway.metrics.encode();
    let count = |route: &str, status: u16, count: u8| {
        let labels =
            format!(r#"service="api-gateway",method="GET",route="{route}",status="{status}""#);
        let line = format!("http_server_requests_seconds_count{{{labels}}} {count}");
        assert!(page.lines().any(|it| it == line), "{line} is missing in\n{page}");
    };
    count("/api/v1/products/{id}", 200, 2);
    count("pages", 200, 1);
    count("unmatched", 404, 1);
}
