//! Routers of the listeners: an edge of the gateway with what the process serves itself, or the services themselves.
//!
//! Health details and metrics tell how much the shop sells, so the shop edge has neither, and the operator edge has them for operators
//! alone: a probe learns whether the process is well, and nothing else.

use crate::{
    account_administration::AccountCommands,
    backups::Backups,
    error::CliError,
    modules::{self, Admitted},
    personal_data::PersonalData,
    status_endpoints::{HEALTH_PATH, StatusEndpoints, check_host},
};
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, State},
    http::Request,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use kernel::{Problem, codes};
use rpc::{CREDENTIAL_HEADER, CREDENTIAL_REFUSED, FleetSecret};
use runtime::Assembly;
use std::{collections::BTreeSet, net::SocketAddr};
use transport::{Context, Edge, RequestHandler, ResponseFuture};
use web::ProblemResponse;

/// Handler of the shop edge: the gateway, and liveness without details beside it, which is answered also when the gateway is busy.
pub(crate) fn shop_edge(gateway: RequestHandler, status: StatusEndpoints) -> RequestHandler {
    let gateway = gateway_at(Edge::Shop, gateway);
    let liveness = RequestHandler::from(status.bare_liveness());
    RequestHandler::new(move |request, _| {
        // A request for anything else does not pass through a router.
        let is_liveness = request.uri().path() == "/health/live";
        if is_liveness { &liveness } else { &gateway }.handle(request, None)
    })
}

/// Handler of the operator edge: the gateway, and behind it what the process serves itself, to whom the gateway admits.
pub(crate) fn operator_edge(
    gateway: RequestHandler,
    status: StatusEndpoints,
    (backups, personal_data, accounts): (&Backups, &PersonalData, &AccountCommands),
) -> RequestHandler {
    let maintenance = backups.clone().routes().merge(personal_data.clone().routes());
    let maintenance = maintenance.merge(accounts.clone().routes());
    let maintenance = maintenance.method_not_allowed_fallback(|| async {
        let title = "this path does not accept the method; see Allow";
        ProblemResponse(Problem::of(codes::METHOD_NOT_ALLOWED, title))
    });
    // A page of any site could have a browser on this machine ask for it.
    let maintenance = maintenance.layer(from_fn_with_state(status.clone(), refuse_pages));
    let not_found = || async { ProblemResponse(not_found()) };
    let probes = status.clone().probes().fallback(not_found);
    let operators = status.routes().merge(maintenance).fallback(not_found);
    let own = OwnRoutes { operators: operators.into(), probes: probes.into() };
    let gateway = gateway_at(Edge::Operator, gateway);
    RequestHandler::new(move |request, _| {
        if modules::takes_admission(request.uri().path()) {
            return Box::pin(own.clone().handle(gateway.clone(), request));
        }
        gateway.handle(request, None)
    })
}

/// The gateway at an edge. Requests come from outside, so of their context headers only the trace and the request id are trusted; the
/// edge is set here.
fn gateway_at(edge: Edge, gateway: RequestHandler) -> RequestHandler {
    RequestHandler::new(move |request, _| {
        let received = Context::from_untrusted_headers(request.headers());
        gateway.handle(request, Some(Context { edge, ..received }))
    })
}

/// What the process serves itself at the operator edge.
#[derive(Clone, Debug)]
struct OwnRoutes {
    /// To operators.
    operators: RequestHandler,
    /// To everybody: whether the process is well, without details.
    probes: RequestHandler,
}

impl OwnRoutes {
    /// Response to a request that the gateway admits: it knows who asks, and who may have what. A probe is answered also when the gateway
    /// refuses it, because its client has asked too often, say: an orchestrator would restart a process that is well.
    async fn handle(self, gateway: RequestHandler, request: Request<Body>) -> Response {
        let (head, body) = request.into_parts();
        let question = Request::from_parts(head.clone(), Body::empty());
        let mut answer = gateway.handle(question, None).await;
        let admitted = answer.extensions_mut().remove::<Admitted>();
        let is_probe = head.uri.path().starts_with(HEALTH_PATH);
        let request = Request::from_parts(head, body);
        match admitted {
            Some(Admitted { context, is_operator: true }) => {
                self.handle_operator(context, request).await
            }
            None if !is_probe => answer,
            _ => self.probes.handle(request, None).await,
        }
    }

    /// Response to an operator, in whose context it is made. A change is logged: that of a backup is in no journal.
    async fn handle_operator(&self, context: Context, request: Request<Body>) -> Response {
        let (actor, method, uri) =
            (context.actor.clone(), request.method().clone(), request.uri().clone());
        let response = context.scope(self.operators.handle(request, None)).await;
        if !method.is_safe() {
            let (actor, status) = (actor.as_deref(), response.status().as_u16());
            tracing::info!(actor, %method, path = uri.path(), status, "maintenance");
        }
        response
    }
}

/// Router of the service listener, for other processes: every documented path and every call of a contract leads to its
/// service, all other paths to the storefront's pages. Requests need a credential of the secret, where there is one; the listener itself
/// may admit members of the fleet alone, by their certificates.
pub(crate) fn services(
    assembly: &Assembly,
    status: StatusEndpoints,
    (secret, admits_members): (Option<FleetSecret>, bool),
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
    let (fallback, is_guarded) = (fallback.clone(), secret.is_some() || admits_members);
    let services = ServiceRoutes { routes, fallback, secret };
    let services = RequestHandler::new(move |request, _| services.handle(request));
    let calls = Router::new().fallback_service(services);
    let calls = if is_guarded {
        calls
    } else {
        calls.layer(from_fn_with_state(status.clone(), refuse_browsers))
    };
    Ok(status.routes().fallback_service(calls))
}

/// Router of the registry at its own listener: its protocol and its page to whom it admits, and probes. A page of any site could have a
/// browser on this machine ask for it, so that without credentials the host must be known, and no page may change anything.
pub(crate) fn registry(
    registry: RequestHandler,
    status: StatusEndpoints,
    is_guarded: bool,
) -> Router {
    let registry = Router::new().fallback_service(registry);
    let registry = if is_guarded {
        registry
    } else {
        registry.layer(from_fn_with_state(status.clone(), refuse_changes_by_pages))
    };
    status.probes().fallback_service(registry)
}

/// Handler of the listener of the provider of accounts: the provider as outside, and probes beside it, which are answered also when it is
/// busy.
pub(crate) fn provider(provider: RequestHandler, status: StatusEndpoints) -> RequestHandler {
    let probes = RequestHandler::from(status.probes());
    RequestHandler::new(move |request, _| {
        let is_probe = request.uri().path().starts_with(HEALTH_PATH);
        if is_probe { &probes } else { &provider }.handle(request, None)
    })
}

/// Refusal of pages that change something, and of hosts that are unknown.
async fn refuse_changes_by_pages(
    status: State<StatusEndpoints>,
    peer: ConnectInfo<SocketAddr>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let is_of_page = BROWSER_HEADERS.iter().any(|name| request.headers().contains_key(*name));
    if is_of_page && !request.method().is_safe() {
        let title = "a page registers nothing; this is for programs";
        return ProblemResponse(Problem::new(403, codes::FORBIDDEN, title)).into_response();
    }
    check_host(status, peer, request, next).await
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
        let Some((service, handler)) = route else {
            return Box::pin(async { ProblemResponse(unknown_route()).into_response() });
        };
        let authenticate =
            |secret: &FleetSecret| secret.authenticate(service, request.headers()).err();
        match self.secret.as_ref().and_then(authenticate) {
            None => handler.handle(request, None),
            Some(problem) => Box::pin(async {
                let refused = [(CREDENTIAL_HEADER, CREDENTIAL_REFUSED)];
                (refused, ProblemResponse(problem)).into_response()
            }),
        }
    }
}

/// Whether an undocumented path may be a page: every API path is documented.
fn may_be_page(path: &str) -> bool {
    !["/api/", "/internal/"].iter().any(|prefix| path.starts_with(prefix))
}

pub(crate) fn unknown_route() -> Problem {
    Problem::of(codes::NOT_FOUND, "no service in this process has this route")
}

fn not_found() -> Problem {
    Problem::of(codes::NOT_FOUND, "there is nothing at this path")
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
