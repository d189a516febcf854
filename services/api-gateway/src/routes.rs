//! Public API: the routes that can be reached from outside, the service behind each, and who may use it.
//!
//! A route that is not listed here cannot be reached through an edge, even if a service has it, and a shop whose services have one
//! does not start. Nothing else decides who may use what, with one exception: the pages and interfaces below `/auth` are the auth server's,
//! which decides itself who administers accounts and clients.

use crate::{Operation, access::Access, provider_address::MOUNT};
use axum::http::Method;
use contracts::auth::{READ_SCOPE, Role, WRITE_SCOPE};

/// Public route.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) methods: &'static [Method],
    pub(crate) path: &'static str,
    pub(crate) service: &'static str,
    pub(crate) body: BodyLimit,
    pub(crate) access: Access,
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
const INVENTORY: &str = "inventory-service";
const PAYMENTS: &str = "payment-service";
const TRAIL: &str = "audit-service";
const NOTIFICATIONS: &str = "notification-service";

const AUTH: &str = "auth-server";

/// Everybody, signed in or not.
const EVERYBODY: Access = Access::Everybody;
/// Everybody who runs the shop.
pub(crate) const OPERATORS: Access = Access::Operators { roles: &Role::ALL, scope: READ_SCOPE };
/// Those who look after money; what people did is told to nobody else.
const AUDIT: Access = Access::Operators { roles: &[Role::Finance], scope: READ_SCOPE };
const CATALOGUE: Access = Access::Operators { roles: &[Role::Merchandiser], scope: WRITE_SCOPE };
/// Also merchandisers, whose imports bring the stock of what is new.
const STOCK: Access =
    Access::Operators { roles: &[Role::Fulfilment, Role::Merchandiser], scope: WRITE_SCOPE };
const SHIPPING: Access = Access::Operators { roles: &[Role::Fulfilment], scope: WRITE_SCOPE };
const MONEY: Access = Access::Operators { roles: &[Role::Finance], scope: WRITE_SCOPE };
/// Orders of people on the telephone, and their cancellation.
const SALES: Access =
    Access::Operators { roles: &[Role::Fulfilment, Role::Finance], scope: WRITE_SCOPE };
/// The role `admin` alone, which may do everything else as well.
const ADMINISTRATION: Access = Access::Operators { roles: &[], scope: WRITE_SCOPE };

/// Service behind every path of the shop edge that is not an API path.
pub(crate) const STOREFRONT: &str = "storefront";

/// Path prefixes of the shop edge whose pages are those of another service: the provider of accounts and tokens.
pub(crate) const SITES: &[(&str, &str)] =
    &[(MOUNT, AUTH), ("/.well-known/oauth-authorization-server", AUTH)];

/// Whether a prefix of pages is that of the provider.
pub(crate) fn is_provider(prefix: &str) -> bool {
    SITES.iter().any(|(site, service)| *site == prefix && *service == AUTH)
}

/// Every service behind the edges.
pub(crate) const SERVICES: &[&str] =
    &[PRODUCTS, CARTS, ORDERS, INVENTORY, PAYMENTS, TRAIL, NOTIFICATIONS, AUTH, STOREFRONT];

/// Path prefixes without pages: a path below them that is not listed does not exist.
pub(crate) const API_PREFIXES: &[&str] = &["/api", "/internal", "/media"];

/// Paths that a process serves itself at its operator edge, with everything below them and by whatever method. Of its health everybody
/// learns whether it is well, since probes have no token, and operators why.
pub(crate) const PROCESS: &[(&str, &str, Access)] = &[
    ("GET", "/health", EVERYBODY),
    ("GET", "/metrics", OPERATORS),
    ("POST", "/maintenance", ADMINISTRATION),
];

/// Read-only routes of both edges: at the shop edge for everybody, at the operator edge, where they show more, for operators.
pub(crate) const SHARED: &[Route] = &[
    get("/api/v1/products", PRODUCTS, EVERYBODY),
    get("/api/v1/products/suggestions", PRODUCTS, EVERYBODY),
    get("/api/v1/products/{id}", PRODUCTS, EVERYBODY),
    get("/api/v1/products/{id}/price-history", PRODUCTS, EVERYBODY),
    get("/api/v1/products/{id}/variants/{sku}", PRODUCTS, EVERYBODY),
    get("/api/v1/categories", PRODUCTS, EVERYBODY),
    get("/media/{digest}/{file}", PRODUCTS, EVERYBODY),
    get("/api/v1/shipping-methods", CARTS, EVERYBODY),
    get("/api/v1/countries", CARTS, EVERYBODY),
    get("/api/v1/shop", CARTS, EVERYBODY),
    get("/api/v1/carts/{id}", CARTS, EVERYBODY),
    get("/api/v1/orders/{id}", ORDERS, EVERYBODY),
    get("/api/v1/payment-methods", ORDERS, EVERYBODY),
    get("/api/v1/payments/{id}", PAYMENTS, EVERYBODY),
];

/// Routes of the shop edge only, including webhooks. Carts, orders and payments of guests are secrets by their ids, which whoever knows may
/// use; those of an account, and everything below `/api/v1/account`, the service gives to its customer alone.
pub(crate) const SHOP: &[Route] = &[
    post("/api/v1/carts", CARTS, EVERYBODY),
    post("/api/v1/carts/{id}/lines", CARTS, EVERYBODY),
    post("/api/v1/carts/{id}/quote", CARTS, EVERYBODY),
    route(&[Method::PATCH, Method::DELETE], "/api/v1/carts/{id}/lines/{sku}", CARTS, EVERYBODY),
    post("/api/v1/carts/{id}/checkout", ORDERS, EVERYBODY),
    post("/api/v1/orders/lookup", ORDERS, EVERYBODY),
    post("/api/v1/account/cart", CARTS, EVERYBODY),
    get("/api/v1/account/wish-list", CARTS, EVERYBODY),
    route(&[Method::PUT, Method::DELETE], "/api/v1/account/wish-list/{sku}", CARTS, EVERYBODY),
    get("/api/v1/account/profile", AUTH, EVERYBODY),
    get("/api/v1/account/addresses", ORDERS, EVERYBODY),
    route(&[Method::PUT, Method::DELETE], "/api/v1/account/addresses/{id}", ORDERS, EVERYBODY),
    get("/api/v1/account/orders", ORDERS, EVERYBODY),
    post("/api/v1/account/orders/claims", ORDERS, EVERYBODY),
    post("/api/v1/account/orders/claims/check", ORDERS, EVERYBODY),
    post("/api/v1/account/orders/claims/redeem", ORDERS, EVERYBODY),
    post("/api/v1/orders/{id}/cancel", ORDERS, EVERYBODY),
    post("/api/v1/payments/{id}/action", PAYMENTS, EVERYBODY),
    post("/api/v1/webhooks/payments/test", PAYMENTS, EVERYBODY),
];

/// Routes of the operator edge only.
pub(crate) const OPERATOR: &[Route] = &[
    post("/api/v1/products", PRODUCTS, CATALOGUE),
    import("/api/v1/products/import", PRODUCTS, CATALOGUE),
    get("/api/v1/media", PRODUCTS, OPERATORS),
    Route { body: BodyLimit::Media, ..post("/api/v1/media", PRODUCTS, CATALOGUE) },
    route(&[Method::PATCH], "/api/v1/products/{id}", PRODUCTS, CATALOGUE),
    post("/api/v1/products/{id}/variants", PRODUCTS, CATALOGUE),
    route(
        &[Method::PATCH, Method::DELETE],
        "/api/v1/products/{id}/variants/{sku}",
        PRODUCTS,
        CATALOGUE,
    ),
    route(&[Method::PUT], "/api/v1/products/{id}/variants/{sku}/price", PRODUCTS, CATALOGUE),
    post("/api/v1/products/{id}/publish", PRODUCTS, CATALOGUE),
    post("/api/v1/products/{id}/archive", PRODUCTS, CATALOGUE),
    get("/api/v1/stock", INVENTORY, OPERATORS),
    get("/api/v1/stock/{sku}", INVENTORY, OPERATORS),
    route(&[Method::PUT], "/api/v1/stock/{sku}", INVENTORY, STOCK),
    get("/api/v1/stock/{sku}/movements", INVENTORY, OPERATORS),
    post("/api/v1/stock/{sku}/movements", INVENTORY, STOCK),
    get("/api/v1/orders", ORDERS, OPERATORS),
    post("/api/v1/orders", ORDERS, SALES),
    post("/api/v1/orders/{id}/cancel", ORDERS, SALES),
    post("/api/v1/orders/{id}/fulfil", ORDERS, SHIPPING),
    post("/api/v1/orders/{id}/payments", ORDERS, MONEY),
    post("/api/v1/orders/{id}/refunds", ORDERS, MONEY),
    get("/api/v1/sagas", ORDERS, OPERATORS),
    post("/api/v1/sagas/{id}/retry", ORDERS, ADMINISTRATION),
    get("/api/v1/audit", TRAIL, AUDIT),
    get("/api/v1/notifications", NOTIFICATIONS, OPERATORS),
    get("/api/v1/notifications/{id}", NOTIFICATIONS, OPERATORS),
    get("/api/v1/notifications/{id}/mail", NOTIFICATIONS, OPERATORS),
    post("/api/v1/notifications/{id}/redeliver", NOTIFICATIONS, SALES),
    post("/api/v1/notification-templates/{kind}/preview", NOTIFICATIONS, SALES),
    post("/api/v1/notification-templates/{kind}/test", NOTIFICATIONS, ADMINISTRATION),
    get("/api/v1/parked/product-service", PRODUCTS, ADMINISTRATION),
    post("/api/v1/parked/product-service/{key}/replay", PRODUCTS, ADMINISTRATION),
    get("/api/v1/parked/order-service", ORDERS, ADMINISTRATION),
    post("/api/v1/parked/order-service/{key}/replay", ORDERS, ADMINISTRATION),
    get("/api/v1/parked/audit-service", TRAIL, ADMINISTRATION),
    post("/api/v1/parked/audit-service/{key}/replay", TRAIL, ADMINISTRATION),
    get("/api/v1/parked/notification-service", NOTIFICATIONS, ADMINISTRATION),
    post("/api/v1/parked/notification-service/{key}/replay", NOTIFICATIONS, ADMINISTRATION),
];

const fn get(path: &'static str, service: &'static str, access: Access) -> Route {
    route(&[Method::GET], path, service, access)
}

const fn post(path: &'static str, service: &'static str, access: Access) -> Route {
    route(&[Method::POST], path, service, access)
}

const fn route(
    methods: &'static [Method],
    path: &'static str,
    service: &'static str,
    access: Access,
) -> Route {
    Route { methods, path, service, body: BodyLimit::Default, access }
}

const fn import(path: &'static str, service: &'static str, access: Access) -> Route {
    Route { body: BodyLimit::Import, ..post(path, service, access) }
}

/// Routes of an edge; none for internal calls.
pub(crate) fn of(edge: transport::Edge) -> impl Iterator<Item = Route> + Clone {
    let own = match edge {
        transport::Edge::Shop => Some(SHOP),
        transport::Edge::Operator => Some(OPERATOR),
        transport::Edge::Internal => None,
    };
    let at_edge = move |route: &Route| match edge {
        transport::Edge::Operator if route.access == EVERYBODY => {
            Route { access: OPERATORS, ..*route }
        }
        _ => *route,
    };
    own.into_iter().flat_map(|own| SHARED.iter().chain(own)).map(at_edge)
}

/// Every operation of an edge with who may use it, also those that the process serves itself.
pub(crate) fn table(edge: transport::Edge) -> Vec<Operation> {
    let of_services = of(edge).flat_map(|route| {
        route.methods.iter().map(move |method| route.access.operation(method.as_str(), route.path))
    });
    let of_process = PROCESS.iter().filter(|_| edge == transport::Edge::Operator);
    let of_process = of_process.map(|(method, path, access)| access.operation(method, path));
    of_services.chain(of_process).collect()
}

/// Who may use an operation of an edge; none if it has no such operation.
pub(crate) fn access(edge: transport::Edge, method: &str, path: &str) -> Option<Access> {
    let is_it = |route: &Route| {
        is_same_path(route.path, path)
            && route.methods.iter().any(|it| it.as_str().eq_ignore_ascii_case(method))
    };
    of(edge).find(is_it).map(|route| route.access)
}

/// Whether an edge has this operation of a service.
pub(crate) fn has(service: &str, method: &str, path: &str) -> bool {
    let is_it = |route: &Route| {
        route.service == service
            && is_same_path(route.path, path)
            && route.methods.iter().any(|it| it.as_str().eq_ignore_ascii_case(method))
    };
    [transport::Edge::Shop, transport::Edge::Operator]
        .into_iter()
        .any(|edge| of(edge).any(|it| is_it(&it)))
}

/// Whether two paths are the same but for the names of their parameters, which may differ between gateway and service.
pub(crate) fn is_same_path(path: &str, other: &str) -> bool {
    fn anonymous(path: &str) -> impl Iterator<Item = &str> {
        path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part })
    }
    anonymous(path).eq(anonymous(other))
}

/// What the operator edge asks for a path that the process serves itself, with the label of the route; none for all other paths.
pub(crate) fn of_process(path: &str) -> Option<(&'static str, Access)> {
    let is_below = |prefix: &str| {
        path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let found = PROCESS.iter().find(|(_, prefix, _)| is_below(prefix));
    found.map(|(_, label, access)| (*label, *access))
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

    #[test]
    fn nothing_at_the_operator_edge_is_for_everybody() {
        assert!(of(Edge::Operator).all(|route| route.access != EVERYBODY));
        assert!(of(Edge::Shop).all(|route| route.access == EVERYBODY));
        for path in ["/health/ready", "/metrics", "/metrics/", "/maintenance/backups/7"] {
            assert!(of_process(path).is_some(), "{path}");
        }
        assert_eq!(of_process("/metricsx"), None);
    }

    #[test]
    fn what_changes_something_needs_the_scope_for_it() {
        for route in of(Edge::Operator) {
            let Access::Operators { scope, .. } = route.access else { panic!("{}", route.path) };
            let changes = *route.methods != [Method::GET];
            assert!(scope == WRITE_SCOPE || !changes, "{}", route.path);
        }
    }
}
