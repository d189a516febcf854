//! The gateway: the two edges of the shop, and all that can be reached through them.
//!
//! It is on every request's path, so it does little: it finds out who asks and where to, keeps out what is too much
//! or not meant to come in, and carries the rest to the service that answers.

mod cors;
mod cross_site;
mod directions;
mod docs;
mod door;
mod forward;
mod gateway;
mod host;
mod openapi;
mod protection;
mod rate;
mod routes;
mod settings;
mod visitor;

pub use openapi::openapi;

use axum::Router;
use gateway::Gateway;
use runtime::{BuildContext, BuildError, BuiltService, Module};
use settings::GatewaySettings;
use web::ServiceRouter;

const NAME: &str = "api-gateway";

/// The gateway.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "the shop edge and the operator edge",
    calls: &[
        "product-service",
        "shopping-cart-service",
        "order-service",
        "inventory-service",
        "payment-service",
        "audit-service",
        "storefront",
    ],
    follows: &[],
    settings: Some(::settings::Section::of::<GatewaySettings>(NAME)),
    maintenance: runtime::Maintenance::none,
    build: |context| Box::pin(async move { build(&context) }),
};

fn build(context: &BuildContext) -> Result<BuiltService, BuildError> {
    let settings: GatewaySettings = context.settings()?;
    let gateway = Gateway::new(context, settings)?;
    // No routes of its own: nobody calls the gateway, and what it leads to is described by those who answer.
    let router = Router::new().fallback_service(gateway);
    Ok(BuiltService::documented(ServiceRouter {
        router,
        description: web::ApiDescription::default(),
    }))
}
