//! The addresses of the shop.

use crate::{
    http::{Trouble, dress},
    pages::{cart, checkout, files, help, home, list, order, payment, product, suggest},
    shop::Shop,
};
use axum::{
    Router, middleware,
    routing::{get, post},
};
use std::sync::Arc;
use web::{ApiRouter, ServiceParts, ServiceRouter};

/// All pages, with what every service has around its routes, and outermost what turns trouble into a page.
pub(crate) fn routes(shop: Shop, parts: ServiceParts) -> ServiceRouter {
    let shop = Arc::new(shop);
    let pages = Router::new()
        .route("/", get(home::show))
        .route("/products", get(list::all))
        .route("/new", get(list::new))
        .route("/c/{*category}", get(list::category))
        .route("/p/{slug}", get(product::show))
        .route("/suggest", get(suggest::show))
        .route("/cart", get(cart::show))
        .route("/cart/add", post(cart::add))
        .route("/cart/change", post(cart::change))
        .route("/checkout", get(checkout::show).post(checkout::place))
        .route("/orders", get(order::find_form).post(order::find))
        .route("/orders/{id}", get(order::show))
        .route("/orders/{id}/cancel", post(order::cancel))
        .route("/payments/{id}/action", get(payment::show).post(payment::act))
        .route("/help", get(help::show))
        .route("/pictures/{kind}/{colour}/{view}", get(files::picture))
        .route("/assets/{file}", get(files::asset))
        .route("/favicon.ico", get(files::favicon))
        .route("/robots.txt", get(files::robots))
        // The theme has its hash in its name, and whatever else is asked for at the root is gone.
        .route("/{file}", get(files::asset))
        .fallback(|| async { Trouble::Gone })
        .with_state(Arc::clone(&shop));
    let service = web::service("storefront", ApiRouter::from(pages), parts);
    let router = service.router.layer(middleware::from_fn_with_state(shop, dress));
    ServiceRouter { router, ..service }
}
