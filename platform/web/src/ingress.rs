//! Ingress of a request: how it reached this process, and the context and span that follow from it.

use axum::extract::Request;
use kernel::Ids;
use tracing::Span;
use transport::Context;

/// Ingress: the transport by which a request reached a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ingress {
    /// Over a socket: the context is in the headers.
    Socket,
    /// From this process, in the caller's task: the context comes with the request.
    Loopback,
}

impl Ingress {
    /// Ingress and context of a request, with the context that its caller in this process passed on; one without a request
    /// id or a trace gets its own.
    pub(crate) fn of(passed: Option<Context>, request: &Request, ids: &Ids) -> (Self, Context) {
        let (ingress, context) = match passed {
            Some(context) => (Self::Loopback, context),
            None => (Self::Socket, Context::from_headers(request.headers())),
        };
        (ingress, context.traced(ids))
    }

    /// The root span of a request in this process; `None` by loopback, where the caller's span names the trace and the
    /// request already.
    pub(crate) fn span(self, service: &'static str, context: &Context) -> Option<Span> {
        let trace = context.trace.filter(|_| self == Self::Socket)?;
        let id = context.request_id.as_deref().expect("a traced context has an id");
        Some(telemetry::request_span(service, trace, id))
    }
}
