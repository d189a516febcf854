//! What travels with a request from hop to hop: as headers between processes, as an extension inside one.

use http::{HeaderMap, HeaderValue};
use std::{sync::Arc, time::Duration};
use telemetry::TraceContext;
use tokio::time::Instant;

/// The names of the headers a context travels in.
pub mod headers {
    /// W3C Trace Context.
    pub const TRACEPARENT: &str = "traceparent";
    /// One id for everything a client's request caused.
    pub const REQUEST_ID: &str = "x-request-id";
    /// Milliseconds left for the whole call.
    pub const DEADLINE: &str = "icommerce-deadline-ms";
    /// Which edge the request came in by; set by the gateway only, absent on internal calls.
    pub const EDGE: &str = "icommerce-edge";
    /// Who acts, as the gateway knows it.
    pub const ACTOR: &str = "icommerce-actor";
    /// Makes a POST safe to repeat.
    pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
}

/// Which door a request came in by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Edge {
    /// The public one.
    Shop,
    /// The operators' one.
    Operator,
    /// Another service, or a task of this one.
    #[default]
    Internal,
}

impl Edge {
    /// As it stands in the header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Operator => "operator",
            Self::Internal => "internal",
        }
    }
}

/// What travels with a request.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The span that caused this call.
    pub trace: Option<TraceContext>,
    /// The client's request, across all hops.
    pub request_id: Option<Arc<str>>,
    /// When the answer is of no use any more.
    pub deadline: Option<Instant>,
    /// The door it came in by.
    pub edge: Edge,
    /// Who acts.
    pub actor: Option<Arc<str>>,
}

/// The longest request id, actor and trace header that is believed, in bytes.
const HEADER_BYTES_MAX: usize = 200;

tokio::task_local! {
    static CURRENT: Context;
}

impl Context {
    /// The context of the running request; empty outside one.
    pub fn current() -> Self {
        CURRENT.try_with(Clone::clone).unwrap_or_default()
    }

    /// The door the running request came in by.
    pub fn current_edge() -> Edge {
        CURRENT.try_with(|context| context.edge).unwrap_or_default()
    }

    /// Who acts in the running request.
    pub fn current_actor() -> Option<Arc<str>> {
        CURRENT.try_with(|context| context.actor.clone()).unwrap_or_default()
    }

    /// Runs `work` as part of this request.
    pub async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self, work).await
    }

    /// Reads the context from headers. Whatever is not well-formed is left out.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let text = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            (!value.is_empty() && value.len() <= HEADER_BYTES_MAX).then_some(value)
        };
        let deadline = text(headers::DEADLINE)
            .and_then(|millis| millis.parse().ok())
            .and_then(|millis| Instant::now().checked_add(Duration::from_millis(millis)));
        let edge = match text(headers::EDGE) {
            Some("shop") => Edge::Shop,
            Some("operator") => Edge::Operator,
            _ => Edge::Internal,
        };
        Self {
            trace: text(headers::TRACEPARENT).and_then(TraceContext::parse),
            request_id: text(headers::REQUEST_ID).map(Arc::from),
            deadline,
            edge,
            actor: text(headers::ACTOR).map(Arc::from),
        }
    }

    /// Writes the context into headers, over what is there.
    pub fn write_to(&self, headers: &mut HeaderMap) {
        let mut set = |name: &'static str, value: Option<HeaderValue>| match value {
            Some(value) => drop(headers.insert(name, value)),
            None => drop(headers.remove(name)),
        };
        let text = |value: &Arc<str>| HeaderValue::from_str(value).ok();
        set(
            headers::TRACEPARENT,
            self.trace.as_ref().and_then(|it| HeaderValue::from_str(&it.to_string()).ok()),
        );
        set(headers::REQUEST_ID, self.request_id.as_ref().and_then(text));
        set(headers::ACTOR, self.actor.as_ref().and_then(text));
        let edge =
            (self.edge != Edge::Internal).then(|| HeaderValue::from_static(self.edge.as_str()));
        set(headers::EDGE, edge);
        let left = self
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()).as_millis());
        set(
            headers::DEADLINE,
            left.and_then(|millis| HeaderValue::from_str(&millis.to_string()).ok()),
        );
    }
}
