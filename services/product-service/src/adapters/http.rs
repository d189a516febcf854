//! HTTP API of the catalogue: one set of routes for both edges, on which shoppers see products on sale and operators
//! see all of them.

mod commands;
mod problems;
mod queries;
mod query_params;
mod request_mapping;

use super::activities::ActivityQueue;
use crate::application::Catalogue;
use crate::index::Audience;
use std::sync::Arc;
use transport::Edge;
use web::routing::{get_with, patch_with, post_with, put_with};
use web::{ApiRouter, Caller, body_limit};

/// Largest request body for one product with 2,048 variants, in bytes.
const PRODUCT_BYTES_MAX: usize = 4 << 20;
/// Largest request body for an import batch, in bytes.
pub(crate) const IMPORT_BYTES_MAX: usize = 16 << 20;

/// State shared by the handlers.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) activities: ActivityQueue,
}

/// Routes of the service.
pub(crate) fn routes(app: AppState) -> ApiRouter {
    query_routes().merge(command_routes()).with_state(app)
}

fn query_routes() -> ApiRouter<AppState> {
    const TAG: &str = "Products";
    ApiRouter::new()
        .api_route(
            "/api/v1/products",
            get_with(queries::list, |it| {
                it.id("listProducts").summary("List, filter and search products").tag(TAG)
            }),
        )
        .api_route(
            "/api/v1/products/suggestions",
            get_with(queries::suggest, |it| {
                it.id("suggestProducts")
                    .summary("Suggest products and categories for a search text")
                    .tag(TAG)
            }),
        )
        .api_route(
            "/api/v1/products/{product}",
            get_with(queries::show, |it| {
                it.id("showProduct").summary("Get a product by id or slug").tag(TAG)
            }),
        )
        .api_route(
            "/api/v1/products/{product}/price-history",
            get_with(queries::price_history, |it| {
                it.id("showPriceHistory").summary("Get the price history of a product").tag(TAG)
            }),
        )
        .api_route(
            "/api/v1/categories",
            get_with(queries::categories, |it| {
                it.id("listCategories").summary("List the categories that have products").tag(TAG)
            }),
        )
        .api_route(
            "/internal/v1/variants/lookup",
            post_with(queries::look_up_variants, |it| {
                it.summary("Look up facts about several SKUs").tag(TAG)
            }),
        )
}

fn command_routes() -> ApiRouter<AppState> {
    const TAG: &str = "Product administration";
    ApiRouter::new()
        .api_route(
            "/api/v1/products",
            body_limit(
                post_with(commands::create, |it| {
                    it.id("createProduct").summary("Create a product").tag(TAG)
                }),
                PRODUCT_BYTES_MAX,
            ),
        )
        .api_route(
            "/api/v1/products/import",
            body_limit(
                post_with(commands::import, |it| {
                    it.id("importProducts").summary("Create or update products by slug").tag(TAG)
                }),
                IMPORT_BYTES_MAX,
            ),
        )
        .api_route(
            "/api/v1/products/{product}",
            body_limit(
                patch_with(commands::update, |it| {
                    it.id("changeProduct").summary("Update a product").tag(TAG)
                }),
                PRODUCT_BYTES_MAX,
            ),
        )
        .api_route(
            "/api/v1/products/{product}/variants/{sku}/price",
            put_with(commands::set_price, |it| {
                it.id("setPrice").summary("Set the price of a variant").tag(TAG)
            }),
        )
        .api_route(
            "/api/v1/products/{product}/publish",
            post_with(commands::publish, |it| {
                it.id("publishProduct").summary("Publish a product").tag(TAG)
            }),
        )
        .api_route(
            "/api/v1/products/{product}/archive",
            post_with(commands::archive, |it| {
                it.id("archiveProduct").summary("Archive a product").tag(TAG)
            }),
        )
}

/// Audience of a caller: operators also see products that are not on sale.
fn audience(caller: &Caller) -> Audience {
    match caller.edge {
        Edge::Operator => Audience::Operators(None),
        Edge::Shop | Edge::Internal => Audience::Shoppers,
    }
}
