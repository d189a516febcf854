//! Storefront: the pages of the shop, rendered on the server by a client of the public API.
//!
//! Progressive enhancement: links and forms do all the work, scripts only save page loads. The state of a page is in its
//! URL.

mod app_state;
mod assets;
mod cached_catalogue;
mod cart_cookie;
mod components;
mod compression;
mod error_pages;
mod form_fields;
mod internal_calls;
mod locale;
mod messages;
mod page_error;
mod page_response;
mod pages;
mod pictures;
mod request_context;
mod routes;
mod settings;
mod slug;
mod ttl_cache;

use ::settings::Section;
use app_state::{AppState, ServiceChannels};
use contracts::{
    cart::CartClient, order::OrderClient, payment::PaymentClient, product::ProductClient,
};
use settings::StorefrontSettings;

/// Entry of the storefront in the module table.
pub const MODULE: runtime::Module = runtime::Module {
    name: "storefront",
    summary: "the shopper's pages: list, product, cart, checkout, order",
    calls: &[
        ProductClient::SERVICE,
        CartClient::SERVICE,
        OrderClient::SERVICE,
        PaymentClient::SERVICE,
    ],
    follows: &[],
    settings: Some(Section::of::<StorefrontSettings>("storefront")),
    upkeep: runtime::Upkeep::none,
    build: |site| Box::pin(std::future::ready(build(&site))),
};

fn build(site: &runtime::Site) -> Result<runtime::Built, runtime::BuildError> {
    let settings: StorefrontSettings = site.settings()?;
    let channels = ServiceChannels {
        products: site.way(ProductClient::SERVICE)?,
        carts: site.way(CartClient::SERVICE)?,
        orders: site.way(OrderClient::SERVICE)?,
        payments: site.way(PaymentClient::SERVICE)?,
    };
    let state = AppState::new(settings, channels, site.ids.clone());
    // Pages have no idempotency keys of their own: the services behind them deduplicate.
    let parts = web::ServiceParts { idempotency: None, ..site.service_parts() };
    // Pages have no API description: every path that no other service claims may be one.
    Ok(runtime::Built { routes: routes::routes(state, parts), paths: runtime::Paths::AllOthers })
}
