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
mod language_cookie;
mod locale;
mod messages;
mod page_error;
mod page_response;
mod pages;
mod pictures;
mod prefetch;
mod request_context;
mod routes;
mod settings;
mod slug;
mod structured_data;
mod ttl_cache;

use ::settings::Section;
use app_state::AppState;
use contracts::{
    auth::AccountClient, cart::CartClient, order::OrderClient, payment::PaymentClient,
    product::ProductClient,
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
        AccountClient::SERVICE,
    ],
    follows: &[],
    instances: runtime::InstanceModel::AllActive,
    settings: Some(Section::of::<StorefrontSettings>("storefront")),
    events: None,
    plaintext: None,
    collections: &[],
    projected: &[],
    maintenance: runtime::Maintenance::none,
    build: |context| Box::pin(std::future::ready(build(&context))),
};

fn build(context: &runtime::BuildContext) -> Result<runtime::BuiltService, runtime::BuildError> {
    let settings: StorefrontSettings = context.settings()?;
    let state = AppState::new(settings, context)?;
    // Pages have no idempotency keys of their own: the services behind them deduplicate.
    let parts = web::ServiceParts { idempotency: None, ..context.service_parts() };
    // Pages have no API description: every path that no other service claims may be one.
    Ok(runtime::BuiltService {
        routes: routes::routes(state, parts),
        paths: runtime::RouteMatch::Fallback,
    })
}
