//! Health and metrics endpoints, with details or without.

use crate::edges::unknown_route;
use axum::{
    Json, Router,
    body::Body,
    extract::{ConnectInfo, State},
    http::{HeaderMap, Request, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use kernel::{Problem, codes};
use std::{net::SocketAddr, sync::Arc};
use telemetry::{Health, HealthReport, METRICS_CONTENT_TYPE, Metrics};
use web::{AllowedHost, HostName, ProblemResponse};

/// Path of the health of the process, with the paths of its parts below.
pub(crate) const HEALTH_PATH: &str = "/health";

/// Health and metrics endpoints, on every listener but the shop edge.
#[derive(Clone, Debug)]
pub(crate) struct StatusEndpoints {
    health: Health,
    metrics: Metrics,
    hosts: Arc<[AllowedHost]>,
}

impl StatusEndpoints {
    /// Endpoints for the health and metrics of this process, which can be reached over the loopback interface by the names of
    /// this machine and these.
    pub(crate) fn new(health: Health, metrics: Metrics, hosts: Vec<AllowedHost>) -> Self {
        Self { health, metrics, hosts: hosts.into() }
    }

    /// Metrics of the process.
    pub(crate) fn registry(&self) -> &Metrics {
        &self.metrics
    }

    /// Router of a listener that has no other routes.
    pub(crate) fn alone(self) -> Router {
        self.routes().fallback(|| async { ProblemResponse(unknown_route()) })
    }

    /// Health without details, for probes.
    pub(crate) fn probes(self) -> Router {
        let readiness = async |State(status): State<Self>| http_status(&status.health.readiness());
        let liveness = async |State(status): State<Self>| http_status(&status.health.liveness());
        Router::new()
            .route(HEALTH_PATH, get(readiness))
            .route("/health/live", get(liveness))
            .route("/health/ready", get(readiness))
            .route_layer(from_fn_with_state(self.clone(), check_host))
            .with_state(self)
    }

    /// Liveness without details.
    pub(crate) fn bare_liveness(self) -> Router {
        let liveness = async |State(status): State<Self>| http_status(&status.health.liveness());
        Router::new().route("/health/live", get(liveness)).with_state(self)
    }

    /// Health with all details, and metrics.
    pub(crate) fn routes(self) -> Router {
        Router::new()
            .route(HEALTH_PATH, get(readiness))
            .route("/health/live", get(liveness))
            .route("/health/ready", get(readiness))
            .route("/metrics", get(metrics))
            .route_layer(from_fn_with_state(self.clone(), check_host))
            .with_state(self)
    }
}

/// DNS rebinding protection: a page of another site does not read the status of a shop on this machine.
pub(crate) async fn check_host(
    State(status): State<StatusEndpoints>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let is_known = HostName::of(request.headers(), &status.hosts) != HostName::Unknown;
    if is_known || !peer.ip().to_canonical().is_loopback() {
        return next.run(request).await;
    }
    let title = "this host name is not configured; use localhost, or add the name to the setting api-gateway.hosts";
    ProblemResponse(Problem::of(codes::FORBIDDEN, title)).into_response()
}

async fn readiness(State(status): State<StatusEndpoints>) -> impl IntoResponse {
    report(status.health.readiness())
}

async fn liveness(State(status): State<StatusEndpoints>) -> impl IntoResponse {
    report(status.health.liveness())
}

fn report(report: HealthReport) -> (StatusCode, Json<HealthReport>) {
    (http_status(&report), Json(report))
}

fn http_status(report: &HealthReport) -> StatusCode {
    StatusCode::from_u16(report.http_status()).expect("a report has the status 200 or 503")
}

async fn metrics(State(status): State<StatusEndpoints>) -> (HeaderMap, String) {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(METRICS_CONTENT_TYPE));
    (headers, status.metrics.encode())
}
