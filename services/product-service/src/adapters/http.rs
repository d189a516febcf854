//! HTTP API of the catalogue: one set of routes for both edges, on which shoppers see products on sale and operators
//! see all of them.

mod commands;
mod description;
mod import_outcome;
mod media;
mod problems;
mod queries;
mod query_params;
mod request_mapping;
mod variants;

use super::activities::ActivityQueue;
use crate::application::Catalogue;
use crate::index::Audience;
use std::sync::Arc;
use transport::Edge;
use web::routing::{delete_with, get_with, operation, patch_with, post_with, put_with};
use web::{ApiRouter, Caller, body_limit};

/// Largest request body for one product with 2,048 variants, in bytes.
const PRODUCT_BYTES_MAX: usize = 4 << 20;
/// Largest request body for an import batch, in bytes.
pub(crate) const IMPORT_BYTES_MAX: usize = 16 << 20;
/// Largest uploaded picture, in bytes.
pub(crate) const UPLOAD_BYTES_MAX: usize = 16 << 20;

/// State shared by the handlers.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) activities: ActivityQueue,
}

/// Routes of the service.
pub(crate) fn routes(app: AppState) -> ApiRouter {
    let media = media::routes();
    reading().merge(changing()).merge(changing_variants()).merge(media).with_state(app)
}

fn reading() -> ApiRouter<AppState> {
    let read = |id, summary| operation(id, summary, "Products");
    ApiRouter::new()
        .api_route(
            "/api/v1/products",
            get_with(queries::list, read("listProducts", "List, filter and search products")),
        )
        .api_route(
            "/api/v1/products/suggestions",
            get_with(
                queries::suggest,
                read("suggestProducts", "Suggest products and categories for a search text"),
            ),
        )
        .api_route(
            "/api/v1/products/{product}",
            get_with(queries::show, read("showProduct", "Get a product by id or slug")),
        )
        .api_route(
            "/api/v1/products/{product}/price-history",
            get_with(
                queries::price_history,
                read("showPriceHistory", "Get the price history of a product"),
            ),
        )
        .api_route(
            "/api/v1/categories",
            get_with(
                queries::categories,
                read("listCategories", "List the categories that have products"),
            ),
        )
        .api_route(
            "/api/v1/products/{product}/variants/{sku}",
            get_with(variants::show, read("showVariant", "Get a variant of a product")),
        )
}

fn changing() -> ApiRouter<AppState> {
    let product_limit = |route| body_limit(route, PRODUCT_BYTES_MAX);
    let change = |id, summary| operation(id, summary, "Product administration");
    ApiRouter::new()
        .api_route(
            "/api/v1/products",
            product_limit(post_with(commands::create, change("createProduct", "Create a product"))),
        )
        .api_route(
            "/api/v1/products/import",
            body_limit(
                post_with(
                    commands::import,
                    change("importProducts", "Create or update products by slug"),
                ),
                IMPORT_BYTES_MAX,
            ),
        )
        .api_route(
            "/api/v1/products/{product}",
            product_limit(patch_with(
                commands::update,
                change("changeProduct", "Update a product"),
            )),
        )
        .api_route(
            "/api/v1/products/{product}/variants/{sku}/price",
            put_with(commands::set_price, change("setPrice", "Set the price of a variant")),
        )
        .api_route(
            "/api/v1/products/{product}/publish",
            post_with(commands::publish, change("publishProduct", "Publish a product")),
        )
        .api_route(
            "/api/v1/products/{product}/archive",
            post_with(commands::archive, change("archiveProduct", "Archive a product")),
        )
}

fn changing_variants() -> ApiRouter<AppState> {
    let change = |id, summary| operation(id, summary, "Product administration");
    ApiRouter::new()
        .api_route(
            "/api/v1/products/{product}/variants",
            post_with(variants::add, change("addVariant", "Add a variant")),
        )
        .api_route(
            "/api/v1/products/{product}/variants/{sku}",
            patch_with(variants::change, change("changeVariant", "Update a variant")),
        )
        .api_route(
            "/api/v1/products/{product}/variants/{sku}",
            delete_with(variants::withdraw, change("withdrawVariant", "Take a variant off sale")),
        )
}

/// Audience of a caller: operators also see products that are not on sale.
fn audience(caller: &Caller) -> Audience {
    match caller.edge {
        Edge::Operator => Audience::Operators(None),
        Edge::Shop | Edge::Internal => Audience::Shoppers,
    }
}
