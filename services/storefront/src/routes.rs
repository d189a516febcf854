//! Route table of the shop's pages.

use crate::{
    app_state::AppState,
    error_pages::render_error_pages,
    page_error::PageError,
    pages::{
        account, cart, checkout, help, home, language, listing, merchant_pages, order, payment,
        product, search_suggestions, sitemap, static_files,
    },
};
use axum::{
    Router, middleware,
    routing::{get, post},
};
use std::sync::Arc;
use web::{ApiRouter, ServiceParts, ServiceRouter};

/// Router of all pages: inside the layers that every service has, and the error page middleware outermost.
pub(crate) fn routes(state: AppState, parts: ServiceParts) -> ServiceRouter {
    let state = Arc::new(state);
    let pages = Router::new()
        .route("/", get(home::show))
        .route("/products", get(listing::all))
        .route("/new", get(listing::new))
        .route("/c/{*category}", get(listing::category))
        .route("/p/{slug}", get(product::show))
        .route("/p/{slug}/", get(product::redirect_to_canonical))
        .route("/suggest", get(search_suggestions::show))
        .route("/cart", get(cart::show))
        .route("/cart/add", post(cart::add))
        .route("/cart/change", post(cart::update))
        .route("/checkout", get(checkout::show).post(checkout::place_order))
        .route("/account", get(account::show))
        .route("/account/arrival", get(account::arrive))
        .route("/account/claims", post(account::request_claim))
        .route("/account/claim", get(account::show_claim).post(account::redeem_claim))
        .route("/account/addresses", get(account::show_addresses))
        .route("/account/addresses/new", get(account::new_address))
        .route("/account/addresses/{id}", get(account::edit_address).post(account::save_address))
        .route("/account/addresses/{id}/default", post(account::choose_default_address))
        .route("/account/addresses/{id}/remove", post(account::remove_address))
        .route("/account/wish-list", get(account::show_wish_list))
        .route("/account/wish-list/add", post(account::add_wish))
        .route("/account/wish-list/buy", post(account::buy_wish))
        .route("/account/wish-list/remove", post(account::remove_wish))
        .route("/account/signed-out", get(account::signed_out))
        .route("/orders", get(order::lookup_form).post(order::look_up))
        .route("/orders/{id}", get(order::show))
        .route("/orders/{id}/receipt", get(order::show_receipt))
        .route("/orders/{id}/again", post(order::order_again))
        .route("/orders/{id}/cancel", post(order::cancel))
        .route("/payments/{id}/action", get(payment::show).post(payment::submit_action))
        .route("/help", get(help::show))
        .route("/imprint", get(merchant_pages::show))
        .route("/terms", get(merchant_pages::show))
        .route("/privacy", get(merchant_pages::show))
        .route("/withdrawal", get(merchant_pages::show))
        .route("/language", post(language::choose))
        .route("/sitemap.xml", get(sitemap::index))
        .route("/sitemaps/{file}", get(sitemap::file))
        .route("/pictures/{file}", get(static_files::demonstration_logo))
        .route("/pictures/{kind}/{colour}/{view}", get(static_files::picture))
        .route("/assets/{file}", get(static_files::asset))
        .route("/favicon.ico", get(static_files::favicon))
        .route("/robots.txt", get(static_files::robots))
        // The theme, whose name contains its hash; any other file at the root is not found.
        .route("/{file}", get(static_files::asset))
        .fallback(|| async { PageError::NotFound })
        .with_state(Arc::clone(&state));
    let service = web::service("storefront", ApiRouter::from(pages), parts);
    let router = Router::from(service.router);
    let router = router.layer(middleware::from_fn_with_state(state, render_error_pages));
    ServiceRouter { router: router.into(), ..service }
}
