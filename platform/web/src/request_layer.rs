//! The one layer that every hop goes through, by socket or by loopback: context, span, access log, figures,
//! deadline, panics, how many run at once, how large bodies may be, idempotency keys.
//!
//! It is one layer and not eight because a single request of a client makes ten hops in one process, and each axum
//! layer costs a boxed service and a boxed future per hop.

use crate::{Idempotency, Limits, ProblemResponse, ServiceParts};
use axum::{
    extract::{DefaultBodyLimit, MatchedPath, Request},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use http::{HeaderValue, Method, StatusCode};
use kernel::{Ids, Problem, Randomness, Uuid, codes};
use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Poll, ready},
};
use telemetry::{HttpMetrics, TraceContext};
use tokio::time::Instant;
use tower::{Layer, Service};
use tracing::Instrument;
use transport::{Context, headers};

kernel::id!(/// A client's request, across all hops.
    RequestId);

/// Where figures of requests to unknown addresses go: an endless supply of made-up paths is one route.
const UNMATCHED: &str = "unmatched";

/// Puts the hop around each route of one service.
#[derive(Clone, Debug)]
pub(crate) struct RequestLayer(Arc<RequestLayerShared>);

/// What all routes of a service share.
#[derive(Debug)]
struct RequestLayerShared {
    service: &'static str,
    ids: Ids,
    http: HttpMetrics,
    limits: Limits,
    running: AtomicUsize,
    idempotency: Option<Idempotency>,
}

impl RequestLayer {
    pub(crate) fn new(service: &'static str, parts: ServiceParts) -> Self {
        let ServiceParts { metrics, ids, idempotency, limits } = parts;
        let http = HttpMetrics::new(&metrics, service);
        let running = AtomicUsize::new(0);
        Self(Arc::new(RequestLayerShared { service, ids, http, limits, running, idempotency }))
    }
}

impl<S> Layer<S> for RequestLayer {
    type Service = RequestService<S>;

    fn layer(&self, inner: S) -> RequestService<S> {
        RequestService { around: Arc::clone(&self.0), inner }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct RequestService<S> {
    around: Arc<RequestLayerShared>,
    inner: S,
}

impl<S> Service<Request> for RequestService<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, task: &mut std::task::Context<'_>) -> Poll<Result<(), Infallible>> {
        ready!(self.inner.poll_ready(task)).ok();
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let seen = Seen::of(&mut request, &self.around);
        let around = Arc::clone(&self.around);
        let Some(slot) = ConcurrencyPermit::take(&self.around) else {
            return Box::pin(async move { Ok(around.finish(&seen, overloaded())) });
        };
        if seen.context.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Box::pin(async move { Ok(around.finish(&seen, too_late())) });
        }
        DefaultBodyLimit::max(around.limits.body_bytes_max).apply(&mut request);

        let span = seen.span(around.service);
        let context = seen.context.clone();
        let keyed = around.idempotency.as_ref().filter(|_| Idempotency::concerns(&request));
        match keyed {
            // The route's future is made right here: cloning the route would box it once more.
            None => {
                let work = self.inner.call(request);
                Box::pin(async move {
                    let work = context.scope(work).instrument(span);
                    let answer = AssertUnwindSafe(work).catch_unwind().await;
                    drop(slot);
                    Ok(around.finish(&seen, answered(answer)))
                })
            }
            Some(idempotency) => {
                let (idempotency, route) = (idempotency.clone(), self.inner.clone());
                let bytes_max = around.limits.keyed_body_bytes_max;
                Box::pin(async move {
                    let work = idempotency.answer(request, route, bytes_max).map(Ok);
                    let work = context.scope(work).instrument(span);
                    let answer = AssertUnwindSafe(work).catch_unwind().await;
                    drop(slot);
                    Ok(around.finish(&seen, answered(answer)))
                })
            }
        }
    }
}

impl RequestLayerShared {
    /// Counts and logs the answer, and marks it with the request's id where it leaves the process.
    fn finish(&self, seen: &Seen, mut answer: Response) -> Response {
        let status = answer.status();
        let took = seen.began.elapsed();
        self.http.answered(seen.method.as_str(), seen.route(), status.as_u16(), took);
        if status.is_server_error() {
            seen.log_failure(self.service, status);
        } else {
            tracing::debug!(
                target: "access",
                service = self.service,
                method = seen.method.as_str(),
                route = seen.route(),
                status = status.as_u16(),
                micros = took.as_micros(),
                "answered"
            );
        }
        if seen.entered == Ingress::BySocket
            && let Some(id) = &seen.context.request_id
            && let Ok(id) = HeaderValue::from_str(id)
        {
            answer.headers_mut().insert(headers::REQUEST_ID, id);
        }
        answer
    }
}

/// How a request came to this service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ingress {
    BySocket,
    ByLoopback,
}

/// What is remembered of a request while it runs.
struct Seen {
    context: Context,
    entered: Ingress,
    method: Method,
    route: Option<MatchedPath>,
    began: Instant,
}

impl Seen {
    fn of(request: &mut Request, around: &RequestLayerShared) -> Self {
        // An extension cannot come in by a socket, so whoever put it there is in this process.
        let (context, entered) = match request.extensions_mut().remove::<Context>() {
            Some(context) => (context, Ingress::ByLoopback),
            None => (Context::from_headers(request.headers()), Ingress::BySocket),
        };
        Self {
            context: begun(context, &around.ids),
            entered,
            method: request.method().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            began: Instant::now(),
        }
    }

    fn route(&self) -> &str {
        self.route.as_ref().map_or(UNMATCHED, MatchedPath::as_str)
    }

    fn span(&self, service: &'static str) -> tracing::Span {
        if let (Ingress::BySocket, Some(trace)) = (self.entered, self.context.trace) {
            let id = self.context.request_id.as_deref().unwrap_or_default();
            return telemetry::request_span(service, trace, id);
        }
        // The caller's span, in this task, names the trace and the request already.
        tracing::debug_span!("hop", service)
    }

    fn log_failure(&self, service: &'static str, status: StatusCode) {
        tracing::warn!(
            target: "access",
            service,
            method = self.method.as_str(),
            route = self.route(),
            status = status.as_u16(),
            request_id = self.context.request_id.as_deref(),
            "answered with a failure"
        );
    }
}

/// The same context, with a request id and a trace if the caller brought none.
fn begun(mut context: Context, ids: &Ids) -> Context {
    if context.request_id.is_none() {
        let id = Uuid::from(ids.next::<RequestId>());
        let mut text = Uuid::encode_buffer();
        context.request_id = Some(Arc::from(&*id.hyphenated().encode_lower(&mut text)));
    }
    if context.trace.is_none() {
        context.trace = Some(TraceContext::begin(&RandomPart(ids)));
    }
    context
}

/// The random bits of fresh ids, for trace ids: a trace id need not be more random than any other.
#[derive(Debug)]
struct RandomPart<'a>(&'a Ids);

impl Randomness for RandomPart<'_> {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let id = Uuid::from(self.0.next::<RequestId>());
            // The last eight bytes: 62 random bits and two that are fixed.
            chunk.copy_from_slice(&id.as_bytes()[16 - chunk.len()..]);
        }
    }
}

/// One of the places for requests that run at the same time, given back when it is dropped.
#[derive(Debug)]
struct ConcurrencyPermit {
    around: Arc<RequestLayerShared>,
    _counted: telemetry::InFlight,
}

impl ConcurrencyPermit {
    fn take(around: &Arc<RequestLayerShared>) -> Option<Self> {
        if around.running.fetch_add(1, Ordering::Relaxed) >= around.limits.requests_max {
            around.running.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self { around: Arc::clone(around), _counted: around.http.begin() })
    }
}

impl Drop for ConcurrencyPermit {
    fn drop(&mut self) {
        self.around.running.fetch_sub(1, Ordering::Relaxed);
    }
}

type Outcome = Result<Result<Response, Infallible>, Box<dyn std::any::Any + Send>>;

fn answered(outcome: Outcome) -> Response {
    match outcome {
        Ok(Ok(response)) => response,
        // The panic hook has logged where and why; the caller learns neither.
        Err(_) => ProblemResponse(Problem::internal()).into_response(),
    }
}

fn overloaded() -> Response {
    let title = "too many requests are under way; ask again shortly";
    ProblemResponse(Problem::new(503, codes::OVERLOADED, title).retry_after(1)).into_response()
}

fn too_late() -> Response {
    let title = "no time was left to answer; nothing was done";
    ProblemResponse(Problem::new(504, codes::DEADLINE_EXCEEDED, title)).into_response()
}
