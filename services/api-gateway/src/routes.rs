//! What can be reached from outside, and who answers. Read it from top to bottom: this is the public API.
//!
//! What is not listed here cannot be reached through an edge, whatever a service has routes for.

use axum::http::Method;

/// An address that can be reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) methods: &'static [Method],
    pub(crate) path: &'static str,
    pub(crate) service: &'static str,
    pub(crate) body: BodySize,
}

/// How large a body an address takes; the sizes are settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodySize {
    /// As everywhere.
    Usual,
    /// A batch of an import.
    Import,
}

const PRODUCTS: &str = "product-service";
const CARTS: &str = "shopping-cart-service";
const ORDERS: &str = "order-service";
const STOCK: &str = "inventory-service";
const PAYMENTS: &str = "payment-service";
const AUDIT: &str = "audit-service";

/// Who answers on the shop edge where nothing is listed.
pub(crate) const PAGES: &str = "storefront";

/// Where pages are not: an address below these that is not listed does not exist.
pub(crate) const NO_PAGES: &[&str] = &["/api", "/internal"];

/// What shoppers and operators may read.
pub(crate) const READS: &[Route] = &[
    get("/api/v1/products", PRODUCTS),
    get("/api/v1/products/suggestions", PRODUCTS),
    get("/api/v1/products/{id}", PRODUCTS),
    get("/api/v1/products/{id}/price-history", PRODUCTS),
    get("/api/v1/categories", PRODUCTS),
    get("/api/v1/shipping-methods", CARTS),
    get("/api/v1/countries", CARTS),
    get("/api/v1/carts/{id}", CARTS),
    get("/api/v1/orders/{id}", ORDERS),
    get("/api/v1/payments/{id}", PAYMENTS),
];

/// What only shoppers do, and those who act for them.
pub(crate) const SHOP: &[Route] = &[
    post("/api/v1/carts", CARTS),
    post("/api/v1/carts/{id}/lines", CARTS),
    route(&[Method::PATCH, Method::DELETE], "/api/v1/carts/{id}/lines/{sku}", CARTS),
    post("/api/v1/carts/{id}/checkout", ORDERS),
    post("/api/v1/orders/{id}/cancel", ORDERS),
    post("/api/v1/payments/{id}/action", PAYMENTS),
    post("/api/v1/webhooks/payments/test", PAYMENTS),
];

/// What only operators do.
pub(crate) const OPERATOR: &[Route] = &[
    post("/api/v1/products", PRODUCTS),
    import("/api/v1/products/import", PRODUCTS),
    route(&[Method::PATCH], "/api/v1/products/{id}", PRODUCTS),
    route(&[Method::PUT], "/api/v1/products/{id}/variants/{sku}/price", PRODUCTS),
    post("/api/v1/products/{id}/publish", PRODUCTS),
    post("/api/v1/products/{id}/archive", PRODUCTS),
    get("/api/v1/stock", STOCK),
    route(&[Method::GET, Method::PUT], "/api/v1/stock/{sku}", STOCK),
    route(&[Method::GET, Method::POST], "/api/v1/stock/{sku}/movements", STOCK),
    route(&[Method::GET, Method::POST], "/api/v1/orders", ORDERS),
    post("/api/v1/orders/{id}/cancel", ORDERS),
    post("/api/v1/orders/{id}/fulfil", ORDERS),
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
    Route { methods, path, service, body: BodySize::Usual }
}

const fn import(path: &'static str, service: &'static str) -> Route {
    Route { body: BodySize::Import, ..post(path, service) }
}

/// What can be reached through an edge; nothing through anything else.
pub(crate) fn of(edge: transport::Edge) -> impl Iterator<Item = Route> + Clone {
    let own = match edge {
        transport::Edge::Shop => Some(SHOP),
        transport::Edge::Operator => Some(OPERATOR),
        transport::Edge::Internal => None,
    };
    own.into_iter().flat_map(|own| READS.iter().chain(own)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use transport::Edge;

    #[test]
    fn the_table_is_public_unambiguous_and_names_only_whom_the_gateway_calls() {
        for edge in [Edge::Shop, Edge::Operator] {
            let mut known = BTreeSet::new();
            for route in of(edge) {
                assert!(route.path.starts_with("/api/v1/"), "{}", route.path);
                assert!(crate::MODULE.calls.contains(&route.service), "{}", route.service);
                for method in route.methods {
                    assert!(
                        known.insert((route.path, method.as_str())),
                        "{method} {} twice",
                        route.path
                    );
                }
            }
        }
        assert_eq!(of(Edge::Internal).count(), 0);
    }

    #[test]
    fn reading_changes_nothing_and_shoppers_share_only_that_with_operators() {
        assert!(READS.iter().all(|route| *route.methods == [Method::GET]));
        let both = |route: &&Route| SHOP.iter().any(|shop| shop.path == route.path);
        let shared: Vec<_> = OPERATOR.iter().filter(both).map(|route| route.path).collect();
        assert_eq!(shared, ["/api/v1/orders/{id}/cancel"]);
    }
}
