//! Public API: the routes that can be reached from outside, and the service behind each.
//!
//! A route that is not listed here cannot be reached through an edge, even if a service has it.

use axum::http::Method;

/// Public route.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) methods: &'static [Method],
    pub(crate) path: &'static str,
    pub(crate) service: &'static str,
    pub(crate) body: BodyLimit,
}

/// Limit of the request body of a route; the sizes are settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLimit {
    /// The general limit.
    Default,
    /// The limit of an import batch.
    Import,
    /// The limit of an uploaded picture.
    Media,
}

const PRODUCTS: &str = "product-service";
const CARTS: &str = "shopping-cart-service";
const ORDERS: &str = "order-service";
const STOCK: &str = "inventory-service";
const PAYMENTS: &str = "payment-service";
const AUDIT: &str = "audit-service";

const AUTH: &str = "auth-server";

/// Service behind every path of the shop edge that is not an API path.
pub(crate) const STOREFRONT: &str = "storefront";

/// Path prefixes of the shop edge whose pages are those of another service: the provider of accounts and tokens.
pub(crate) const SITES: &[(&str, &str)] =
    &[("/auth", AUTH), ("/.well-known/oauth-authorization-server", AUTH)];

/// Every service behind the edges.
pub(crate) const SERVICES: &[&str] =
    &[PRODUCTS, CARTS, ORDERS, STOCK, PAYMENTS, AUDIT, AUTH, STOREFRONT];

/// Path prefixes without pages: a path below them that is not listed does not exist.
pub(crate) const API_PREFIXES: &[&str] = &["/api", "/internal", "/media"];

/// Read-only routes of both edges.
pub(crate) const SHARED: &[Route] = &[
    get("/api/v1/products", PRODUCTS),
    get("/api/v1/products/suggestions", PRODUCTS),
    get("/api/v1/products/{id}", PRODUCTS),
    get("/api/v1/products/{id}/price-history", PRODUCTS),
    get("/api/v1/products/{id}/variants/{sku}", PRODUCTS),
    get("/api/v1/categories", PRODUCTS),
    get("/media/{digest}/{file}", PRODUCTS),
    get("/api/v1/shipping-methods", CARTS),
    get("/api/v1/countries", CARTS),
    get("/api/v1/shop", CARTS),
    get("/api/v1/carts/{id}", CARTS),
    get("/api/v1/orders/{id}", ORDERS),
    get("/api/v1/payment-methods", ORDERS),
    get("/api/v1/payments/{id}", PAYMENTS),
];

/// Routes of the shop edge only, including webhooks.
pub(crate) const SHOP: &[Route] = &[
    post("/api/v1/carts", CARTS),
    post("/api/v1/carts/{id}/lines", CARTS),
    post("/api/v1/carts/{id}/quote", CARTS),
    route(&[Method::PATCH, Method::DELETE], "/api/v1/carts/{id}/lines/{sku}", CARTS),
    post("/api/v1/carts/{id}/checkout", ORDERS),
    post("/api/v1/orders/lookup", ORDERS),
    post("/api/v1/orders/{id}/cancel", ORDERS),
    post("/api/v1/payments/{id}/action", PAYMENTS),
    post("/api/v1/webhooks/payments/test", PAYMENTS),
];

/// Routes of the operator edge only.
pub(crate) const OPERATOR: &[Route] = &[
    post("/api/v1/products", PRODUCTS),
    import("/api/v1/products/import", PRODUCTS),
    get("/api/v1/media", PRODUCTS),
    Route { body: BodyLimit::Media, ..post("/api/v1/media", PRODUCTS) },
    route(&[Method::PATCH], "/api/v1/products/{id}", PRODUCTS),
    post("/api/v1/products/{id}/variants", PRODUCTS),
    route(&[Method::PATCH, Method::DELETE], "/api/v1/products/{id}/variants/{sku}", PRODUCTS),
    route(&[Method::PUT], "/api/v1/products/{id}/variants/{sku}/price", PRODUCTS),
    post("/api/v1/products/{id}/publish", PRODUCTS),
    post("/api/v1/products/{id}/archive", PRODUCTS),
    get("/api/v1/stock", STOCK),
    route(&[Method::GET, Method::PUT], "/api/v1/stock/{sku}", STOCK),
    route(&[Method::GET, Method::POST], "/api/v1/stock/{sku}/movements", STOCK),
    route(&[Method::GET, Method::POST], "/api/v1/orders", ORDERS),
    post("/api/v1/orders/{id}/cancel", ORDERS),
    post("/api/v1/orders/{id}/fulfil", ORDERS),
    post("/api/v1/orders/{id}/payments", ORDERS),
    post("/api/v1/orders/{id}/refunds", ORDERS),
    get("/api/v1/sagas", ORDERS),
    post("/api/v1/sagas/{id}/retry", ORDERS),
    get("/api/v1/audit", AUDIT),
    get("/api/v1/parked/product-service", PRODUCTS),
    post("/api/v1/parked/product-service/{key}/replay", PRODUCTS),
    get("/api/v1/parked/order-service", ORDERS),
    post("/api/v1/parked/order-service/{key}/replay", ORDERS),
    get("/api/v1/parked/audit-service", AUDIT),
    post("/api/v1/parked/audit-service/{key}/replay", AUDIT),
];

const fn get(path: &'static str, service: &'static str) -> Route {
    route(&[Method::GET], path, service)
}

const fn post(path: &'static str, service: &'static str) -> Route {
    route(&[Method::POST], path, service)
}

const fn route(methods: &'static [Method], path: &'static str, service: &'static str) -> Route {
    Route { methods, path, service, body: BodyLimit::Default }
}

const fn import(path: &'static str, service: &'static str) -> Route {
    Route { body: BodyLimit::Import, ..post(path, service) }
}

/// Routes of an edge; none for internal calls.
pub(crate) fn of(edge: transport::Edge) -> impl Iterator<Item = Route> + Clone {
    let own = match edge {
        transport::Edge::Shop => Some(SHOP),
        transport::Edge::Operator => Some(OPERATOR),
        transport::Edge::Internal => None,
    };
    own.into_iter().flat_map(|own| SHARED.iter().chain(own)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use transport::Edge;

    #[test]
    fn routes_are_public_unambiguous_and_lead_to_declared_dependencies() {
        for edge in [Edge::Shop, Edge::Operator] {
            let mut seen = BTreeSet::new();
            for route in of(edge) {
                let is_public =
                    ["/api/v1/", "/media/"].iter().any(|prefix| route.path.starts_with(prefix));
                assert!(is_public, "{}", route.path);
                assert!(crate::MODULE.calls.contains(&route.service), "{}", route.service);
                for method in route.methods {
                    assert!(
                        seen.insert((route.path, method.as_str())),
                        "{method} {} twice",
                        route.path
                    );
                }
            }
        }
        assert_eq!(of(Edge::Internal).count(), 0);
    }

    #[test]
    fn shared_routes_are_read_only_and_the_edges_share_only_one_other() {
        assert!(SHARED.iter().all(|route| *route.methods == [Method::GET]));
        let both = |route: &&Route| SHOP.iter().any(|shop| shop.path == route.path);
        let shared: Vec<_> = OPERATOR.iter().filter(both).map(|route| route.path).collect();
        assert_eq!(shared, ["/api/v1/orders/{id}/cancel"]);
    }
}
