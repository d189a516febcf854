//! What every service's router gets around it.

use crate::{
    ApiDescription, ApiMethodRouter, ApiRouter, Idempotency, ProblemResponse,
    request_layer::RequestLayer,
};
use axum::{Router, extract::DefaultBodyLimit};
use kernel::{Ids, Problem, codes};

/// A service as others reach it: its routes, and their description.
#[derive(Clone, Debug)]
pub struct ServiceRouter {
    /// The routes, with everything around them.
    pub router: Router,
    /// What describes them.
    pub description: ApiDescription,
}

/// What the layer around a service is made of.
#[derive(Clone, Debug)]
pub struct ServiceParts {
    /// Where figures go.
    pub metrics: telemetry::Metrics,
    /// Where ids of requests come from.
    pub ids: Ids,
    /// The answers that are remembered by key. A service without one relies on the ids of its effects alone.
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
pub fn body_limit<S>(route: ApiMethodRouter<S>, bytes: usize) -> ApiMethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    route.layer(DefaultBodyLimit::max(bytes))
}

/// Puts around the routes what every hop goes through: the caller's context, a span and the access log, figures by
/// route, a limit of requests, the deadline, panics, a limit of bodies, idempotency keys, and problems for
/// addresses that do not exist.
pub fn service(name: &'static str, api: ApiRouter, parts: ServiceParts) -> ServiceRouter {
    let (plain, description) = api.into_parts(name);
    let router = plain
        .fallback(|| async { ProblemResponse(nothing_here()) })
        .method_not_allowed_fallback(|| async { ProblemResponse(other_method()) })
        // Handlers become routes here, once, and not at each request.
        .with_state(())
        .layer(RequestLayer::new(name, parts));
    ServiceRouter { router, description }
}

fn nothing_here() -> Problem {
    Problem::new(404, codes::NOT_FOUND, "nothing is at this address")
}

fn other_method() -> Problem {
    let title = "this address exists, but not with this method; see Allow";
    Problem::new(405, codes::METHOD_NOT_ALLOWED, title)
}
