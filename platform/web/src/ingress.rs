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
    /// Over [`transport::loopback`], in the caller's task: the context is an extension of the request.
    Loopback,
}

impl Ingress {
    /// Extracts the context of a request; one without a request id or a trace gets its own.
    ///
    /// An extension cannot arrive over a socket, so a context found there was set by a caller in this process.
    pub(crate) fn extract(request: &mut Request, ids: &Ids) -> (Self, Context) {
        let (ingress, context) = match request.extensions_mut().remove::<Context>() {
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
