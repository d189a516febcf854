//! Request pipeline of the gateway: client identity, routing, limits and cross-origin checks, forwarding, response
//! headers.

use crate::{
    access::Access,
    authentication::Authentication,
    body::BodyLimits,
    client_identity::{self, ClientIdentity, ClientRoute},
    client_limiter::{ClientLimiter, ClientState, too_much_in_progress},
    cors::{self, CorsPolicy},
    csrf,
    customers::Customers,
    docs_assets::DocsAsset,
    forward,
    operator_page::{self, Visitor},
    own_path::OwnPath,
    quota::{Quota, overloaded},
    route_table::{PAGES, RouteEntry, RouteLookup, RouteTable, Upstream},
    routes::BodyLimit,
    security_headers::{ResponseKind, add_security_headers},
    settings::GatewaySettings,
    sign_in,
};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use kernel::{Ids, Problem, codes};
use runtime::{BuildContext, BuildError};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use telemetry::{Health, HttpMetrics};
use tokio::time::Instant;
use tracing::Instrument;
use transport::{Context, Edge, RequestHandler, headers};
use web::{AllowedHost, HostName, IpNetwork, ProblemResponse, without_body};

/// Route label of unknown paths.
const UNMATCHED: &str = "unmatched";

const UNKNOWN_HOST: &str =
    "this host name is not configured; use localhost, or add the name to the setting hosts";
const UNKNOWN_PROXY: &str = "a proxy on this machine forwarded this request; add the proxy's address, such as 127.0.0.1, to the setting trusted_proxies";
const CROSS_SITE: &str = "pages of other sites may not do this; send the request from a program, or allow the site in the setting cors_origins";

/// Gateway of both edges, with the state that all requests share.
#[derive(Debug)]
pub(crate) struct Gateway {
    shop: EdgeState,
    operator: EdgeState,
    authentication: Authentication,
    customers: Customers,
    clients: ClientLimiter,
    body_bytes: Quota,
    limit_loopback: bool,
    trusted_proxies: Vec<IpNetwork>,
    hosts: Vec<AllowedHost>,
    cors: CorsPolicy,
    deadline: Duration,
    body_bytes_max: usize,
    import_bytes_max: usize,
    media_bytes_max: usize,
    ids: Ids,
    http: HttpMetrics,
    health: Health,
}

/// State of one edge.
#[derive(Debug)]
struct EdgeState {
    edge: Edge,
    routes: RouteTable,
    /// Requests in progress.
    requests: Quota,
}

/// Facts about a request in progress.
struct RequestInfo<'a> {
    edge: &'a EdgeState,
    client: ClientIdentity,
    lookup: RouteLookup<'a>,
    asset: Option<DocsAsset>,
    own: Option<OwnPath>,
    deadline: Instant,
}

impl Gateway {
    pub(crate) fn new(
        context: &BuildContext,
        settings: GatewaySettings,
    ) -> Result<Self, BuildError> {
        let edge_state = |edge, requests_max| {
            let routes = RouteTable::new(edge, |service| context.channel(service))?;
            Ok::<_, BuildError>(EdgeState { edge, routes, requests: Quota::new(requests_max) })
        };
        let clients = ClientLimiter::new(settings.client_limits());
        Ok(Self {
            shop: edge_state(Edge::Shop, settings.shop_requests_max)?,
            operator: edge_state(Edge::Operator, settings.operator_requests_max)?,
            authentication: Authentication::new(context, &settings)?,
            customers: Customers::new(context, &settings.shop_url)?,
            clients,
            body_bytes: Quota::new(settings.body_bytes_in_progress_max),
            limit_loopback: settings.limit_loopback_clients,
            trusted_proxies: settings.trusted_proxies,
            hosts: settings.hosts,
            cors: CorsPolicy::new(settings.cors_origins),
            deadline: Duration::from_millis(settings.deadline_ms),
            body_bytes_max: settings.body_bytes_max,
            import_bytes_max: settings.import_bytes_max,
            media_bytes_max: settings.media_bytes_max,
            ids: context.ids.clone(),
            http: HttpMetrics::new(&context.metrics, crate::NAME),
            health: context.health.clone(),
        })
    }

    pub(crate) fn into_handler(self) -> RequestHandler {
        let gateway = Arc::new(self);
        RequestHandler::new(move |request, received| {
            Box::pin(Arc::clone(&gateway).handle(request, received.unwrap_or_default()))
        })
    }

    /// Response to a request, with metrics and an access log entry.
    async fn handle(self: Arc<Self>, request: Request, received: Context) -> Response {
        let started = Instant::now();
        let (head, body) = request.into_parts();
        let edge = match received.edge {
            Edge::Shop => &self.shop,
            Edge::Operator => &self.operator,
            Edge::Internal => return ProblemResponse(not_found()).into_response(),
        };
        let (method, uri) = (head.method.clone(), head.uri.clone());
        let info = RequestInfo {
            edge,
            client: ClientIdentity::from_request(&head, &self.trusted_proxies),
            lookup: edge.routes.find(&method, uri.path()),
            asset: DocsAsset::from_path(edge.edge, uri.path()),
            own: OwnPath::at(edge.edge, uri.path()),
            deadline: started + self.deadline,
        };
        let origin = self.cors_origin(&info, &head.headers);
        let context = self.context(received, &info, &head);
        let (route, kind) = (info.route(), info.response_kind());
        let (id, span) = (context.request_id.clone(), span(&context));

        let _in_flight = self.http.begin();
        let work = self.route(info, context, head, body).instrument(span.clone());
        let response = match AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(problem)) => ProblemResponse(problem).into_response(),
            // The panic hook has logged where and why.
            Err(_) => ProblemResponse(Problem::internal()).into_response(),
        };
        let response = self.finish_response(response, &method, kind, origin, id.as_deref());
        let (status, took) = (response.status().as_u16(), started.elapsed());
        self.http.record_response(method.as_str(), route, status, took);
        let micros = took.as_micros();
        span.in_scope(|| {
            tracing::debug!(target: "access", method = method.as_str(), route, status, micros, "answered");
        });
        response
    }

    /// Checks and forwarding of a request, cheapest checks first.
    async fn route(
        &self,
        info: RequestInfo<'_>,
        context: Context,
        head: Parts,
        body: Body,
    ) -> Result<Response, Problem> {
        let host = self.check_host(&info.client, &head.headers)?;
        let client = self.limited_client(&info.client, host);
        let Some(client) = client.as_deref() else {
            return self.forward(&info, context, None, head, body).await;
        };
        self.clients.take_token(client, Instant::now())?;
        let work = self.forward(&info, context, Some(client), head, body);
        match info.edge.edge {
            Edge::Shop => self.clients.metered(client, work).await,
            // An import may take its time.
            Edge::Operator | Edge::Internal => work.await,
        }
    }

    /// What a request names as its host. Over the loopback interface only a known one passes, and only without a proxy:
    /// behind one that is not trusted every client would look like a program on this machine.
    fn check_host(
        &self,
        client: &ClientIdentity,
        headers: &HeaderMap,
    ) -> Result<HostName, Problem> {
        let host = HostName::of(headers, &self.hosts);
        match client.route {
            ClientRoute::UnknownLocalProxy => Err(Problem::of(codes::FORBIDDEN, UNKNOWN_PROXY)),
            ClientRoute::Direct if client.address.is_loopback() && host == HostName::Unknown => {
                Err(Problem::of(codes::FORBIDDEN, UNKNOWN_HOST))
            }
            ClientRoute::Direct | ClientRoute::TrustedProxy { .. } => Ok(host),
        }
    }

    /// State of the client, if it is limited.
    fn limited_client(&self, client: &ClientIdentity, host: HostName) -> Option<Arc<ClientState>> {
        let is_limited = self.limit_loopback || !client.is_local(host);
        is_limited.then(|| self.clients.client(client.address, Instant::now()))
    }

    /// Response of the upstream service, or of the gateway itself.
    async fn forward(
        &self,
        info: &RequestInfo<'_>,
        mut context: Context,
        client: Option<&ClientState>,
        head: Parts,
        body: Body,
    ) -> Result<Response, Problem> {
        if let Some(response) = self.own_response(info, &head).await? {
            return Ok(response);
        }
        let (upstream, is_page) = match &info.lookup {
            RouteLookup::Upstream { upstream, .. } => (*upstream, false),
            RouteLookup::Site(upstream, _) => (*upstream, true),
            RouteLookup::MethodNotAllowed(entry) => {
                return Ok(self.options_or_method_not_allowed(entry, info, &head));
            }
            RouteLookup::NotFound => return Err(not_found()),
        };
        // A service with pages makes these checks itself, and refuses with a page of its own.
        if !is_page {
            self.check_site(info, &head)?;
            if let Err(refused) = self.authorize(info, upstream.access, &mut context, &head).await {
                return Ok(refused);
            }
        } else if Customers::may_have_session(&head.headers) {
            // Rare, and not to be a part of the future of every request.
            Box::pin(self.customers.recognise(&mut context, &head, info.deadline)).await;
        }
        let limits = BodyLimits {
            bytes_max: self.bytes_max(upstream),
            deadline: info.deadline,
            in_progress: &self.body_bytes,
            client,
        };
        let body = limits.read(&head.headers, body).await?;
        // Taken only now: a request whose body is still on its way has nothing to be served yet, and would hold its place
        // for as long as its client likes.
        let _own = match client {
            Some(client) => Some(client.requests.try_take(1).ok_or_else(too_much_in_progress)?),
            None => None,
        };
        let _permit = info.edge.requests.try_take(1).ok_or_else(overloaded)?;
        let head = forward::upstream_head(head, &info.client);
        forward::send(&upstream.channel, context, head, body.bytes.clone()).await
    }

    /// Refuses a change that a page of another site asks for, unless it may.
    fn check_site(&self, info: &RequestInfo<'_>, head: &Parts) -> Result<(), Problem> {
        let forwarded_host = info.client.forwarded_host();
        if !csrf::is_cross_site_write(&head.method, &head.headers, forwarded_host) {
            return Ok(());
        }
        let is_shop = info.edge.edge == Edge::Shop;
        if is_shop && self.cors.allowed_origin(&head.headers).is_some() {
            return Ok(());
        }
        Err(Problem::of(codes::FORBIDDEN, CROSS_SITE))
    }

    /// Checks who may use a route, and notes in the context who does; otherwise the refusal, or for a browser the way to the sign-in.
    async fn authorize(
        &self,
        info: &RequestInfo<'_>,
        access: Access,
        context: &mut Context,
        head: &Parts,
    ) -> Result<(), Response> {
        let edge = info.edge.edge;
        let is_open = edge == Edge::Operator && !self.authentication.asks_operators;
        let principal = if is_open {
            None
        } else {
            let principal = self.authentication.principal(edge, &head.headers).await;
            let principal = principal.map_err(IntoResponse::into_response)?;
            access.check(principal.as_deref()).map_err(|refusal| {
                let sign_in = || sign_in::redirect_of_browser(&self.authentication, head);
                let sign_in = principal.is_none().then(sign_in).flatten();
                sign_in.unwrap_or_else(|| refusal.into_response())
            })?;
            principal
        };
        if edge == Edge::Operator {
            let actor = self.authentication.operator_actor(principal.as_deref());
            let origin = client_identity::origin(edge, Some(&actor), &info.client, head);
            (context.actor, context.origin) = (Some(actor), Some(origin));
        }
        if edge == Edge::Shop
            && principal.is_some()
            && let Some(customer) = self.customers.of_token(&head.headers).await
        {
            context.actor = Some(customer);
        }
        context.principal = principal;
        Ok(())
    }

    /// Response that needs no service: documents, pages of the operator edge, and the admission to what the process serves itself.
    async fn own_response(
        &self,
        info: &RequestInfo<'_>,
        head: &Parts,
    ) -> Result<Option<Response>, Problem> {
        if let Some(asset) = info.asset {
            return Ok(Some(read_only(&head.method, || asset.response(info.edge.edge))));
        }
        let Some(own) = info.own else { return Ok(None) };
        self.check_site(info, head)?;
        Ok(Some(match own {
            OwnPath::FirstPage => {
                let visitor = self.visitor(&head.headers).await;
                let page = || operator_page::render(&self.health.readiness(), &visitor);
                read_only(&head.method, || operator_page::response(page()))
            }
            OwnPath::SignIn(step) if head.method == step.method() => match info.edge.edge {
                Edge::Shop => self.customers.respond(step, head).await,
                _ => step.respond(&self.authentication, head).await,
            },
            OwnPath::SignIn(step) => method_not_allowed(&step.allow()),
            OwnPath::Process { access, .. } => {
                let admitted = self.authorize(info, access, &mut Context::default(), head).await;
                admitted.map_or_else(|refused| refused, |()| Admitted::response())
            }
        }))
    }

    /// Who looks at the first page of the operator edge.
    async fn visitor(&self, headers: &HeaderMap) -> Visitor {
        if !self.authentication.asks_operators {
            return Visitor::Anybody;
        }
        match self.authentication.principal(Edge::Operator, headers).await {
            Ok(Some(principal)) => Visitor::SignedIn { roles: principal.roles.clone() },
            Ok(None) | Err(_) => {
                Visitor::Stranger { can_sign_in: self.authentication.sign_in.is_some() }
            }
        }
    }

    /// Response to a method that a path does not accept, or to `OPTIONS`, including CORS preflights.
    fn options_or_method_not_allowed(
        &self,
        entry: &RouteEntry,
        info: &RequestInfo<'_>,
        head: &Parts,
    ) -> Response {
        if head.method != Method::OPTIONS {
            return method_not_allowed(&entry.allow);
        }
        let mut response = StatusCode::NO_CONTENT.into_response();
        response.headers_mut().insert(header::ALLOW, entry.allow.clone());
        let is_preflight = cors::is_preflight(&head.method, &head.headers);
        if is_preflight && self.cors_origin(info, &head.headers).is_some() {
            cors::add_preflight_headers(&entry.allow, response.headers_mut());
        }
        response
    }

    /// Allowed CORS origin of the request.
    fn cors_origin(&self, info: &RequestInfo<'_>, headers: &HeaderMap) -> Option<HeaderValue> {
        let is_shop_api =
            info.edge.edge == Edge::Shop && info.response_kind() == ResponseKind::Data;
        if is_shop_api { self.cors.allowed_origin(headers) } else { None }
    }

    fn bytes_max(&self, upstream: &Upstream) -> usize {
        match upstream.body_limit {
            BodyLimit::Default => self.body_bytes_max,
            BodyLimit::Import => self.import_bytes_max,
            BodyLimit::Media => self.media_bytes_max,
        }
    }

    /// Context of the forwarded request. Of the received one, only the trace and a valid request id are trusted.
    fn context(&self, received: Context, info: &RequestInfo<'_>, head: &Parts) -> Context {
        let id = match &info.lookup {
            RouteLookup::Upstream { id, .. } => *id,
            _ => None,
        };
        // Who an operator is shows when it is checked.
        let actor = match info.edge.edge {
            Edge::Operator => None,
            Edge::Shop | Edge::Internal => {
                client_identity::guest_actor(head.uri.path(), id, &head.headers)
            }
        };
        let request_id = received.request_id.filter(|id| client_identity::is_valid_request_id(id));
        let context = Context {
            trace: received.trace,
            request_id,
            deadline: Some(info.deadline),
            edge: info.edge.edge,
            origin: Some(client_identity::origin(
                info.edge.edge,
                actor.as_deref(),
                &info.client,
                head,
            )),
            actor,
            principal: None,
            client: Some(info.client.address),
        };
        context.traced(&self.ids)
    }

    /// Response with the security, CORS and request id headers, and without a body for `HEAD`.
    fn finish_response(
        &self,
        mut response: Response,
        method: &Method,
        kind: ResponseKind,
        origin: Option<HeaderValue>,
        id: Option<&str>,
    ) -> Response {
        let headers = response.headers_mut();
        add_security_headers(headers, kind);
        if let Some(id) = id.and_then(|id| HeaderValue::from_str(id).ok()) {
            headers.insert(headers::REQUEST_ID, id);
        }
        if kind == ResponseKind::Data && self.cors.is_enabled() {
            headers.append(header::VARY, HeaderValue::from_name(header::ORIGIN));
        }
        if let Some(origin) = origin {
            cors::add_response_headers(origin, headers);
        }
        if *method == Method::HEAD { without_body(response) } else { response }
    }
}

impl RequestInfo<'_> {
    /// Route label for metrics and logs.
    fn route(&self) -> &'static str {
        if let Some(own) = self.own {
            return own.label();
        }
        match (&self.lookup, self.asset) {
            (_, Some(DocsAsset::Document)) => "/openapi.json",
            (_, Some(DocsAsset::OperatorStyle)) => PAGES,
            (_, Some(_)) => "/docs",
            (RouteLookup::Upstream { entry, .. } | RouteLookup::MethodNotAllowed(entry), _) => {
                entry.path
            }
            (RouteLookup::Site(_, label), _) => label,
            (RouteLookup::NotFound, _) => UNMATCHED,
        }
    }

    /// Kind of the response, which decides on its headers.
    fn response_kind(&self) -> ResponseKind {
        if let Some(own) = self.own {
            return own.response_kind();
        }
        match (&self.lookup, self.asset) {
            (_, Some(DocsAsset::Document)) => ResponseKind::Data,
            (_, Some(_)) | (RouteLookup::Site(..), _) => ResponseKind::Page,
            _ => ResponseKind::Data,
        }
    }
}

fn span(context: &Context) -> tracing::Span {
    match (context.trace, &context.request_id) {
        (Some(trace), Some(id)) => telemetry::request_span(crate::NAME, trace, id),
        _ => tracing::Span::none(),
    }
}

/// Mark of an empty response that says that a request may have what the process serves itself.
#[derive(Clone, Copy, Debug)]
pub struct Admitted;

impl Admitted {
    fn response() -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        response.extensions_mut().insert(Self);
        response
    }
}

/// Response to a request that reads.
fn read_only(method: &Method, response: impl FnOnce() -> Response) -> Response {
    const READ_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD");
    match *method {
        Method::GET | Method::HEAD => response(),
        _ => method_not_allowed(&READ_METHODS),
    }
}

fn method_not_allowed(allow: &HeaderValue) -> Response {
    let title = "this path does not accept the method; see Allow";
    let mut response =
        ProblemResponse(Problem::of(codes::METHOD_NOT_ALLOWED, title)).into_response();
    response.headers_mut().insert(header::ALLOW, allow.clone());
    response
}

fn not_found() -> Problem {
    Problem::of(codes::NOT_FOUND, "there is nothing at this path")
}
