//! Who answers where, and that nobody else can be reached.

use crate::shop::{AWAY, Gateway, ask, get};

/// Everything that can be done at the shop edge, and who answers.
const SHOP: &[(&str, &str, &str)] = &[
    ("GET", "/api/v1/products?q=lamp", "product-service"),
    ("GET", "/api/v1/products/suggestions?q=la", "product-service"),
    ("GET", "/api/v1/products/blue-lamp", "product-service"),
    ("GET", "/api/v1/products/blue-lamp/price-history", "product-service"),
    ("GET", "/api/v1/categories", "product-service"),
    ("POST", "/api/v1/carts", "shopping-cart-service"),
    ("GET", "/api/v1/carts/7", "shopping-cart-service"),
    ("POST", "/api/v1/carts/7/lines", "shopping-cart-service"),
    ("PATCH", "/api/v1/carts/7/lines/LAMP%2F1", "shopping-cart-service"),
    ("DELETE", "/api/v1/carts/7/lines/LAMP-1", "shopping-cart-service"),
    ("GET", "/api/v1/shipping-methods?country=DE", "shopping-cart-service"),
    ("GET", "/api/v1/countries", "shopping-cart-service"),
    ("POST", "/api/v1/carts/7/checkout", "order-service"),
    ("GET", "/api/v1/orders/7", "order-service"),
    ("POST", "/api/v1/orders/7/cancel", "order-service"),
    ("GET", "/", "storefront"),
    ("GET", "/products/blue-lamp", "storefront"),
    ("POST", "/cart", "storefront"),
    ("GET", "/apiary", "storefront"),
];

/// The same for the operator edge.
const OPERATOR: &[(&str, &str, &str)] = &[
    ("GET", "/api/v1/products?status=draft", "product-service"),
    ("GET", "/api/v1/products/blue-lamp", "product-service"),
    ("GET", "/api/v1/categories", "product-service"),
    ("POST", "/api/v1/products", "product-service"),
    ("POST", "/api/v1/products/import", "product-service"),
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
];

#[tokio::test]
async fn every_public_address_leads_to_its_service() {
    let gateway = Gateway::plain().await;
    for (method, uri, service) in SHOP {
        let answer = gateway.shop(ask(method, uri)).await;
        assert_eq!(answer.by(), *service, "{method} {uri}");
        let seen = answer.json();
        assert_eq!(
            (&seen["method"], &seen["uri"]),
            (&(*method).into(), &(*uri).into()),
            "as it came"
        );
    }
    for (method, uri, service) in OPERATOR {
        assert_eq!(gateway.operator(ask(method, uri)).await.by(), *service, "{method} {uri}");
    }
}

#[tokio::test]
async fn what_is_not_listed_cannot_be_reached() {
    let gateway = Gateway::plain().await;
    let nowhere = [
        "/internal/v1/feeds/order-service",
        "/internal/v1/holds/7",
        "/internal",
        "/internal/",
        "/api",
        "/api/v1",
        "/api/v1/nothing",
        "/api/v1/products/7/variants",
        "/api/v1/products/",
        "/api/v2/products",
        "/api/../internal/v1/stock",
    ];
    for uri in nowhere {
        for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
            let shop = gateway.shop(ask(method, uri)).await;
            assert_eq!(shop.refusal(), (404, "not_found".to_owned()), "{method} {uri}");
            let operator = gateway.operator(ask(method, uri)).await;
            assert_eq!(operator.refusal(), (404, "not_found".to_owned()), "{method} {uri}");
        }
    }
    // These look like paths to somewhere else; nobody takes them apart, so they are pages that do not exist.
    for uri in ["//internal/v1/stock", "/%69nternal/v1/stock", "/x/../internal/v1/stock"] {
        assert_eq!(gateway.shop(get(uri)).await.by(), "storefront", "{uri}");
        assert_eq!(gateway.operator(get(uri)).await.refusal().0, 404, "{uri}");
    }
}

#[tokio::test]
async fn operators_have_no_pages_and_shoppers_no_operators_doors() {
    let gateway = Gateway::plain().await;
    for uri in ["/", "/products/blue-lamp", "/cart"] {
        assert_eq!(gateway.operator(get(uri)).await.refusal().0, 404, "{uri}");
    }
    let both = |wanted: &(&str, &str, &str)| {
        SHOP.iter().any(|(method, uri, _)| (wanted.0, wanted.1) == (*method, *uri))
    };
    for (method, uri, _) in OPERATOR.iter().filter(|it| !both(it) && it.0 != "GET") {
        let status = gateway.shop(ask(method, uri)).await.status.as_u16();
        assert!(status == 404 || status == 405, "{method} {uri} is {status} at the shop edge");
    }
    for uri in ["/api/v1/orders", "/api/v1/stock/LAMP-1", "/api/v1/audit", "/api/v1/sagas"] {
        assert_eq!(gateway.shop(get(uri)).await.refusal().0, 404, "{uri}");
    }
    assert_eq!(gateway.operator(ask("POST", "/api/v1/carts")).await.refusal().0, 404);
}

#[tokio::test]
async fn another_method_is_refused_with_those_that_would_do() {
    let gateway = Gateway::plain().await;
    let answer = gateway.shop(ask("DELETE", "/api/v1/products/7")).await;
    assert_eq!(answer.refusal(), (405, "method_not_allowed".to_owned()));
    assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
    let answer = gateway.operator(ask("DELETE", "/api/v1/products/7")).await;
    assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS, PATCH");
    for method in ["TRACE", "BREW"] {
        assert_eq!(gateway.shop(ask(method, "/api/v1/carts")).await.refusal().0, 405);
    }
    let answer = gateway.shop(ask("OPTIONS", "/api/v1/carts/7/lines/x")).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (204, "DELETE, OPTIONS, PATCH"));
    assert_eq!(gateway.shop(ask("POST", "/openapi.json")).await.refusal().0, 405);
}

#[tokio::test]
async fn the_head_of_an_answer_is_the_answer_without_its_body() {
    let gateway = Gateway::plain().await;
    let answer = gateway.shop(ask("HEAD", "/api/v1/products")).await;
    assert_eq!((answer.status.as_u16(), answer.bytes.len()), (200, 0));
    assert_eq!(answer.header("content-type"), "application/json");
    let nothing = gateway.shop(ask("HEAD", "/api/v1/nothing")).await;
    assert_eq!((nothing.status.as_u16(), nothing.bytes.len()), (404, 0));
    assert!(nothing.header("content-length").parse::<u32>().unwrap() > 0);
    let answer = gateway.operator(ask("HEAD", "/openapi.json")).await;
    assert_eq!((answer.status.as_u16(), answer.bytes.len()), (200, 0));
}

#[tokio::test]
async fn a_service_that_is_away_is_answered_for() {
    let gateway = Gateway::plain().await;
    let answer = gateway.shop(get("/api/v1/payments/7")).await;
    assert_eq!(answer.refusal(), (503, "unavailable".to_owned()));
    assert_eq!(answer.header("retry-after"), "1");
    assert!(answer.json()["title"].as_str().unwrap().contains(AWAY));
    for uri in ["/api/v1/payments/7/action", "/api/v1/webhooks/payments/test"] {
        assert_eq!(gateway.shop(ask("POST", uri)).await.refusal().0, 503, "{uri}");
    }
    assert_eq!(gateway.operator(get("/api/v1/payments/7")).await.refusal().0, 503);
}

#[tokio::test]
async fn figures_name_routes_and_never_paths() {
    let gateway = Gateway::plain().await;
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
