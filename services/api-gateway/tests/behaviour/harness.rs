//! Test harness: a gateway among upstream services that echo their requests.

use crate::{
    customers::ACCOUNT,
    issuer::{TestIssuer, customer_tokens},
};

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Builder},
    response::{IntoResponse, Response},
};
use contracts::auth::TokenIssuer;
use engine_memory::MemoryEngine;
use kernel::{Ids, ManualClock, SeededRandomness};
use runtime::{
    BuildContext, BuildError, BuildFuture, BuiltService, Module, ProcessResources, TaskTracker,
};
use serde_json::{Value as Json, json};
use settings::{Flag, Settings, Sources};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use telemetry::{Health, Metrics};
use transport::{Context, Edge, RequestHandler};
use web::ServiceRouter;

const fn service(name: &'static str) -> Module {
    Module {
        name,
        summary: "",
        calls: &[],
        follows: &[],
        instances: runtime::InstanceModel::OneActive,
        settings: None,
        events: None,
        plaintext: None,
        collections: &[],
        projected: &[],
        maintenance: runtime::Maintenance::none,
        build: build_echo_service,
    }
}

static TABLE: &[Module] = &[
    service("product-service"),
    service("shopping-cart-service"),
    service("order-service"),
    service("inventory-service"),
    service("payment-service"),
    service("audit-service"),
    service("notification-service"),
    Module { build: build_auth_server, ..service("auth-server") },
    service("storefront"),
    api_gateway::MODULE,
];

/// Present time of every test.
const NOW: &str = "2026-01-01T00:00:00Z";
/// Token of the process itself.
pub(crate) const PROCESS_TOKEN: &str = "the-token-of-this-process-of-32-characters";

/// CPU time that a request with `x-test: burn` takes at least.
pub(crate) const BURNT: Duration = Duration::from_millis(55);

/// Service that is not running.
pub(crate) const ABSENT_SERVICE: &str = "payment-service";

/// Peer on another machine.
pub(crate) const REMOTE_PEER: &str = "192.0.2.7:50000";
/// Peer on this machine.
pub(crate) const LOOPBACK_PEER: &str = "127.0.0.1:50000";

#[expect(clippy::needless_pass_by_value, reason = "the signature of every build function")]
fn build_echo_service(context: BuildContext) -> BuildFuture {
    Box::pin(async move {
        let name = context.module.name;
        let echo =
            move |context: Extension<Context>, request: Request| echo(name, context.0, request);
        let router = Router::new().fallback(echo);
        Ok(BuiltService::documented(ServiceRouter {
            router: router.into(),
            description: web::ApiDescription::default(),
        }))
    })
}

/// Auth server that echoes, and provides the contract of a test's issuer.
fn build_auth_server(context: BuildContext) -> BuildFuture {
    let provided = context.provide::<dyn TokenIssuer>(Arc::new(TestIssuer));
    Box::pin(async move {
        provided?;
        build_echo_service(context).await
    })
}

async fn echo(service: &'static str, context: Context, request: Request) -> Response {
    let (head, body) = request.into_parts();
    match head.headers.get("x-test").and_then(|it| it.to_str().ok()) {
        Some("hang") => std::future::pending().await,
        Some("panic") => panic!("a service without panic protection"),
        Some("burn") => {
            let began = tokio::time::Instant::now();
            while began.elapsed() < BURNT {}
        }
        _ => {}
    }
    let body = to_bytes(body, usize::MAX).await.unwrap();
    if head.uri.path() == "/auth/token" && head.method == Method::POST {
        let mut form = form_urlencoded::parse(&body);
        if let Some((_, nonce)) = form.find(|(name, _)| name == "code") {
            return axum::Json(customer_tokens(ACCOUNT, &nonce)).into_response();
        }
    }
    let headers: serde_json::Map<String, Json> = head
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes()))))
        .collect();
    let remaining = context.deadline.map(|deadline| {
        deadline.saturating_duration_since(tokio::time::Instant::now()).as_millis()
    });
    let echo = json!({
        "service": service,
        "method": head.method.as_str(),
        "uri": head.uri.to_string(),
        "headers": headers,
        "body_bytes": body.len(),
        "edge": context.edge.as_str(),
        "actor": context.actor,
        "client": context.client,
        "request_id": context.request_id,
        "trace": context.trace.map(|trace| trace.to_string()),
        "left_ms": remaining.and_then(|remaining| u64::try_from(remaining).ok()),
    });
    let mut response = axum::Json(echo).into_response();
    let headers = response.headers_mut();
    headers.insert("icommerce-secret", HeaderValue::from_static("internal"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("x-hop"));
    headers.insert("x-hop", HeaderValue::from_static("1"));
    headers.insert("x-beyond", HeaderValue::from_static("2"));
    if service == "storefront" {
        let own = HeaderValue::from_static("default-src 'self'");
        headers.insert(header::CONTENT_SECURITY_POLICY, own);
    }
    response
}

/// Gateway as the listeners run it.
pub(crate) struct TestGateway {
    router: RequestHandler,
    pub(crate) metrics: Metrics,
}

/// Response with its whole body.
#[derive(Debug)]
pub(crate) struct TestResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: bytes::Bytes,
}

impl TestResponse {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Service that responded, or the code of the problem.
    pub(crate) fn origin(&self) -> String {
        let json = self.json();
        json.get("service").or(json.get("code")).unwrap().as_str().unwrap().to_owned()
    }

    /// Status and code of a problem response.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json");
        (self.status.as_u16(), self.json()["code"].as_str().unwrap().to_owned())
    }
}

impl TestGateway {
    /// Gateway with the default settings, but for an operator edge that is open, as in the demonstration.
    pub(crate) async fn with_defaults() -> Self {
        Self::with(&[]).await
    }

    /// Gateway whose operator edge asks for a token or a sign-in.
    pub(crate) async fn closed() -> Self {
        let address = "http://127.0.0.1:8081";
        Self::with(&[
            ("operator_sign_in", "true"),
            ("operator_url", address),
            ("operator_token", PROCESS_TOKEN),
            ("client_requests_per_second", "0"),
        ])
        .await
    }

    /// Gateway with these settings.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::try_with(settings).await.unwrap()
    }

    /// Gateway that trusts these outside issuers.
    pub(crate) async fn try_with_issuers(issuers: &str) -> Result<Self, String> {
        Self::try_with_flags(vec![Flag::new("--issuers", "auth.issuers", issuers)]).await
    }

    pub(crate) async fn try_with(settings: &[(&str, &str)]) -> Result<Self, String> {
        let open = [("operator_sign_in", "false")];
        let flags = open.iter().chain(settings).map(|(key, value)| {
            Flag::new(format!("--{key}"), format!("api-gateway.{key}"), *value)
        });
        Self::try_with_flags(flags.collect()).await
    }

    async fn try_with_flags(flags: Vec<Flag>) -> Result<Self, String> {
        let sources = Sources { flags, ..Sources::default() };
        let sections = TABLE.iter().filter_map(|module| module.settings);
        let sections = sections.chain([resource_server::SECTION]);
        let settings = Settings::load(sections, &sources).map_err(|error| error.to_string())?;
        let (engine, metrics) = (MemoryEngine::new(), Metrics::new());
        let clock = ManualClock::at(NOW.parse().unwrap());
        let resources = ProcessResources {
            settings: Arc::new(settings),
            storage: &|name| engine.service(name),
            bulk: &|name| engine.bulk(name),
            remote: &|_| None,
            bus: None,
            over_wire: None,
            ids: Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(1))),
            metrics: metrics.clone(),
            health: Health::new(),
            tasks: TaskTracker::default(),
            members: Vec::new(),
        };
        let running: Vec<_> = TABLE.iter().filter(|module| module.name != ABSENT_SERVICE).collect();
        let assembly = runtime::assemble(TABLE, &running, resources).await;
        let assembly = assembly.map_err(|(_, error): (_, BuildError)| error.to_string())?;
        Ok(Self { router: assembly.routers["api-gateway"].clone(), metrics })
    }

    /// Sends a request from a peer, as the listener of an edge does.
    pub(crate) async fn send(
        &self,
        edge: Edge,
        from: &str,
        request: Builder,
        body: impl Into<Body>,
    ) -> TestResponse {
        let mut request = request.body(body.into()).unwrap();
        let peer: SocketAddr = from.parse().unwrap();
        let received = Context::from_headers(request.headers());
        let context = Context { edge, deadline: None, actor: None, ..received };
        request.extensions_mut().insert(ConnectInfo(peer));
        let (head, body) = self.router.handle(request, Some(context)).await.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        TestResponse { status: head.status, headers: head.headers, bytes }
    }

    pub(crate) async fn shop(&self, request: Builder) -> TestResponse {
        self.send(Edge::Shop, LOOPBACK_PEER, request, Body::empty()).await
    }

    pub(crate) async fn operator(&self, request: Builder) -> TestResponse {
        self.send(Edge::Operator, LOOPBACK_PEER, request, Body::empty()).await
    }
}

pub(crate) fn request(method: &str, uri: &str) -> Builder {
    axum::http::Request::builder().method(method).uri(uri)
}

pub(crate) fn get(uri: &str) -> Builder {
    request("GET", uri)
}
