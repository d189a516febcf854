//! API gateway: the two edges of the shop, and the routes that can be reached through them.
//!
//! The gateway is on the path of every request, so it does little: it identifies the client, finds the route, applies
//! the rate limit, the concurrency limit and the cross-origin checks, and forwards the request to its service.

mod access;
mod authentication;
mod body;
mod client_certificate;
mod client_identity;
mod client_limiter;
mod cors;
mod csrf;
mod customers;
mod docs_assets;
mod edge_document;
mod fleet_view;
mod forward;
mod forwarded;
mod front;
mod gateway;
mod leaving;
mod operator_page;
mod own_issuer;
mod own_path;
mod provider_address;
mod provider_listener;
mod quota;
mod registrar;
mod route_table;
mod routes;
mod security_headers;
mod settings;
mod sign_in;

pub use edge_document::openapi;
pub use gateway::Admitted;

use ::settings::{Secret, SettingError, Settings};
use gateway::Gateway;
use kernel::Ids;
use provider_listener::ProviderListener;
use runtime::{BuildContext, BuildError, BuiltService, Module};
use settings::GatewaySettings;
use telemetry::Metrics;
use transport::{Channel, RequestHandler};
use web::{AllowedHost, ConnectionLimits, ServiceRouter};

const NAME: &str = "api-gateway";

/// Module of the API gateway.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "the shop edge and the operator edge",
    calls: routes::SERVICES,
    follows: &[],
    instances: runtime::InstanceModel::AllActive,
    settings: Some(::settings::Section::of::<GatewaySettings>(NAME)),
    events: None,
    plaintext: None,
    collections: &[],
    projected: &[],
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

/// Handler of a listener of the provider of accounts, in front of the provider that the channel leads to, with everything that the shop edge
/// does for it.
///
/// # Errors
///
/// A setting of the gateway is invalid.
pub fn provider_listener(
    settings: &Settings,
    provider: Channel,
    ids: Ids,
    metrics: &Metrics,
) -> Result<RequestHandler, BuildError> {
    let settings: GatewaySettings = settings.section(NAME)?;
    let listener = ProviderListener::new(&settings, provider, ids, metrics);
    Ok(listener.map_err(BuildError::Other)?.into_handler())
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

/// Whether the operator edge of these settings asks for a token or a sign-in.
///
/// # Errors
///
/// A setting of the gateway is invalid.
pub fn operators_sign_in(settings: &Settings) -> Result<bool, SettingError> {
    let settings: GatewaySettings = settings.section(NAME)?;
    Ok(settings.operator_sign_in)
}

/// Token of the settings that may do everything at the operator edge; empty if there is none.
///
/// # Errors
///
/// A setting of the gateway is invalid.
pub fn operator_token(settings: &Settings) -> Result<Secret, SettingError> {
    let settings: GatewaySettings = settings.section(NAME)?;
    Ok(settings.operator_token)
}

/// Whether a path of the operator edge that the process serves itself takes the admission of the gateway: an answer with [`Admitted`]
/// among its extensions.
pub fn takes_admission(path: &str) -> bool {
    routes::of_process(path).is_some()
}

/// Operation of an edge, with who may use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Method.
    pub method: &'static str,
    /// Path, with its parameters in braces.
    pub path: &'static str,
    /// Roles of which one is enough; none if everybody may use it.
    pub roles: Vec<&'static str>,
    /// Scope that a token needs; empty if everybody may use it.
    pub scope: &'static str,
}

/// The table of who may do what at an edge.
pub fn operations(edge: transport::Edge) -> Vec<Operation> {
    routes::table(edge)
}

/// Operations of services, as method and path, that the table of who may do what lacks: a shop that has one does not start.
pub fn unlisted_operations<'a>(
    operations: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
) -> Vec<String> {
    let is_unlisted =
        |(service, method, path): &(&str, &str, &str)| !routes::has(service, method, path);
    let unlisted = operations.into_iter().filter(is_unlisted);
    unlisted.map(|(service, method, path)| format!("{method} {path} of {service}")).collect()
}
