//! Request pipeline of the gateway: client identity, routing, limits and cross-origin checks, forwarding, response
//! headers.

mod authorization;
mod own_response;
mod request_info;
mod site_check;

pub use own_response::Admitted;
use request_info::RequestInfo;
pub(crate) use request_info::span;

use crate::{
    authentication::Authentication,
    body::BodyLimits,
    client_identity::ClientIdentity,
    client_limiter::{ClientState, too_much_in_progress},
    cors::{self, CorsPolicy},
    customers::Customers,
    docs_assets::DocsAsset,
    forward,
    front::Front,
    own_path::OwnPath,
    provider_address::ProviderAddress,
    quota::{Quota, overloaded},
    route_table::{RouteEntry, RouteLookup, RouteTable, Upstream},
    routes::{self, BodyLimit},
    security_headers::{ResponseKind, add_security_headers},
    settings::GatewaySettings,
};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use contracts::auth::TokenIssuer;
use futures_util::FutureExt;
use kernel::{Ids, Problem, codes};
use runtime::{BuildContext, BuildError, FleetMember};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use telemetry::{Health, HttpMetrics};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;
use transport::{Context, Edge, RequestHandler, headers};
use web::{ProblemResponse, without_body};

/// Gateway of both edges, with the state that all requests share.
#[derive(Debug)]
pub(crate) struct Gateway {
    shop: EdgeState,
    operator: EdgeState,
    authentication: Authentication,
    customers: Customers,
    provider: ProviderAddress,
    front: Front,
    body_bytes: Quota,
    /// Addresses of the edges as clients know them, where they are known.
    shop_url: String,
    operator_url: String,
    cors: CorsPolicy,
    deadline: Duration,
    body_bytes_max: usize,
    import_bytes_max: usize,
    media_bytes_max: usize,
    ids: Ids,
    http: HttpMetrics,
    health: Health,
    members: Arc<[FleetMember]>,
}

/// State of one edge.
#[derive(Debug)]
struct EdgeState {
    edge: Edge,
    routes: RouteTable,
    /// Requests in progress.
    requests: Quota,
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
        let issuer = context.contract::<dyn TokenIssuer>()?;
        Ok(Self {
            shop: edge_state(Edge::Shop, settings.shop_requests_max)?,
            operator: edge_state(Edge::Operator, settings.operator_requests_max)?,
            authentication: Authentication::new(context, &settings)?,
            customers: Customers::new(context, &settings.shop_url)?,
            provider: ProviderAddress::new(issuer, Arc::clone(context.ids.clock())),
            front: Front::new(&settings).map_err(BuildError::Other)?,
            body_bytes: Quota::new(settings.body_bytes_in_progress_max),
            shop_url: settings.shop_url,
            operator_url: settings.operator_url,
            cors: CorsPolicy::new(settings.cors_origins),
            deadline: Duration::from_millis(settings.deadline_ms),
            body_bytes_max: settings.body_bytes_max,
            import_bytes_max: settings.import_bytes_max,
            media_bytes_max: settings.media_bytes_max,
            ids: context.ids.clone(),
            http: HttpMetrics::new(&context.metrics, crate::NAME),
            health: context.health.clone(),
            members: Arc::clone(&context.members),
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
        let client = ClientIdentity::from_request(&head, &self.front.trusted_proxies);
        let info = RequestInfo {
            edge,
            certificate: self.front.certificates.of_request(&head, &client),
            client,
            lookup: edge.routes.find(&method, uri.path()),
            asset: DocsAsset::from_path(edge.edge, uri.path()),
            own: OwnPath::at(edge.edge, uri.path()),
            deadline: started + self.deadline,
        };
        let origin = self.cors_origin(&info, &head.headers);
        let strict_transport = self.front.strict_transport(&info.client, &head.headers);
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
        let mut response = self.finish_response(response, &method, kind, origin, id.as_deref());
        if let Some(policy) = strict_transport {
            response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, policy);
        }
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
        let host = self.front.check_host(&info.client, &head.headers)?;
        let client = self.front.limited_client(&info.client, host);
        let Some(client) = client.as_deref() else {
            return self.forward(&info, context, None, head, body).await;
        };
        self.front.clients.take_token(client, Instant::now())?;
        let work = self.forward(&info, context, Some(client), head, body);
        match info.edge.edge {
            Edge::Shop => self.front.clients.metered(client, work).await,
            // An import may take its time.
            Edge::Operator | Edge::Internal => work.await,
        }
    }

    /// Response of the upstream service, or of the gateway itself.
    async fn forward(
        &self,
        info: &RequestInfo<'_>,
        context: Context,
        client: Option<&ClientState>,
        head: Parts,
        body: Body,
    ) -> Result<Response, Problem> {
        if info.asset.is_some() || info.own.is_some() {
            // Rare, and not to be a part of the future of every request.
            return Box::pin(self.own_response(info, context, &head)).await;
        }
        let (upstream, is_page) = match &info.lookup {
            RouteLookup::Upstream { upstream, .. } => (*upstream, false),
            RouteLookup::Site(upstream, prefix) => {
                if routes::is_provider(prefix)
                    && let Some(answer) = self.provider_elsewhere(info, &context, &head).await
                {
                    return answer;
                }
                (*upstream, true)
            }
            RouteLookup::MethodNotAllowed(entry) => {
                return Ok(self.options_or_method_not_allowed(entry, info, &head));
            }
            RouteLookup::NotFound => return Err(not_found()),
        };
        // A service with pages makes these checks itself, and refuses with a page of its own.
        let context = if is_page {
            self.recognise_customer(info, context, &head).await
        } else {
            self.check_site(info, &head)?;
            match self.authorize(info, upstream.access, context, &head).await {
                Ok((context, _)) => context,
                Err(refused) => return Ok(refused),
            }
        };
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

    /// Answer to a request for the provider of accounts, where that has a listener of its own.
    async fn provider_elsewhere(
        &self,
        info: &RequestInfo<'_>,
        context: &Context,
        head: &Parts,
    ) -> Option<Result<Response, Problem>> {
        // Not to be a part of the future of every request.
        let answer = Box::pin(context.clone().scope(self.provider.elsewhere(head)));
        timeout_at(info.deadline, answer).await.ok().flatten()
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
