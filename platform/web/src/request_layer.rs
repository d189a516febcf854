//! Request layer of a service: context, span, access log, metrics, deadline, panic handling, concurrency limit, body limit,
//! idempotency keys.
//!
//! It is one layer instead of eight because one client request causes about ten calls within the process, and each axum
//! layer costs a boxed service and a boxed future per call.

use crate::{Idempotency, Limits, ProblemResponse, ServiceParts, ingress::Ingress};
use axum::{
    extract::{DefaultBodyLimit, MatchedPath, Request},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use http::{HeaderValue, Method, StatusCode};
use kernel::{Ids, Problem, codes};
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
use telemetry::HttpMetrics;
use tokio::time::Instant;
use tower::{Layer, Service};
use tracing::Instrument;
use transport::{Context, headers};

/// Route label of requests to unknown paths, so that made-up paths do not create metric series without bound.
const UNMATCHED: &str = "unmatched";

/// Request layer around each route of one service.
#[derive(Clone, Debug)]
pub(crate) struct RequestLayer(Arc<RequestLayerShared>);

/// State shared by all routes of a service.
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
        RequestService { shared: Arc::clone(&self.0), inner }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct RequestService<S> {
    shared: Arc<RequestLayerShared>,
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
        let record = RequestRecord::of(&mut request, &self.shared);
        let shared = Arc::clone(&self.shared);
        let Some(permit) = ConcurrencyPermit::acquire(&self.shared) else {
            return Box::pin(async move { Ok(shared.finish(&record, overloaded())) });
        };
        if record.context.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Box::pin(async move { Ok(shared.finish(&record, too_late())) });
        }
        DefaultBodyLimit::max(shared.limits.body_bytes_max).apply(&mut request);

        let span = record.span(shared.service);
        let context = record.context.clone();
        let keyed = shared.idempotency.as_ref().filter(|_| Idempotency::concerns(&request));
        match keyed {
            // The route is called here and not cloned, which would box its future once more.
            None => {
                let work = self.inner.call(request);
                Box::pin(async move {
                    let work = context.scope(work).instrument(span);
                    let outcome = AssertUnwindSafe(work).catch_unwind().await;
                    drop(permit);
                    Ok(shared.finish(&record, into_response(outcome)))
                })
            }
            Some(idempotency) => {
                let (idempotency, route) = (idempotency.clone(), self.inner.clone());
                let bytes_max = shared.limits.keyed_body_bytes_max;
                Box::pin(async move {
                    let work = idempotency.call(request, route, bytes_max).map(Ok);
                    let work = context.scope(work).instrument(span);
                    let outcome = AssertUnwindSafe(work).catch_unwind().await;
                    drop(permit);
                    Ok(shared.finish(&record, into_response(outcome)))
                })
            }
        }
    }
}

impl RequestLayerShared {
    /// Counts and logs the response, and sets its request id if it leaves the process.
    fn finish(&self, record: &RequestRecord, mut response: Response) -> Response {
        let status = response.status();
        let took = record.began.elapsed();
        self.http.record_response(record.method.as_str(), record.route(), status.as_u16(), took);
        if status.is_server_error() {
            record.log_failure(self.service, status);
        } else {
            tracing::debug!(
                target: "access",
                service = self.service,
                method = record.method.as_str(),
                route = record.route(),
                status = status.as_u16(),
                micros = took.as_micros(),
                "answered"
            );
        }
        if record.ingress == Ingress::Socket
            && let Some(id) = &record.context.request_id
            && let Ok(id) = HeaderValue::from_str(id)
        {
            response.headers_mut().insert(headers::REQUEST_ID, id);
        }
        response
    }
}

/// Facts about a running request, for the access log and metrics.
struct RequestRecord {
    context: Context,
    ingress: Ingress,
    method: Method,
    route: Option<MatchedPath>,
    began: Instant,
}

impl RequestRecord {
    fn of(request: &mut Request, shared: &RequestLayerShared) -> Self {
        let (ingress, context) = Ingress::extract(request, &shared.ids);
        Self {
            context,
            ingress,
            method: request.method().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            began: Instant::now(),
        }
    }

    fn route(&self) -> &str {
        self.route.as_ref().map_or(UNMATCHED, MatchedPath::as_str)
    }

    fn span(&self, service: &'static str) -> tracing::Span {
        let root = self.ingress.span(service, &self.context);
        root.unwrap_or_else(|| tracing::debug_span!("request", service))
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

/// Permit of a running request under the concurrency limit, released when it is dropped.
#[derive(Debug)]
struct ConcurrencyPermit {
    shared: Arc<RequestLayerShared>,
    _counted: telemetry::InFlight,
}

impl ConcurrencyPermit {
    fn acquire(shared: &Arc<RequestLayerShared>) -> Option<Self> {
        if shared.running.fetch_add(1, Ordering::Relaxed) >= shared.limits.requests_max {
            shared.running.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self { shared: Arc::clone(shared), _counted: shared.http.begin() })
    }
}

impl Drop for ConcurrencyPermit {
    fn drop(&mut self) {
        self.shared.running.fetch_sub(1, Ordering::Relaxed);
    }
}

type HandlerOutcome = Result<Result<Response, Infallible>, Box<dyn std::any::Any + Send>>;

fn into_response(outcome: HandlerOutcome) -> Response {
    match outcome {
        Ok(Ok(response)) => response,
        // The panic hook has logged the cause, which is not for the client.
        Err(_) => ProblemResponse(Problem::internal()).into_response(),
    }
}

fn overloaded() -> Response {
    let title = "too many requests are under way; ask again shortly";
    ProblemResponse(Problem::of(codes::OVERLOADED, title).retry_after(1)).into_response()
}

fn too_late() -> Response {
    let title = "no time was left to answer; nothing was done";
    ProblemResponse(Problem::of(codes::DEADLINE_EXCEEDED, title)).into_response()
}
