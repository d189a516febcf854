//! Listener of the provider of accounts: what the shop edge does for it, where it has a listener of its own. The settings of the edges hold
//! here as well: the limits, the hosts, the trusted proxies, and the certificates that they pass on.

use crate::{
    body::BodyLimits,
    client_identity::{self, ClientIdentity},
    client_limiter::{ClientState, too_much_in_progress},
    forward,
    front::Front,
    gateway::span,
    provider_address::MOUNT,
    quota::{Quota, overloaded},
    security_headers::{ResponseKind, add_security_headers},
    settings::GatewaySettings,
};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use kernel::{Ids, Origin, Problem};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use telemetry::{HttpMetrics, Metrics};
use tokio::time::Instant;
use tracing::Instrument;
use transport::{Channel, Context, Edge, RequestHandler, headers};
use web::{ProblemResponse, without_body};

/// Listener of the provider, with the state that all requests share.
#[derive(Debug)]
pub(crate) struct ProviderListener {
    front: Front,
    /// Requests in progress.
    requests: Quota,
    body_bytes: Quota,
    body_bytes_max: usize,
    deadline: Duration,
    ids: Ids,
    http: HttpMetrics,
    provider: Channel,
}

impl ProviderListener {
    /// Listener in front of this provider; the sentence says what is wrong with the settings.
    pub(crate) fn new(
        settings: &GatewaySettings,
        provider: Channel,
        ids: Ids,
        metrics: &Metrics,
    ) -> Result<Self, String> {
        Ok(Self {
            front: Front::new(settings)?,
            requests: Quota::new(settings.shop_requests_max),
            body_bytes: Quota::new(settings.body_bytes_in_progress_max),
            body_bytes_max: settings.body_bytes_max,
            deadline: Duration::from_millis(settings.deadline_ms),
            ids,
            http: HttpMetrics::new(metrics, crate::NAME),
            provider,
        })
    }

    pub(crate) fn into_handler(self) -> RequestHandler {
        let listener = Arc::new(self);
        RequestHandler::new(move |request, _| Box::pin(Arc::clone(&listener).handle(request)))
    }

    /// Response to a request, with metrics and an access log entry.
    async fn handle(self: Arc<Self>, request: Request) -> Response {
        let started = Instant::now();
        let (head, body) = request.into_parts();
        let method = head.method.clone();
        let client = ClientIdentity::from_request(&head, &self.front.trusted_proxies);
        let strict_transport = self.front.strict_transport(&client, &head.headers);
        let context = self.context(&client, &head, started + self.deadline);
        let (id, span) = (context.request_id.clone(), span(&context));
        let _in_flight = self.http.begin();
        let work = self.admit(&client, context, head, body).instrument(span.clone());
        let mut response = match AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(problem)) => ProblemResponse(problem).into_response(),
            // The panic hook has logged where and why.
            Err(_) => ProblemResponse(Problem::internal()).into_response(),
        };
        let headers = response.headers_mut();
        add_security_headers(headers, ResponseKind::Page);
        if let Some(id) = id.and_then(|id| HeaderValue::from_str(&id).ok()) {
            headers.insert(headers::REQUEST_ID, id);
        }
        if let Some(policy) = strict_transport {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, policy);
        }
        let (status, took) = (response.status().as_u16(), started.elapsed());
        self.http.record_response(method.as_str(), MOUNT, status, took);
        let micros = took.as_micros();
        span.in_scope(|| {
            tracing::debug!(target: "access", method = method.as_str(), route = MOUNT, status, micros, "answered");
        });
        if method == Method::HEAD { without_body(response) } else { response }
    }

    /// Context of a request as at the shop edge, with the certificate that the client presented.
    fn context(&self, client: &ClientIdentity, head: &Parts, deadline: Instant) -> Context {
        let received = Context::from_untrusted_headers(&head.headers);
        let request_id = received.request_id.filter(|id| client_identity::is_valid_request_id(id));
        let context = Context {
            trace: received.trace,
            request_id,
            deadline: Some(deadline),
            edge: Edge::Shop,
            origin: Some(Origin::of_edge(Edge::Shop)),
            actor: None,
            client: Some(client.address),
            certificate: self.front.certificates.of_request(head, client),
        };
        context.traced(&self.ids)
    }

    /// Checks and forwarding of a request, cheapest checks first.
    async fn admit(
        &self,
        client: &ClientIdentity,
        context: Context,
        head: Parts,
        body: Body,
    ) -> Result<Response, Problem> {
        let host = self.front.check_host(client, &head.headers)?;
        let limited = self.front.limited_client(client, host);
        let Some(limited) = limited.as_deref() else {
            return self.forward(client, None, context, head, body).await;
        };
        let clients = &self.front.clients;
        clients.take_token(limited, Instant::now())?;
        clients.metered(limited, self.forward(client, Some(limited), context, head, body)).await
    }

    async fn forward(
        &self,
        client: &ClientIdentity,
        limited: Option<&ClientState>,
        context: Context,
        head: Parts,
        body: Body,
    ) -> Result<Response, Problem> {
        let limits = BodyLimits {
            bytes_max: self.body_bytes_max,
            deadline: context.deadline.unwrap_or_else(Instant::now),
            in_progress: &self.body_bytes,
            client: limited,
        };
        let body = limits.read(&head.headers, body).await?;
        // Taken only now: a request whose body is still on its way has nothing to be served yet.
        let _own = match limited {
            Some(limited) => Some(limited.requests.try_take(1).ok_or_else(too_much_in_progress)?),
            None => None,
        };
        let _permit = self.requests.try_take(1).ok_or_else(overloaded)?;
        let head = forward::upstream_head(head, client);
        forward::send(&self.provider, context, head, body.bytes.clone()).await
    }
}
