//! Request layer of a service: route, context, span, access log, metrics, deadline, panic handling, concurrency limit, body
//! limit, idempotency keys.
//!
//! It is one function instead of eight layers around a router, each of which would cost a boxed service and a boxed future
//! per request.

use crate::{
    Idempotency, Limits, ProblemResponse, ServiceParts, idempotency_key,
    ingress::Ingress,
    response::without_body,
    routes::{PathRoutes, RouteFacts, RouteTable},
};
use axum::{
    body::HttpBody,
    extract::{MatchedPath, Request},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use http::{HeaderValue, Method, header};
use kernel::{Ids, Problem, codes};
use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use telemetry::HttpMetrics;
use tokio::time::Instant;
use tracing::Instrument;
use transport::{Context, RequestHandler, headers};

/// Route label of requests to unknown paths, so that made-up paths do not create metric series without bound.
const UNMATCHED: &str = "unmatched";

/// Request layer around the routes of one service.
#[derive(Debug)]
pub(crate) struct RequestLayer {
    service: &'static str,
    ids: Ids,
    http: HttpMetrics,
    limits: Limits,
    running: AtomicUsize,
    idempotency: Option<Idempotency>,
    routes: RouteTable,
}

impl RequestLayer {
    pub(crate) fn new(service: &'static str, routes: RouteTable, parts: ServiceParts) -> Self {
        let ServiceParts { metrics, ids, idempotency, limits } = parts;
        let http = HttpMetrics::new(&metrics, service);
        Self { service, ids, http, limits, running: AtomicUsize::new(0), idempotency, routes }
    }

    pub(crate) fn into_handler(self) -> RequestHandler {
        let layer = Arc::new(self);
        RequestHandler::new(move |request, context| {
            Box::pin(Arc::clone(&layer).respond(request, context))
        })
    }

    async fn respond(self: Arc<Self>, request: Request, context: Option<Context>) -> Response {
        let began = Instant::now();
        let (ingress, context) = Ingress::of(context, &request, &self.ids);
        let path = self.routes.path(request.uri().path());
        let record = RequestRecord { ingress, method: request.method().clone(), path, began };
        let (deadline, id) = (context.deadline, context.request_id.clone());
        let span = ingress.span(self.service, &context);
        let span = span.unwrap_or_else(|| tracing::debug_span!("request", service = self.service));

        let work = context.scope(self.admit(request, record.path.as_deref(), deadline));
        let response = match AssertUnwindSafe(work.instrument(span)).catch_unwind().await {
            Ok(response) => response,
            // The panic hook has logged the cause, which is not for the client.
            Err(_) => ProblemResponse(Problem::internal()).into_response(),
        };
        self.finish(&record, id.as_deref(), response)
    }

    /// Response to a request, if there is room and time for it.
    async fn admit(
        &self,
        request: Request,
        path: Option<&PathRoutes>,
        deadline: Option<Instant>,
    ) -> Response {
        let Some(_permit) = ConcurrencyPermit::acquire(self) else { return overloaded() };
        // Looked at now: a deadline of no time is that of the moment in which the context was read.
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return too_late();
        }
        let keyed = self.idempotency.as_ref().filter(|_| Idempotency::concerns(&request));
        match keyed {
            None => self.dispatch(request, path).await,
            Some(idempotency) => {
                let bytes_max = self.limits.keyed_body_bytes_max;
                idempotency.call(request, bytes_max, |request| self.dispatch(request, path)).await
            }
        }
    }

    /// Response of the operation, or of the pages for paths without one.
    async fn dispatch(&self, mut request: Request, path: Option<&PathRoutes>) -> Response {
        let bytes_max = self.limits.body_bytes_max;
        let Some(path) = path else {
            return self.routes.pages.handle(request, None).await;
        };
        let Some(operation) = path.operation(request.method()) else {
            return method_not_allowed(&path.allow);
        };
        if operation.requires_key && !request.headers().contains_key(headers::IDEMPOTENCY_KEY) {
            return ProblemResponse(idempotency_key::missing()).into_response();
        }
        if path.has_parameters || !request.body().is_end_stream() {
            let body_bytes_max = operation.body_bytes_max.unwrap_or(bytes_max);
            let template = Arc::clone(&path.template);
            request.extensions_mut().insert(RouteFacts { template, body_bytes_max });
        }
        let is_head = *request.method() == Method::HEAD;
        let response = operation.call(request).await;
        if is_head { without_body(response) } else { response }
    }

    /// Counts and logs the response, and sets its request id if it leaves the process.
    fn finish(&self, record: &RequestRecord, id: Option<&str>, mut response: Response) -> Response {
        let (status, took) = (response.status().as_u16(), record.began.elapsed());
        let route = record.route(&response);
        let (service, method) = (self.service, record.method.as_str());
        self.http.record_response(method, route, status, took);
        if response.status().is_server_error() {
            tracing::warn!(target: "access", service, method, route, status, request_id = id, "answered with a failure");
        } else {
            let micros = took.as_micros();
            tracing::debug!(target: "access", service, method, route, status, micros, "answered");
        }
        if record.ingress == Ingress::Socket
            && let Some(id) = id.and_then(|id| HeaderValue::from_str(id).ok())
        {
            response.headers_mut().insert(headers::REQUEST_ID, id);
        }
        response
    }
}

/// Facts about a running request, for the access log and metrics.
struct RequestRecord {
    ingress: Ingress,
    method: Method,
    path: Option<Arc<PathRoutes>>,
    began: Instant,
}

impl RequestRecord {
    /// Template of the route; that of a page is known with the response.
    fn route<'a>(&'a self, response: &'a Response) -> &'a str {
        let page = || response.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        self.path.as_deref().map(|path| &*path.template).or_else(page).unwrap_or(UNMATCHED)
    }
}

/// Permit of a running request under the concurrency limit, released when it is dropped.
#[derive(Debug)]
struct ConcurrencyPermit<'a> {
    running: &'a AtomicUsize,
    _counted: telemetry::InFlight,
}

impl<'a> ConcurrencyPermit<'a> {
    fn acquire(layer: &'a RequestLayer) -> Option<Self> {
        let running = &layer.running;
        if running.fetch_add(1, Ordering::Relaxed) >= layer.limits.requests_max {
            running.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self { running, _counted: layer.http.begin() })
    }
}

impl Drop for ConcurrencyPermit<'_> {
    fn drop(&mut self) {
        self.running.fetch_sub(1, Ordering::Relaxed);
    }
}

fn method_not_allowed(allow: &HeaderValue) -> Response {
    let title = "this address exists, but not with this method; see Allow";
    let mut response =
        ProblemResponse(Problem::of(codes::METHOD_NOT_ALLOWED, title)).into_response();
    response.headers_mut().insert(header::ALLOW, allow.clone());
    response
}

fn overloaded() -> Response {
    let title = "too many requests are under way; ask again shortly";
    ProblemResponse(Problem::of(codes::OVERLOADED, title).retry_after(1)).into_response()
}

fn too_late() -> Response {
    let title = "no time was left to answer; nothing was done";
    ProblemResponse(Problem::of(codes::DEADLINE_EXCEEDED, title)).into_response()
}
