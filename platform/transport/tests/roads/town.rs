//! A service to call, and the roads to it.

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
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use transport::{CallPolicy, Channel, Context, Endpoints, loopback, network};
use web::{
    ApiResult, ApiRouter, Created, Json, Limits, NoContent, Path, Query, ServeOptions,
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
pub(crate) struct Wanted {
    pub(crate) name: Option<String>,
    pub(crate) weight: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Told {
    pub(crate) edge: String,
    pub(crate) actor: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) trace: Option<String>,
    pub(crate) hurries: bool,
}

/// The service, and how often its handlers ran.
#[derive(Clone, Debug, Default)]
pub(crate) struct Town(Arc<AtomicUsize>);

impl Town {
    pub(crate) fn runs(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn router(&self) -> axum::Router {
        let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        let ids = Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(1)));
        let (limits, metrics) = (Limits::default(), Metrics::new());
        let parts = ServiceParts { metrics, ids, idempotency: None, limits };
        web::service("town", self.api(), parts).router
    }

    fn api(&self) -> ApiRouter {
        let town = self.clone();
        let echo = async move |Json(parcel): Json<Parcel>| {
            town.0.fetch_add(1, Ordering::SeqCst);
            Json(parcel)
        };
        let make =
            async |Json(parcel): Json<Parcel>| Created::at(format!("/p/{}", parcel.name), parcel);
        let large = async |Path(bytes): Path<usize>| "a".repeat(bytes);
        ApiRouter::new()
            .api_route("/echo", post(echo.clone()).put(echo))
            .api_route("/make", post(make))
            .api_route("/wanted", get(async |Query(wanted): Query<Wanted>| Json(wanted)))
            .api_route("/nothing", put(async || NoContent))
            .api_route("/refused", get(refused))
            .api_route("/told", get(told))
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

async fn told() -> Json<Told> {
    let context = Context::current();
    Json(Told {
        edge: context.edge.as_str().to_owned(),
        actor: context.actor.map(|actor| actor.to_string()),
        request_id: context.request_id.map(|id| id.to_string()),
        trace: context.trace.map(|trace| trace.trace_id.to_string()),
        hurries: context.deadline.is_some(),
    })
}

async fn panics() -> NoContent {
    panic!("a handler may panic")
}

/// The town on a socket.
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<web::DrainOutcome>,
}

impl Listening {
    pub(crate) async fn to(town: &Town) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), town)
    }

    /// Again where it listened before.
    pub(crate) async fn again_at(address: SocketAddr, town: &Town) -> Self {
        Self::on(TcpListener::bind(address).await.unwrap(), town)
    }

    fn on(listener: TcpListener, town: &Town) -> Self {
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async { drop(stopped.await) };
        let serving = web::serve(listener, town.router(), ServeOptions::default(), stopped);
        Self { address, stop, ended: spawn(serving) }
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        assert_eq!(self.ended.await.unwrap(), web::DrainOutcome::Completely);
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
    network("town", endpoints, policy, randomness, &Metrics::new())
}

/// Both roads to a town, each with its name.
pub(crate) async fn roads() -> [(&'static str, Channel); 2] {
    let town = Town::default();
    let listening = Listening::to(&town).await;
    // It serves until the test's runtime ends.
    let sockets = over(vec![base(listening.address)], CallPolicy::default());
    std::mem::forget(listening.stop);
    [("loopback", loopback("town", town.router())), ("sockets", sockets)]
}
