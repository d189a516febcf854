//! HTTP: the endpoints of the protocol, the watch stream beside them, and the page for people.

mod authentication;
mod body;
mod dashboard;
mod documents;
mod read;
mod replicate;
mod server_status;
mod target;
mod watch;
mod write;

pub(crate) use authentication::Credentials;

use crate::{application::node::RegistryNode, domain::registry::Origin};
use axum::{
    Router,
    extract::{Request, State},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use documents::DocumentCache;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use runtime::ShutdownSignal;
use std::sync::Arc;
use target::Target;
use tokio::sync::Semaphore;
use web::ApiRouter;

/// Prefix of the paths that lead to this service on a listener that it shares.
pub(crate) const PATHS: &[&str] = &["/eureka"];

/// Header by which one registry tells another that a request is a replication, which goes no further.
pub(crate) const REPLICATION: HeaderName =
    HeaderName::from_static("x-netflix-discovery-replication");
/// Header with the identity of a node, which the registries of this program send to each other.
pub(crate) const NODE: HeaderName = HeaderName::from_static("x-registry-node");

/// State of the endpoints.
#[derive(Debug)]
pub(crate) struct EurekaServer {
    pub(crate) node: Arc<RegistryNode>,
    documents: DocumentCache,
    credentials: Option<Credentials>,
    /// Permits of those who watch.
    watchers: Arc<Semaphore>,
    shutdown: ShutdownSignal,
}

impl EurekaServer {
    pub(crate) fn new(
        node: Arc<RegistryNode>,
        credentials: Option<Credentials>,
        watchers_max: u32,
        shutdown: ShutdownSignal,
    ) -> Self {
        let watchers = Arc::new(Semaphore::new(watchers_max as usize));
        Self { node, documents: DocumentCache::default(), credentials, watchers, shutdown }
    }
}

/// Routes. They are no operations of the shop's API: their description is the protocol.
pub(crate) fn routes(server: Arc<EurekaServer>) -> ApiRouter {
    let router = Router::new()
        .route("/", get(dashboard::show))
        .route("/lastn", get(dashboard::show_history))
        .route(dashboard::STYLE_PATH, get(dashboard::style))
        .route("/eureka", get(dashboard::show))
        .route("/eureka/", get(dashboard::show))
        .route("/eureka/{*path}", any(respond))
        .route_layer(from_fn_with_state(Arc::clone(&server), authentication::authenticate));
    ApiRouter::from(router.with_state(server))
}

/// Response to a request of the protocol. The path is read here: clients double slashes and add some.
async fn respond(State(server): State<Arc<EurekaServer>>, request: Request) -> Response {
    let Some(target) = Target::parse(request.uri().path()) else { return not_found() };
    let allowed = target.methods();
    let is_head = *request.method() == Method::HEAD && allowed.contains(&Method::GET);
    if !is_head && !allowed.contains(request.method()) {
        return method_not_allowed(allowed);
    }
    let response = match target {
        Target::Register { .. } if *request.method() == Method::POST => {
            write::register(&server, target, request).await
        }
        Target::Batch => replicate::apply_batch(&server, request).await,
        Target::Watch => watch::watch(&server, request.headers(), request.uri().query()),
        target if request.method().is_safe() => {
            read::read(&server, &target, request.headers()).await
        }
        target => write::write(&server, &target, &request),
    };
    if is_head { web::without_body(response) } else { response }
}

/// From whom a request comes.
fn origin_of(headers: &HeaderMap) -> Origin {
    let is_replication =
        headers.get(&REPLICATION).is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"true"));
    if is_replication {
        Origin::Peer { says_override_times: headers.contains_key(&NODE) }
    } else {
        Origin::Client
    }
}

/// Response without a body, as the protocol has them: the reader of Spring's client would take a body for what it asked for.
fn empty(status: StatusCode) -> Response {
    status.into_response()
}

fn not_found() -> Response {
    empty(StatusCode::NOT_FOUND)
}

/// Refusal for lack of room.
fn busy(sentence: &'static str) -> Response {
    let headers = [(header::RETRY_AFTER, HeaderValue::from_static("5"))];
    (StatusCode::SERVICE_UNAVAILABLE, headers, sentence).into_response()
}

fn method_not_allowed(allowed: &[Method]) -> Response {
    let names: Vec<_> = allowed.iter().map(Method::as_str).collect();
    let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
    if let Ok(names) = HeaderValue::from_str(&names.join(", ")) {
        response.headers_mut().insert(header::ALLOW, names);
    }
    response
}
