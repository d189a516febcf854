//! Routers of the listeners: health and metrics first, then an edge of the gateway or the services themselves.

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use kernel::{Problem, codes};
use rpc::FleetSecret;
use runtime::Assembly;
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
};
use telemetry::{Health, METRICS_CONTENT_TYPE, Metrics};
use tower::Service;
use transport::{Context, Edge};

/// Health and metrics endpoints, on every listener.
#[derive(Clone, Debug)]
pub(crate) struct StatusEndpoints {
    health: Health,
    metrics: Metrics,
}

impl StatusEndpoints {
    /// Endpoints for the health and metrics of this process.
    pub(crate) fn new(health: Health, metrics: Metrics) -> Self {
        Self { health, metrics }
    }

    fn routes(self) -> Router {
        Router::new()
            .route("/health", get(readiness))
            .route("/health/live", get(liveness))
            .route("/health/ready", get(readiness))
            .route("/metrics", get(metrics))
            .with_state(self)
    }
}

/// Router of an edge. Requests come from outside, so of their context headers only the trace and the request id are
/// trusted; the edge is set here.
pub(crate) fn edge(edge: Edge, gateway: Router, status: StatusEndpoints) -> Router {
    status.routes().fallback_service(EdgeService { edge, gateway })
}

/// Router of the service listener, for other processes: every documented path and every call of a contract leads to its
/// service, all other paths to the storefront's pages.
pub(crate) fn services(
    assembly: &Assembly,
    status: StatusEndpoints,
    secret: Option<FleetSecret>,
) -> Router {
    let Assembly { routers, descriptions, fallback, .. } = assembly;
    let mut routes = matchit::Router::new();
    for (service, description) in descriptions {
        let Some(target) = routers.get(service) else { continue };
        for path in description.paths() {
            // Two services with the same path would be a contract error; the first one wins.
            let _ = routes.insert(number_parameters(path), (*service, target.clone()));
        }
        // The contracts it provides are mounted below its name.
        let _ = routes.insert(rpc::call_path(service, "{p4}"), (*service, target.clone()));
    }
    let fallback = fallback.clone();
    status.routes().fallback_service(ServiceRouter { routes: Arc::new(routes), fallback, secret })
}

/// Path with numbered parameters, so that services with different parameter names can share one route tree.
fn number_parameters(path: &str) -> String {
    let segment = |(index, segment): (usize, &str)| match segment.strip_prefix('{') {
        Some(name) if name.starts_with('*') => format!("{{*p{index}}}"),
        Some(_) => format!("{{p{index}}}"),
        None => segment.to_owned(),
    };
    path.split('/').enumerate().map(segment).collect::<Vec<_>>().join("/")
}

/// Service of an edge: sets the request context, then calls the gateway.
#[derive(Clone)]
struct EdgeService {
    edge: Edge,
    gateway: Router,
}

impl Service<Request<Body>> for EdgeService {
    type Response = <Router as Service<Request<Body>>>::Response;
    type Error = <Router as Service<Request<Body>>>::Error;
    type Future = <Router as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, context: &mut task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<Body>>::poll_ready(&mut self.gateway, context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let received = Context::from_headers(request.headers());
        let context = Context { edge: self.edge, deadline: None, actor: None, ..received };
        request.extensions_mut().insert(context);
        self.gateway.call(request)
    }
}

/// Routes a request to the service that owns its path. Axum's nesting would leave the outer path's parameters in the
/// request, where the inner handler would take them for its own.
#[derive(Clone)]
struct ServiceRouter {
    routes: Arc<matchit::Router<(&'static str, Router)>>,
    fallback: Option<(&'static str, Router)>,
    /// With a secret, only processes of the fleet are answered.
    secret: Option<FleetSecret>,
}

impl Service<Request<Body>> for ServiceRouter {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let route = self.routes.at(path).ok().map(|route| route.value);
        match route.or_else(|| self.fallback.as_ref().filter(|_| may_be_page(path))) {
            Some((service, route)) => {
                let authenticated = self
                    .secret
                    .as_ref()
                    .map_or(Ok(()), |secret| secret.authenticate(service, request.headers()));
                match authenticated {
                    Ok(()) => Box::pin(route.clone().call(request)),
                    Err(problem) => {
                        Box::pin(async { Ok(web::ProblemResponse(problem).into_response()) })
                    }
                }
            }
            None => Box::pin(async { Ok(web::ProblemResponse(unknown_route()).into_response()) }),
        }
    }
}

/// Whether an undocumented path may be a page: every API path is documented.
fn may_be_page(path: &str) -> bool {
    !["/api/", "/internal/"].iter().any(|prefix| path.starts_with(prefix))
}

fn unknown_route() -> Problem {
    Problem::new(404, codes::NOT_FOUND, "no service in this process has this route")
}

async fn readiness(State(status): State<StatusEndpoints>) -> impl IntoResponse {
    report(&status.health.readiness())
}

async fn liveness(State(status): State<StatusEndpoints>) -> impl IntoResponse {
    report(&status.health.liveness())
}

fn report(report: &telemetry::HealthReport) -> (StatusCode, Json<serde_json::Value>) {
    let status =
        StatusCode::from_u16(report.http_status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    (status, Json(serde_json::to_value(report).unwrap_or_default()))
}

async fn metrics(State(status): State<StatusEndpoints>) -> (HeaderMap, String) {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(METRICS_CONTENT_TYPE));
    (headers, status.metrics.encode())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_by_position() {
        assert_eq!(
            number_parameters("/api/v1/carts/{id}/lines/{sku}"),
            "/api/v1/carts/{p4}/lines/{p6}"
        );
        assert_eq!(number_parameters("/replay/{*key}"), "/replay/{*p2}");
    }
}
