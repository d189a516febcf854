//! What a listener leads to: health and figures first, then an edge of the gateway or the services themselves.

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use kernel::{Problem, codes};
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

/// What every listener answers about the process.
#[derive(Clone, Debug)]
pub(crate) struct Vitals {
    health: Health,
    metrics: Metrics,
}

impl Vitals {
    /// The vitals of this process.
    pub(crate) fn new(health: Health, metrics: Metrics) -> Self {
        Self { health, metrics }
    }

    fn routes(self) -> Router {
        Router::new()
            .route("/health", get(readiness))
            .route("/health/live", get(liveness))
            .route("/health/ready", get(readiness))
            .route("/metrics", get(figures))
            .with_state(self)
    }
}

/// An edge: requests come from outside, so of what they say about themselves only the trace and the request id are
/// believed, and the door they came in by is written down here.
pub(crate) fn edge(edge: Edge, gateway: Router, vitals: Vitals) -> Router {
    vitals.routes().fallback_service(Door { edge, gateway })
}

/// The services of this process for other processes: each of their documented paths, whichever service has it, and
/// pages at the others.
pub(crate) fn services(assembled: &Assembly, vitals: Vitals) -> Router {
    let Assembly { routers, descriptions, fallback, .. } = assembled;
    let mut rooms = matchit::Router::new();
    for (service, description) in descriptions {
        let Some(router) = routers.get(service) else { continue };
        for path in description.paths() {
            // The same path with two methods of two services would be a mistake of the contracts; the first has it.
            let _ = rooms.insert(numbered(path), router.clone());
        }
    }
    vitals.routes().fallback_service(Hall { rooms: Arc::new(rooms), fallback: fallback.clone() })
}

/// The path with its parameters numbered, so that services that name the same place differently can share a tree.
fn numbered(path: &str) -> String {
    let segment = |(index, segment): (usize, &str)| match segment.strip_prefix('{') {
        Some(name) if name.starts_with('*') => format!("{{*p{index}}}"),
        Some(_) => format!("{{p{index}}}"),
        None => segment.to_owned(),
    };
    path.split('/').enumerate().map(segment).collect::<Vec<_>>().join("/")
}

#[derive(Clone)]
struct Door {
    edge: Edge,
    gateway: Router,
}

impl Service<Request<Body>> for Door {
    type Response = <Router as Service<Request<Body>>>::Response;
    type Error = <Router as Service<Request<Body>>>::Error;
    type Future = <Router as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, context: &mut task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<Body>>::poll_ready(&mut self.gateway, context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let told = Context::from_headers(request.headers());
        let context = Context { edge: self.edge, deadline: None, actor: None, ..told };
        request.extensions_mut().insert(context);
        self.gateway.call(request)
    }
}

/// Leads to the service whose path it is. Axum's own nesting would leave the outer path's parameters in the request,
/// where the inner handler would take them for its own.
#[derive(Clone)]
struct Hall {
    rooms: Arc<matchit::Router<Router>>,
    fallback: Option<Router>,
}

impl Service<Request<Body>> for Hall {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let room = self.rooms.at(path).ok().map(|room| room.value);
        match room.or_else(|| self.fallback.as_ref().filter(|_| may_be_a_page(path))) {
            Some(room) => Box::pin(room.clone().call(request)),
            None => Box::pin(async { Ok(web::ProblemResponse(nowhere()).into_response()) }),
        }
    }
}

/// Below these everything is described by somebody, and what is not does not exist.
fn may_be_a_page(path: &str) -> bool {
    !["/api/", "/internal/"].iter().any(|described| path.starts_with(described))
}

fn nowhere() -> Problem {
    Problem::new(404, codes::NOT_FOUND, "no service of this process has this address")
}

async fn readiness(State(vitals): State<Vitals>) -> impl IntoResponse {
    report(&vitals.health.readiness())
}

async fn liveness(State(vitals): State<Vitals>) -> impl IntoResponse {
    report(&vitals.health.liveness())
}

fn report(report: &telemetry::HealthReport) -> (StatusCode, Json<serde_json::Value>) {
    let status =
        StatusCode::from_u16(report.http_status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    (status, Json(serde_json::to_value(report).unwrap_or_default()))
}

async fn figures(State(vitals): State<Vitals>) -> (HeaderMap, String) {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(METRICS_CONTENT_TYPE));
    (headers, vitals.metrics.encode())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_by_place() {
        assert_eq!(numbered("/api/v1/carts/{id}/lines/{sku}"), "/api/v1/carts/{p4}/lines/{p6}");
        assert_eq!(numbered("/replay/{*key}"), "/replay/{*p2}");
    }
}
