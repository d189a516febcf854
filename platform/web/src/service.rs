//! Assembly of a service's router: request layer, limits, fallbacks, contract routes.

use crate::{
    ApiDescription, ApiMethodRouter, ApiRouter, Idempotency, ReplayRenderer, body::BODY_BYTES_MAX,
    contract_routes, request_layer::RequestLayer,
};
use kernel::Ids;
use rpc::Endpoint;
use std::sync::Arc;
use transport::RequestHandler;

/// Handler of all routes of a service, behind its request layer, with the description of the routes.
#[derive(Clone, Debug)]
pub struct ServiceRouter {
    /// The routes, with all layers.
    pub router: RequestHandler,
    /// The OpenAPI description of the routes.
    pub description: ApiDescription,
}

/// Dependencies and settings of a service's request layer.
#[derive(Clone, Debug)]
pub struct ServiceParts {
    /// Registry of metrics.
    pub metrics: telemetry::Metrics,
    /// Source of request and trace ids.
    pub ids: Ids,
    /// Idempotency layer. A service without one relies on the ids of its effects alone.
    pub idempotency: Option<Idempotency>,
    /// Limits of requests.
    pub limits: Limits,
}

impl ServiceParts {
    /// The same parts, whose idempotency layer renders responses that are kept by reference.
    #[must_use]
    pub fn with_renderer(self, renderer: Arc<dyn ReplayRenderer>) -> Self {
        let idempotency = self.idempotency.map(|layer| layer.with_renderer(renderer));
        Self { idempotency, ..self }
    }
}

/// Limits of a service's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum size of a body, in bytes, unless the route has a [`body_limit`] of its own. Default: 1 MiB.
    pub body_bytes_max: usize,
    /// Maximum size of a body, in bytes, of a request with an idempotency key, which is read whole before its handler runs.
    /// Default: 1 MiB; raise it if a route with keys has larger bodies.
    pub keyed_body_bytes_max: usize,
    /// Maximum size of all stored responses of the service, in bytes, with what their storage takes. Default: 128 MiB.
    pub stored_responses_bytes_max: u64,
    /// Maximum number of concurrent requests; the next one is refused at once with 503 `overloaded`. Default: 1024.
    pub requests_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: BODY_BYTES_MAX,
            keyed_body_bytes_max: 1 << 20,
            stored_responses_bytes_max: 128 << 20,
            requests_max: 1024,
        }
    }
}

/// Function of routes that gives them a body limit of their own, in bytes.
pub fn body_limit<S>(bytes_max: usize) -> impl Fn(ApiMethodRouter<S>) -> ApiMethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    move |route| route.each(|operation| operation.body_bytes_max = Some(bytes_max))
}

/// Wraps the routes of a service in its request layer: context, span and access log, metrics by route, concurrency limit,
/// deadline, panic handling, body limit, idempotency keys. Unknown paths and methods become problems (404, 405).
pub fn service(name: &'static str, api: ApiRouter, parts: ServiceParts) -> ServiceRouter {
    let (routes, description) = api.into_parts(name);
    ServiceRouter { router: RequestLayer::new(name, routes, parts).into_handler(), description }
}

impl ServiceRouter {
    /// The same service, which also serves these endpoints of contracts, without the request layer: their guards do its
    /// work. A call without a trace begins one with `ids`.
    #[must_use]
    pub fn with_endpoints(self, endpoints: Vec<Endpoint>, ids: &Ids) -> Self {
        Self { router: contract_routes::before(self.router, endpoints, ids), ..self }
    }
}
