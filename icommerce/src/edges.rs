//! Routers of the listeners: health and metrics first, then an edge of the gateway or the services themselves.
//!
//! Health details and metrics tell how much the shop sells, so the shop edge has neither: there a probe learns that the
//! process is alive, and nothing else.

use crate::{
    backups::{BACKUPS_PATH, Backups},
    error::CliError,
    modules::{self, Admitted},
    personal_data::{PERSONS_PATH, PersonalData},
};
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
use rpc::FleetSecret;
use runtime::Assembly;
use std::{collections::BTreeSet, net::SocketAddr, sync::Arc};
use telemetry::{Health, HealthReport, METRICS_CONTENT_TYPE, Metrics};
use transport::{Context, Edge, RequestHandler, ResponseFuture};
use web::{AllowedHost, HostName, ProblemResponse};

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

    /// Router of a listener that has no other routes.
    pub(crate) fn alone(self) -> Router {
        self.routes().fallback(|| async { ProblemResponse(unknown_route()) })
    }

    fn routes(self) -> Router {
        Router::new()
            .route("/health", get(readiness))
            .route("/health/live", get(liveness))
            .route("/health/ready", get(readiness))
            .route("/metrics", get(metrics))
            .route_layer(from_fn_with_state(self.clone(), check_host))
            .with_state(self)
    }

    /// Liveness without details.
    fn bare_liveness(self) -> Router {
        let status = async |State(status): State<Self>| http_status(&status.health.liveness());
        Router::new().route("/health/live", get(status)).with_state(self)
    }
}

/// DNS rebinding protection: a page of another site does not read the status of a shop on this machine.
async fn check_host(
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

/// Handler of an edge: the gateway, with the status endpoints before it. Requests come from outside, so of their context
/// headers only the trace and the request id are trusted; the edge is set here.
pub(crate) fn edge(
    edge: Edge,
    gateway: RequestHandler,
    status: StatusEndpoints,
    (backups, personal_data): (&Backups, &PersonalData),
) -> RequestHandler {
    let status = match edge {
        Edge::Shop => status.bare_liveness(),
        Edge::Operator | Edge::Internal => {
            let maintenance = backups.clone().routes().merge(personal_data.clone().routes());
            // A page of any site could have a browser on this machine ask for it.
            let maintenance = maintenance.layer(from_fn_with_state(status.clone(), refuse_pages));
            status.routes().merge(maintenance)
        }
    };
    let gateway = RequestHandler::new(move |request, _| {
        let received = Context::from_untrusted_headers(request.headers());
        gateway.handle(request, Some(Context { edge, ..received }))
    });
    let status = RequestHandler::from(status.fallback_service(gateway.clone()));
    RequestHandler::new(move |request, _| {
        let path = request.uri().path();
        // A request for anything else does not pass through the router of the status endpoints.
        let is_status = ["/health", "/metrics", BACKUPS_PATH, PERSONS_PATH]
            .iter()
            .any(|status| path.starts_with(status));
        if !is_status {
            return gateway.handle(request, None);
        }
        if edge == Edge::Operator && modules::takes_admission(path) {
            return Box::pin(admitted(gateway.clone(), status.clone(), request));
        }
        status.handle(request, None)
    })
}

/// Response of the status endpoints, if the gateway admits the request: it knows who asks, and who may have what.
async fn admitted(
    gateway: RequestHandler,
    status: RequestHandler,
    request: Request<Body>,
) -> Response {
    let (head, body) = request.into_parts();
    let question = Request::from_parts(head.clone(), Body::empty());
    let answer = gateway.handle(question, None).await;
    if answer.extensions().get::<Admitted>().is_none() {
        return answer;
    }
    status.handle(Request::from_parts(head, body), None).await
}

/// Router of the service listener, for other processes: every documented path and every call of a contract leads to its
/// service, all other paths to the storefront's pages.
pub(crate) fn services(
    assembly: &Assembly,
    status: StatusEndpoints,
    secret: Option<FleetSecret>,
) -> Result<Router, CliError> {
    let Assembly { routers, descriptions, fallback, below, .. } = assembly;
    let mut routes = matchit::Router::new();
    for (service, description) in descriptions {
        let Some(target) = routers.get(service) else { continue };
        // A path is listed once per method.
        let paths: BTreeSet<String> = description.paths().map(number_parameters).collect();
        for path in paths {
            routes.insert(path, (*service, target.clone())).map_err(CliError::failed)?;
        }
        // The contracts it provides are mounted below its name.
        let calls = rpc::call_path(service, "{p4}");
        routes.insert(calls, (*service, target.clone())).map_err(CliError::failed)?;
    }
    for (path, service) in below {
        let Some(target) = routers.get(service) else { continue };
        for path in [(*path).to_owned(), format!("{path}/{{*p}}")] {
            routes.insert(path, (*service, target.clone())).map_err(CliError::failed)?;
        }
    }
    let (fallback, has_secret) = (fallback.clone(), secret.is_some());
    let services = ServiceRoutes { routes, fallback, secret };
    let services = RequestHandler::new(move |request, _| services.handle(request));
    let calls = Router::new().fallback_service(services);
    let calls = if has_secret {
        calls
    } else {
        calls.layer(from_fn_with_state(status.clone(), refuse_browsers))
    };
    Ok(status.routes().fallback_service(calls))
}

/// Refusal of browsers by a service listener without a secret, where every program on this machine is a member of the
/// fleet. A page that a browser here shows is none: what a browser writes of its origin comes without the edge by which the
/// gateway forwards a request, or the host that the page names (DNS rebinding) is unknown.
async fn refuse_browsers(
    status: State<StatusEndpoints>,
    peer: ConnectInfo<SocketAddr>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let headers = request.headers();
    let is_forwarded = headers.contains_key(transport::headers::EDGE);
    if !is_forwarded && BROWSER_HEADERS.iter().any(|name| headers.contains_key(*name)) {
        let title = "a browser is no member of the fleet; use an edge of the shop";
        return ProblemResponse(Problem::new(403, codes::FORBIDDEN, title)).into_response();
    }
    check_host(status, peer, request, next).await
}

/// Refusal of everybody but a program that reaches this edge itself: neither a page nor a proxy has a part in maintenance.
async fn refuse_pages(
    status: State<StatusEndpoints>,
    peer: ConnectInfo<SocketAddr>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let headers = request.headers();
    if BROWSER_HEADERS.iter().chain(&PROXY_HEADERS).any(|name| headers.contains_key(*name)) {
        let title = "this is for programs on the machine of the shop, and not for pages or proxies";
        return ProblemResponse(Problem::new(403, codes::FORBIDDEN, title)).into_response();
    }
    check_host(status, peer, request, next).await
}

/// Headers with which proxies name the client.
const PROXY_HEADERS: [&str; 3] = ["forwarded", "x-forwarded-for", "x-forwarded-host"];
/// Headers that browsers send with the requests of pages, and no page can leave out.
const BROWSER_HEADERS: [&str; 2] = ["origin", "sec-fetch-site"];

/// Path with numbered parameters, so that services with different parameter names can share one route tree.
fn number_parameters(path: &str) -> String {
    let segment = |(index, segment): (usize, &str)| match segment.strip_prefix('{') {
        Some(name) if name.starts_with('*') => format!("{{*p{index}}}"),
        Some(_) => format!("{{p{index}}}"),
        None => segment.to_owned(),
    };
    path.split('/').enumerate().map(segment).collect::<Vec<_>>().join("/")
}

/// Routes of the services that share a listener: leads a request to the service that owns its path.
struct ServiceRoutes {
    routes: matchit::Router<(&'static str, RequestHandler)>,
    fallback: Option<(&'static str, RequestHandler)>,
    /// With a secret, only processes of the fleet are answered.
    secret: Option<FleetSecret>,
}

impl ServiceRoutes {
    fn handle(&self, request: Request<Body>) -> ResponseFuture {
        let path = request.uri().path();
        let route = self.routes.at(path).ok().map(|route| route.value);
        let route = route.or_else(|| self.fallback.as_ref().filter(|_| may_be_page(path)));
        let authenticated = route.ok_or_else(unknown_route).and_then(|(service, handler)| {
            let Some(secret) = &self.secret else { return Ok(handler) };
            secret.authenticate(service, request.headers()).map(|()| handler)
        });
        match authenticated {
            Ok(handler) => handler.handle(request, None),
            Err(problem) => Box::pin(async { ProblemResponse(problem).into_response() }),
        }
    }
}

/// Whether an undocumented path may be a page: every API path is documented.
fn may_be_page(path: &str) -> bool {
    !["/api/", "/internal/"].iter().any(|prefix| path.starts_with(prefix))
}

fn unknown_route() -> Problem {
    Problem::of(codes::NOT_FOUND, "no service in this process has this route")
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
