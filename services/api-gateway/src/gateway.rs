//! The life of a request at an edge: who asks, where to, whether it may, and what the answer looks like outside.

use crate::{
    cors::{self, Cors},
    cross_site,
    directions::{Directions, Found, Place, Way},
    docs::Piece,
    door::Door,
    forward,
    host::{self, HostName},
    protection::{Kind, protect},
    rate::{Exhausted, RateLimit},
    routes::BodySize,
    settings::GatewaySettings,
    visitor::{self, Network, Visitor},
};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use kernel::{Ids, Problem, Randomness, Uuid, codes};
use runtime::{BuildContext, BuildError};
use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
    time::Duration,
};
use telemetry::{HttpMetrics, TraceContext};
use tokio::time::Instant;
use tower::Service;
use tracing::Instrument;
use transport::{Context, Edge, headers};
use web::ProblemResponse;

kernel::id!(/// A client's request, across all hops.
    RequestId);

/// The route of pages in figures and logs: which one it was, the storefront knows.
const PAGES: &str = "pages";
/// The route of what does not exist.
const UNMATCHED: &str = "unmatched";

/// Both edges.
#[derive(Clone, Debug)]
pub(crate) struct Gateway(Arc<Edges>);

#[derive(Debug)]
struct Edges {
    shop: Door,
    operator: Door,
    operators: Arc<str>,
    rate_limit: Option<RateLimit>,
    limit_loopback: bool,
    proxies: Vec<Network>,
    hosts: Vec<HostName>,
    cors: Cors,
    deadline: Duration,
    body_bytes_max: usize,
    import_bytes_max: usize,
    ids: Ids,
    http: HttpMetrics,
}

/// A request as it is seen from here, while it is answered.
struct Visit<'a> {
    door: &'a Door,
    visitor: Visitor,
    found: Found<'a>,
    piece: Option<Piece>,
    deadline: Instant,
}

impl Gateway {
    pub(crate) fn new(
        context: &BuildContext,
        settings: GatewaySettings,
    ) -> Result<Self, BuildError> {
        let door = |edge, requests_max| {
            let directions = Directions::of(edge, |service| context.channel(service))?;
            Ok::<_, BuildError>(Door::new(edge, directions, requests_max))
        };
        let rate = (settings.client_requests_per_second, settings.client_requests_burst);
        Ok(Self(Arc::new(Edges {
            shop: door(Edge::Shop, settings.shop_requests_max)?,
            operator: door(Edge::Operator, settings.operator_requests_max)?,
            operators: Arc::from("operator"),
            rate_limit: RateLimit::new(rate.0, rate.1),
            limit_loopback: settings.limit_loopback_clients,
            proxies: settings.trusted_proxies,
            hosts: settings.hosts,
            cors: Cors::new(settings.cors_origins),
            deadline: Duration::from_millis(settings.deadline_ms),
            body_bytes_max: settings.body_bytes_max,
            import_bytes_max: settings.import_bytes_max,
            ids: context.ids.clone(),
            http: HttpMetrics::new(&context.metrics, crate::NAME),
        })))
    }
}

impl Service<Request<Body>> for Gateway {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let edges = Arc::clone(&self.0);
        Box::pin(async move { Ok(edges.answer(request).await) })
    }
}

impl Edges {
    async fn answer(&self, request: Request<Body>) -> Response {
        let began = Instant::now();
        let (mut head, body) = request.into_parts();
        let told = head.extensions.remove::<Context>().unwrap_or_default();
        let door = match told.edge {
            Edge::Shop => &self.shop,
            Edge::Operator => &self.operator,
            Edge::Internal => return ProblemResponse(nothing_here()).into_response(),
        };
        let (method, uri) = (head.method.clone(), head.uri.clone());
        let visit = Visit {
            door,
            visitor: Visitor::of(&head, &self.proxies),
            found: door.directions.find(&method, uri.path()),
            piece: Piece::at(uri.path()),
            deadline: began + self.deadline,
        };
        let site = self.foreign_site(&visit, &head.headers);
        let context = self.context(told, &visit, &head);
        let (route, kind) = (visit.route(), visit.kind());
        let (id, span) = (context.request_id.clone(), span(&context));

        let _counted = self.http.begin();
        let work = context.scope(self.lead(visit, head, body)).instrument(span.clone());
        let answer = match AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(answer)) => answer,
            Ok(Err(problem)) => ProblemResponse(problem).into_response(),
            // The panic hook has logged where and why.
            Err(_) => ProblemResponse(Problem::internal()).into_response(),
        };
        let answer = self.dress(answer, &method, kind, site, id.as_deref());
        let (status, took) = (answer.status().as_u16(), began.elapsed());
        self.http.answered(method.as_str(), route, status, took);
        let micros = took.as_micros();
        span.in_scope(|| {
            tracing::debug!(target: "access", method = method.as_str(), route, status, micros, "answered");
        });
        answer
    }

    /// Leads a request to who answers it. What costs least is looked at first.
    async fn lead(&self, visit: Visit<'_>, head: Parts, body: Body) -> Result<Response, Problem> {
        let _inside = visit.door.enter()?;
        self.admit(visit.visitor)?;
        let Visitor { address, is_trusted_proxy } = visit.visitor;
        let is_near = address.is_loopback() && !is_trusted_proxy;
        if is_near && !host::is_ours(&head.headers, &self.hosts) {
            return Err(misdirected());
        }
        if let Some(piece) = visit.piece {
            return Ok(show(piece, visit.door.edge, &head.method));
        }
        let (way, is_page) = match &visit.found {
            Found::Way { way, .. } => (*way, false),
            Found::Page(way) => (*way, true),
            Found::OtherMethods(place) => {
                return Ok(self.without_a_way(place, &visit, &head));
            }
            Found::Nothing => return Err(nothing_here()),
        };
        // The storefront looks for itself, and says so with a page.
        if !is_page && cross_site::is_forged(&head.method, &head.headers) {
            let is_welcome =
                visit.door.edge == Edge::Shop && self.cors.welcome(&head.headers).is_some();
            if !is_welcome {
                return Err(forged());
            }
        }
        let bytes_max = self.bytes_max(way);
        let request = forward::whole(head, body, visit.visitor, bytes_max, visit.deadline).await?;
        forward::send(way, request).await
    }

    fn admit(&self, visitor: Visitor) -> Result<(), Problem> {
        let Some(rate_limit) = &self.rate_limit else { return Ok(()) };
        if visitor.address.is_loopback() && !self.limit_loopback {
            return Ok(());
        }
        rate_limit.admit(visitor.address, Instant::now()).map_err(|Exhausted(missing)| {
            let seconds = u32::try_from(missing.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            let title = "too many requests came from your address; ask again after Retry-After";
            Problem::new(429, codes::RATE_LIMITED, title).retry_after(seconds)
        })
    }

    /// An address that exists, but not for this method: what may be sent, or that this may not.
    fn without_a_way(&self, place: &Place, visit: &Visit<'_>, head: &Parts) -> Response {
        if head.method != Method::OPTIONS {
            return other_method(&place.allow);
        }
        let mut answer = StatusCode::NO_CONTENT.into_response();
        answer.headers_mut().insert(header::ALLOW, place.allow.clone());
        let asks = cors::is_preflight(&head.method, &head.headers);
        if asks && self.foreign_site(visit, &head.headers).is_some() {
            cors::explain(&place.allow, answer.headers_mut());
        }
        answer
    }

    /// The site whose page asks and may read the answer.
    fn foreign_site(&self, visit: &Visit<'_>, headers: &HeaderMap) -> Option<HeaderValue> {
        let is_api = visit.door.edge == Edge::Shop && visit.kind() == Kind::Data;
        if is_api { self.cors.welcome(headers) } else { None }
    }

    fn bytes_max(&self, way: &Way) -> usize {
        match way.body {
            BodySize::Usual => self.body_bytes_max,
            BodySize::Import => self.import_bytes_max,
        }
    }

    /// What travels on with the request. Of what it says itself, only the trace and a sane request id are believed.
    fn context(&self, told: Context, visit: &Visit<'_>, head: &Parts) -> Context {
        let id = match &visit.found {
            Found::Way { id, .. } => *id,
            _ => None,
        };
        let actor = match visit.door.edge {
            Edge::Operator => Arc::clone(&self.operators),
            Edge::Shop | Edge::Internal => visitor::guest(head.uri.path(), id, &head.headers),
        };
        let sane = told.request_id.filter(|id| visitor::is_sane_request_id(id));
        let trace = told.trace.unwrap_or_else(|| TraceContext::begin(&RandomPart(&self.ids)));
        Context {
            trace: Some(trace),
            request_id: Some(sane.unwrap_or_else(|| self.request_id())),
            deadline: Some(visit.deadline),
            edge: visit.door.edge,
            actor: Some(actor),
        }
    }

    fn request_id(&self) -> Arc<str> {
        let id = Uuid::from(self.ids.next::<RequestId>());
        Arc::from(&*id.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }

    /// The answer as it leaves.
    fn dress(
        &self,
        mut answer: Response,
        method: &Method,
        kind: Kind,
        site: Option<HeaderValue>,
        id: Option<&str>,
    ) -> Response {
        let headers = answer.headers_mut();
        protect(headers, kind);
        if let Some(id) = id.and_then(|id| HeaderValue::from_str(id).ok()) {
            headers.insert(headers::REQUEST_ID, id);
        }
        if kind == Kind::Data && self.cors.is_on() {
            headers.append(header::VARY, HeaderValue::from_name(header::ORIGIN));
        }
        if let Some(site) = site {
            cors::admit(site, headers);
        }
        if *method == Method::HEAD { without_body(answer) } else { answer }
    }
}

impl Visit<'_> {
    fn route(&self) -> &'static str {
        match (&self.found, self.piece) {
            (_, Some(Piece::Document)) => "/openapi.json",
            (_, Some(_)) => "/docs",
            (Found::Way { place, .. } | Found::OtherMethods(place), _) => place.path,
            (Found::Page(_), _) => PAGES,
            (Found::Nothing, _) => UNMATCHED,
        }
    }

    fn kind(&self) -> Kind {
        match (&self.found, self.piece) {
            (_, Some(Piece::Document)) => Kind::Data,
            (_, Some(_)) | (Found::Page(_), _) => Kind::Page,
            _ => Kind::Data,
        }
    }
}

fn span(context: &Context) -> tracing::Span {
    match (context.trace, &context.request_id) {
        (Some(trace), Some(id)) => telemetry::request_span(crate::NAME, trace, id),
        _ => tracing::Span::none(),
    }
}

fn show(piece: Piece, edge: Edge, method: &Method) -> Response {
    const READING: HeaderValue = HeaderValue::from_static("GET, HEAD");
    match *method {
        Method::GET | Method::HEAD => piece.answer(edge),
        _ => other_method(&READING),
    }
}

fn other_method(allow: &HeaderValue) -> Response {
    let title = "this address exists, but not with this method; see Allow";
    let mut answer =
        ProblemResponse(Problem::new(405, codes::METHOD_NOT_ALLOWED, title)).into_response();
    answer.headers_mut().insert(header::ALLOW, allow.clone());
    answer
}

/// The head of an answer, which says how long the body would be.
fn without_body(answer: Response) -> Response {
    let (mut head, body) = answer.into_parts();
    if let Some(length) =
        axum::body::HttpBody::size_hint(&body).exact().filter(|length| *length > 0)
    {
        head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(head, Body::empty())
}

fn nothing_here() -> Problem {
    Problem::new(404, codes::NOT_FOUND, "nothing is at this address")
}

fn misdirected() -> Problem {
    let title = "the shop is not known by this name here; ask localhost, or set the name (hosts)";
    Problem::new(403, codes::FORBIDDEN, title)
}

fn forged() -> Problem {
    let title = "a page of another context may not do this; send it from a program, or have the context allowed";
    Problem::new(403, codes::FORBIDDEN, title)
}

/// The random bits of fresh ids, for trace ids: a trace id need not be more random than any other.
#[derive(Debug)]
struct RandomPart<'a>(&'a Ids);

impl Randomness for RandomPart<'_> {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let id = Uuid::from(self.0.next::<RequestId>());
            chunk.copy_from_slice(&id.as_bytes()[16 - chunk.len()..]);
        }
    }
}
