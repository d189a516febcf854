//! The catalogue over HTTP: one set of routes, of which shoppers see what is on sale and operators see everything.

mod browsing;
mod changing;
mod intake;
mod problems;
mod wish;

use super::activities::Activities;
use crate::application::Catalogue;
use crate::index::Audience;
use std::sync::Arc;
use transport::Edge;
use web::routing::{get_with, patch_with, post_with, put_with};
use web::{ApiRouter, Caller, body_limit};

/// The largest body of one product, with its 2,048 variants.
const PRODUCT_BYTES_MAX: usize = 4 << 20;
/// The largest body of an import batch.
pub(crate) const IMPORT_BYTES_MAX: usize = 16 << 20;

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct Doors {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) activities: Activities,
}

/// The routes of the service.
pub(crate) fn routes(doors: Doors) -> ApiRouter {
    browsing_routes().merge(changing_routes()).with_state(doors)
}

fn browsing_routes() -> ApiRouter<Doors> {
    const TAG: &str = "Products";
    ApiRouter::new()
        .api_route(
            "/api/v1/products",
            get_with(browsing::list, |it| {
                it.id("listProducts").summary("List, filter and search products").tag(TAG)
            }),
        )
        .api_route(
            "/api/v1/products/suggestions",
            get_with(browsing::suggest, |it| {
                it.id("suggestProducts").summary("What a search box may offer").tag(TAG)
            }),
        )
        .api_route(
            "/api/v1/products/{product}",
            get_with(browsing::show, |it| {
                it.id("showProduct").summary("One product, by id or slug").tag(TAG)
            }),
        )
        .api_route(
            "/api/v1/products/{product}/price-history",
            get_with(browsing::price_history, |it| {
                it.id("showPriceHistory").summary("All prices a product ever had").tag(TAG)
            }),
        )
        .api_route(
            "/api/v1/categories",
            get_with(browsing::categories, |it| {
                it.id("listCategories").summary("The categories that have products").tag(TAG)
            }),
        )
        .api_route(
            "/internal/v1/variants/lookup",
            post_with(browsing::look_up, |it| it.summary("Facts about several SKUs").tag(TAG)),
        )
}

fn changing_routes() -> ApiRouter<Doors> {
    const TAG: &str = "Product administration";
    ApiRouter::new()
        .api_route(
            "/api/v1/products",
            body_limit(
                post_with(changing::create, |it| {
                    it.id("createProduct").summary("Make a product").tag(TAG)
                }),
                PRODUCT_BYTES_MAX,
            ),
        )
        .api_route(
            "/api/v1/products/import",
            body_limit(
                post_with(changing::import, |it| {
                    it.id("importProducts").summary("Make or change products by slug").tag(TAG)
                }),
                IMPORT_BYTES_MAX,
            ),
        )
        .api_route(
            "/api/v1/products/{product}",
            body_limit(
                patch_with(changing::patch, |it| {
                    it.id("changeProduct").summary("Change a product").tag(TAG)
                }),
                PRODUCT_BYTES_MAX,
            ),
        )
        .api_route(
            "/api/v1/products/{product}/variants/{sku}/price",
            put_with(changing::price, |it| {
                it.id("setPrice").summary("Set the price of a variant, from now on").tag(TAG)
            }),
        )
        .api_route(
            "/api/v1/products/{product}/publish",
            post_with(changing::publish, |it| {
                it.id("publishProduct").summary("Put a product on sale").tag(TAG)
            }),
        )
        .api_route(
            "/api/v1/products/{product}/archive",
            post_with(changing::archive, |it| {
                it.id("archiveProduct").summary("Take a product off sale").tag(TAG)
            }),
        )
}

/// Who looks: operators see what is not on sale too.
fn audience(caller: &Caller) -> Audience {
    match caller.edge {
        Edge::Operator => Audience::Operators(None),
        Edge::Shop | Edge::Internal => Audience::Shoppers,
    }
}
