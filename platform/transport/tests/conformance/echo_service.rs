//! A service that echoes requests, and the transports to it.

use http::Uri;
use kernel::{Ids, ManualClock, Problem, SeededRandomness};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use telemetry::Metrics;
use test_servers::{CertifiedKey, TestAuthority};
use tls_files::{ClientCertificates, ClientTls, ListenerFiles, ListenerTls, TlsFiles};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use transport::{CallPolicy, Channel, Context, Endpoints, loopback, network, network_with_tls};
use web::{
    ApiResult, ApiRouter, Created, Json, Limits, Listener, NoContent, Path, Query, ServeOptions,
    ServiceParts,
    routing::{get, post, put},
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parcel {
    pub(crate) name: String,
    pub(crate) weight: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EchoQuery {
    pub(crate) name: Option<String>,
    pub(crate) weight: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ObservedContext {
    pub(crate) edge: String,
    pub(crate) actor: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) trace: Option<String>,
    pub(crate) has_deadline: bool,
}

/// Service that echoes requests and counts how often its handler ran.
#[derive(Clone, Debug, Default)]
pub(crate) struct EchoService(Arc<AtomicUsize>);

impl EchoService {
    pub(crate) fn runs(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn router(&self) -> transport::RequestHandler {
        let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        let ids = Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(1)));
        let (limits, metrics) = (Limits::default(), Metrics::new());
        let parts = ServiceParts { metrics, ids, idempotency: None, limits };
        web::service("echo-service", self.api(), parts).router
    }

    fn api(&self) -> ApiRouter {
        let echo = self.clone();
        let echo = async move |Json(parcel): Json<Parcel>| {
            echo.0.fetch_add(1, Ordering::SeqCst);
            Json(parcel)
        };
        let make =
            async |Json(parcel): Json<Parcel>| Created::at(format!("/p/{}", parcel.name), parcel);
        let large = async |Path(bytes): Path<usize>| "a".repeat(bytes);
        ApiRouter::new()
            .api_route("/echo", post(echo.clone()).put(echo))
            .api_route("/make", post(make))
            .api_route("/query", get(async |Query(query): Query<EchoQuery>| Json(query)))
            .api_route("/nothing", put(async || NoContent))
            .api_route("/refused", get(refused))
            .api_route("/context", get(observed))
            .api_route("/panics", get(panics))
            .api_route("/plain", get(async || (http::StatusCode::BAD_GATEWAY, "no problem")))
            .api_route("/never", get(std::future::pending::<NoContent>))
            .api_route("/large/{bytes}", get(large))
    }
}

async fn refused() -> ApiResult<NoContent> {
    let problem = Problem::not_found("parcel", 7).subject("7").fact("left", 3);
    Err(problem.into())
}

async fn observed() -> Json<ObservedContext> {
    let context = Context::current();
    Json(ObservedContext {
        edge: context.edge.as_str().to_owned(),
        actor: context.actor.map(|actor| actor.to_string()),
        request_id: context.request_id.map(|id| id.to_string()),
        trace: context.trace.map(|trace| trace.trace_id.to_string()),
        has_deadline: context.deadline.is_some(),
    })
}

async fn panics() -> NoContent {
    panic!("a handler may panic")
}

/// Listener of the service on a free port.
pub(crate) struct ServiceListener {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<web::DrainOutcome>,
}

impl ServiceListener {
    pub(crate) async fn to(echo: &EchoService) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), echo)
    }

    /// A listener on the address of an earlier one.
    pub(crate) async fn again_at(address: SocketAddr, echo: &EchoService) -> Self {
        Self::on(TcpListener::bind(address).await.unwrap(), echo)
    }

    /// A listener that only members of an authority reach, and TLS of these.
    pub(crate) async fn for_members(echo: &EchoService) -> (Self, ClientTls) {
        let authority = TestAuthority::create().unwrap();
        let member = authority.certify_member().unwrap();
        Self::of(echo, &authority, &member).await
    }

    /// The same for members of this authority, of which it is one.
    pub(crate) async fn of(
        echo: &EchoService,
        authority: &TestAuthority,
        member: &CertifiedKey,
    ) -> (Self, ClientTls) {
        let listener = ListenerTls::open(ListenerFiles {
            certificate: member.certificate.clone(),
            key: Some(member.key.clone()),
            clients: ClientCertificates::Required(authority.certificate()),
        });
        let client = ClientTls::open(TlsFiles {
            certificate_authorities: Some(authority.certificate()),
            client_certificate: Some(member.certificate.clone()),
            client_key: Some(member.key.clone()),
        });
        let socket = Listener::from(TcpListener::bind("127.0.0.1:0").await.unwrap());
        (Self::on(socket.with_tls(listener.unwrap()), echo), client.unwrap())
    }

    fn on(listener: impl Into<Listener>, echo: &EchoService) -> Self {
        let listener = listener.into();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async { drop(stopped.await) };
        let serving = web::serve(listener, echo.router(), ServeOptions::default(), stopped);
        Self { address, stop, ended: spawn(serving) }
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        assert_eq!(self.ended.await.unwrap(), web::DrainOutcome::Completed);
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no runtime of ours to spawn through")]
pub(crate) fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    tokio::spawn(task)
}

pub(crate) fn base(address: SocketAddr) -> Uri {
    format!("http://{address}").parse().unwrap()
}

pub(crate) fn over(endpoints: impl Into<Endpoints>, policy: CallPolicy) -> Channel {
    let randomness = Arc::new(SeededRandomness::new(1));
    network("echo-service", endpoints, policy, randomness, &Metrics::new())
}

/// [`over`] with this TLS.
pub(crate) fn over_tls(address: SocketAddr, tls: Option<ClientTls>) -> Channel {
    let endpoints = vec![format!("https://{address}").parse().unwrap()];
    let (policy, randomness) = (CallPolicy::default(), Arc::new(SeededRandomness::new(1)));
    network_with_tls("echo-service", endpoints, policy, randomness, &Metrics::new(), tls)
}

/// Every transport to a service of its own, each with its name.
pub(crate) async fn transports() -> [(&'static str, Channel); 3] {
    let echo = EchoService::default();
    let listener = ServiceListener::to(&echo).await;
    // It serves until the test's runtime ends.
    let sockets = over(vec![base(listener.address)], CallPolicy::default());
    std::mem::forget(listener.stop);
    let (listener, tls) = ServiceListener::for_members(&echo).await;
    let secured = over_tls(listener.address, Some(tls));
    std::mem::forget(listener.stop);
    let loopback = loopback("echo-service", echo.router());
    [("loopback", loopback), ("sockets", sockets), ("mutual TLS", secured)]
}
