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
use web::{ApiRouter, Caller, body_limit, routes};

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
    routes! {
        tag "Products";
        /// List, filter and search products
        get "/api/v1/products" => queries::list as listProducts;
        /// Suggest products and categories for a search text
        get "/api/v1/products/suggestions" => queries::suggest as suggestProducts;
        /// Get a product by id or slug
        get "/api/v1/products/{product}" => queries::show as showProduct;
        /// Get the price history of a product
        get "/api/v1/products/{product}/price-history" => queries::price_history as showPriceHistory;
        /// List the categories that have products
        get "/api/v1/categories" => queries::categories as listCategories;
        /// Get a variant of a product
        get "/api/v1/products/{product}/variants/{sku}" => variants::show as showVariant;
        tag "Product administration";
        /// Create a product
        post "/api/v1/products" => commands::create as createProduct, body_limit(PRODUCT_BYTES_MAX);
        /// Create or update products by slug
        post "/api/v1/products/import" => commands::import as importProducts, body_limit(IMPORT_BYTES_MAX);
        /// Update a product
        patch "/api/v1/products/{product}" => commands::update as changeProduct, body_limit(PRODUCT_BYTES_MAX);
        /// Set the price of a variant
        put "/api/v1/products/{product}/variants/{sku}/price" => commands::set_price as setPrice;
        /// Publish a product
        post "/api/v1/products/{product}/publish" => commands::publish as publishProduct;
        /// Archive a product
        post "/api/v1/products/{product}/archive" => commands::archive as archiveProduct;
        /// Add a variant
        post "/api/v1/products/{product}/variants" => variants::add as addVariant;
        /// Update a variant
        patch "/api/v1/products/{product}/variants/{sku}" => variants::change as changeVariant;
        /// Take a variant off sale
        delete "/api/v1/products/{product}/variants/{sku}" => variants::withdraw as withdrawVariant;
        /// Upload a picture
        post "/api/v1/media" => media::upload as uploadMedia, body_limit(UPLOAD_BYTES_MAX);
        /// Get the state of fetched pictures
        get "/api/v1/media" => media::report as reportMedia;
        tag "Products";
        /// Get a picture in one of its sizes
        get "/media/{digest}/{file}" => media::rendition as showMedia;
    }
    .with_state(app)
}

/// Audience of a caller: operators also see products that are not on sale.
fn audience(caller: &Caller) -> Audience {
    match caller.edge {
        Edge::Operator => Audience::Operators(None),
        Edge::Shop | Edge::Internal => Audience::Shoppers,
    }
}
