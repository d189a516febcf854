//! API gateway: the two edges of the shop, and the routes that can be reached through them.
//!
//! The gateway is on the path of every request, so it does little: it identifies the client, finds the route, applies
//! the rate limit, the concurrency limit and the cross-origin checks, and forwards the request to its service.

mod body;
mod client_identity;
mod client_limiter;
mod cors;
mod csrf;
mod docs_assets;
mod edge_document;
mod forward;
mod forwarded;
mod gateway;
mod operator_page;
mod quota;
mod route_table;
mod routes;
mod security_headers;
mod settings;

pub use edge_document::openapi;

use ::settings::{SettingError, Settings};
use gateway::Gateway;
use runtime::{BuildContext, BuildError, BuiltService, Module};
use settings::GatewaySettings;
use web::{AllowedHost, ConnectionLimits, ServiceRouter};

const NAME: &str = "api-gateway";

/// Module of the API gateway.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "the shop edge and the operator edge",
    calls: routes::SERVICES,
    follows: &[],
    settings: Some(::settings::Section::of::<GatewaySettings>(NAME)),
    events: None,
    maintenance: runtime::Maintenance::none,
    build: |context| Box::pin(async move { build(&context) }),
};

fn build(context: &BuildContext) -> Result<BuiltService, BuildError> {
    let settings: GatewaySettings = context.settings()?;
    let gateway = Gateway::new(context, settings)?;
    // No routes of its own: no service calls the gateway, and the upstream services document theirs.
    Ok(BuiltService::documented(ServiceRouter {
        router: gateway.into_handler(),
        description: web::ApiDescription::default(),
    }))
}

/// Limits of the connections of an edge, of which all clients together may have `connections_max`.
///
/// # Errors
///
/// A setting of the gateway is invalid.
pub fn connection_limits(
    settings: &Settings,
    connections_max: usize,
) -> Result<ConnectionLimits, SettingError> {
    let settings: GatewaySettings = settings.section(NAME)?;
    Ok(settings.connection_limits(connections_max))
}

/// Host names under which the shop can be reached over the loopback interface, besides those of this machine.
///
/// # Errors
///
/// A setting of the gateway is invalid.
pub fn allowed_hosts(settings: &Settings) -> Result<Vec<AllowedHost>, SettingError> {
    let settings: GatewaySettings = settings.section(NAME)?;
    Ok(settings.hosts)
}
