//! Request context: propagated from call to call, as headers between processes and as a request extension within one.

use crate::ClientCertificate;
use http::{HeaderMap, HeaderValue};
use kernel::{Edge, Ids, Origin, Randomness, Uuid};
use std::{net::IpAddr, sync::Arc, time::Duration};
use telemetry::TraceContext;
use tokio::time::Instant;

/// Header names of the propagated context.
pub mod headers {
    /// Trace and parent span, as W3C Trace Context defines it.
    pub const TRACEPARENT: &str = "traceparent";
    /// Request id: the same for every call that one client request causes.
    pub const REQUEST_ID: &str = "x-request-id";
    /// Remaining time of the call, in milliseconds.
    pub const DEADLINE: &str = "icommerce-deadline-ms";
    /// Edge by which the request entered; set by the gateway only, absent on internal calls.
    pub const EDGE: &str = "icommerce-edge";
    /// Authenticated actor, as the gateway determined it.
    pub const ACTOR: &str = "icommerce-actor";
    /// Address of the client, as the gateway determined it.
    pub const CLIENT: &str = "icommerce-client";
    /// Certificate of the client, as the gateway determined it.
    pub const CERTIFICATE: &str = "icommerce-client-certificate";
    /// Origin of the changes that the request makes, for the record.
    pub const ORIGIN: &str = "icommerce-origin";
    /// Mark of a response by a process that stands by for the owner of its services: nothing of the request was done.
    pub const STANDBY: &str = "icommerce-standby";
    /// Idempotency key (IETF draft `draft-ietf-httpapi-idempotency-key-header`): makes a POST safe to retry.
    pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
}

/// Request context: trace, request id, deadline, edge, actor and client of the request that the running task serves.
///
/// It is task-local; transports propagate it to the called service.
///
/// ```
/// use transport::{Context, Edge};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let context = Context { edge: Edge::Shop, actor: Some("ada".into()), ..Context::default() };
/// let actor = context.scope(async { Context::current_actor() }).await;
/// assert_eq!(actor.as_deref(), Some("ada"));
/// assert_eq!(Context::current_edge(), Edge::Internal, "outside of a request");
/// # });
/// ```
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Trace context of the caller's span.
    pub trace: Option<TraceContext>,
    /// Id of the client's request, the same across all calls.
    pub request_id: Option<Arc<str>>,
    /// Deadline: when the caller stops waiting for the response.
    pub deadline: Option<Instant>,
    /// Edge by which the request entered.
    pub edge: Edge,
    /// Authenticated actor.
    pub actor: Option<Arc<str>>,
    /// Address of the client outside.
    pub client: Option<IpAddr>,
    /// Certificate that the client presented, for the service that authenticates clients by it.
    pub certificate: Option<ClientCertificate>,
    /// Origin of the changes that the request makes, as the gateway determined it. It is recorded with them and grants
    /// nothing: a background task that goes on with a request keeps its origin, without its edge and actor.
    pub origin: Option<Origin>,
}

/// Maximum length of a context header, in bytes; a longer one is ignored.
const HEADER_BYTES_MAX: usize = 200;

kernel::id!(/// Id of a client's request.
    RequestId);

/// Bits of a trace that begins with a request: those of the request's new id, so that one seed determines both.
#[derive(Debug)]
struct IdBits(Uuid);

impl Randomness for IdBits {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(16) {
            // From the end, where the random bits of an id are.
            chunk.copy_from_slice(&self.0.as_bytes()[16 - chunk.len()..]);
        }
    }
}

tokio::task_local! {
    static CURRENT: Context;
}

impl Context {
    /// The context of the running request; the default outside of one.
    pub fn current() -> Self {
        CURRENT.try_with(Clone::clone).unwrap_or_default()
    }

    /// The deadline of the running request, if any.
    pub fn current_deadline() -> Option<Instant> {
        CURRENT.try_with(|context| context.deadline).unwrap_or_default()
    }

    /// Whether the running request belongs to a trace and has an id.
    pub fn is_traced() -> bool {
        CURRENT
            .try_with(|context| context.trace.is_some() && context.request_id.is_some())
            .unwrap_or_default()
    }

    /// The same context, with a new request id and a new trace where it has none.
    #[must_use]
    pub fn traced(mut self, ids: &Ids) -> Self {
        if self.request_id.is_some() && self.trace.is_some() {
            return self;
        }
        let id = Uuid::from(ids.next::<RequestId>());
        self.request_id.get_or_insert_with(|| {
            let mut text = Uuid::encode_buffer();
            Arc::from(&*id.hyphenated().encode_lower(&mut text))
        });
        self.trace.get_or_insert_with(|| TraceContext::begin(&IdBits(id)));
        self
    }

    /// The edge by which the running request entered; [`Edge::Internal`] outside of one.
    pub fn current_edge() -> Edge {
        CURRENT.try_with(|context| context.edge).unwrap_or_default()
    }

    /// The actor of the running request, if any.
    pub fn current_actor() -> Option<Arc<str>> {
        CURRENT.try_with(|context| context.actor.clone()).unwrap_or_default()
    }

    /// The address of the client of the running request, if it came from outside.
    pub fn current_client() -> Option<IpAddr> {
        CURRENT.try_with(|context| context.client).unwrap_or_default()
    }

    /// The certificate of the client of the running request, if it presented one.
    pub fn current_certificate() -> Option<ClientCertificate> {
        CURRENT.try_with(|context| context.certificate.clone()).unwrap_or_default()
    }

    /// The origin of the changes that the running task makes, if it is known.
    pub fn current_origin() -> Option<Origin> {
        CURRENT.try_with(|context| context.origin.clone()).unwrap_or_default()
    }

    /// Runs `work` with this context as the current one.
    pub fn scope<F: Future>(self, work: F) -> impl Future<Output = F::Output> + use<F> {
        // Not an `async fn`, whose future would hold `work` twice: as its argument, and where it is polled.
        CURRENT.scope(self, work)
    }

    /// Extracts from headers what a request from outside may say: its trace and its request id. Everything else in them is
    /// the gateway's to say.
    pub fn from_untrusted_headers(headers: &HeaderMap) -> Self {
        let mut context = Self::default();
        // One pass costs less than two look-ups, each of which hashes a name.
        for (name, value) in headers {
            match name.as_str() {
                headers::TRACEPARENT if context.trace.is_none() => {
                    context.trace = text(value).and_then(TraceContext::parse);
                }
                headers::REQUEST_ID if context.request_id.is_none() => {
                    context.request_id = text(value).map(Arc::from);
                }
                _ => {}
            }
        }
        context
    }

    /// Extracts the context from headers. A header that is malformed, empty or longer than 200 bytes is ignored.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(text);
        let deadline = text(headers::DEADLINE)
            .and_then(|millis| millis.parse().ok())
            .and_then(|millis| Instant::now().checked_add(Duration::from_millis(millis)));
        let edge = text(headers::EDGE).and_then(Edge::parse).unwrap_or_default();
        let certificate = headers.get(headers::CERTIFICATE).and_then(|value| value.to_str().ok());
        let origin = headers.get(headers::ORIGIN).and_then(|value| value.to_str().ok());
        let origin = origin.filter(|text| text.len() <= Origin::TEXT_BYTES_MAX);
        Self {
            deadline,
            edge,
            actor: text(headers::ACTOR).map(Arc::from),
            client: text(headers::CLIENT).and_then(|address| address.parse().ok()),
            certificate: certificate.and_then(ClientCertificate::of_header),
            origin: origin.and_then(|text| text.parse().ok()),
            ..Self::from_untrusted_headers(headers)
        }
    }

    /// Injects the context into headers: sets those that it has a value for, removes the others.
    pub fn write_to(&self, headers: &mut HeaderMap) {
        let mut set = |name: &'static str, value: Option<HeaderValue>| match value {
            Some(value) => drop(headers.insert(name, value)),
            None => drop(headers.remove(name)),
        };
        let text = |value: &Arc<str>| HeaderValue::from_str(value).ok();
        set(
            headers::TRACEPARENT,
            self.trace.map(|trace| {
                HeaderValue::from_str(&trace.to_string()).expect("a trace is printable")
            }),
        );
        set(headers::REQUEST_ID, self.request_id.as_ref().and_then(text));
        set(headers::ACTOR, self.actor.as_ref().and_then(text));
        let client = self.client.map(|address| address.to_string());
        set(headers::CLIENT, client.and_then(|address| HeaderValue::from_str(&address).ok()));
        let certificate = self.certificate.as_ref().map(ClientCertificate::to_header);
        set(headers::CERTIFICATE, certificate.and_then(|text| HeaderValue::from_str(&text).ok()));
        let origin = self.origin.as_ref();
        set(
            headers::ORIGIN,
            origin.and_then(|origin| HeaderValue::from_str(&origin.to_string()).ok()),
        );
        let edge =
            (self.edge != Edge::Internal).then(|| HeaderValue::from_static(self.edge.as_str()));
        set(headers::EDGE, edge);
        let left = self
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()).as_millis());
        set(
            headers::DEADLINE,
            left.map(|millis| {
                HeaderValue::from_str(&millis.to_string()).expect("digits are printable")
            }),
        );
    }
}

/// The text of a header, unless it is malformed, empty or too long.
fn text(value: &HeaderValue) -> Option<&str> {
    let value = value.to_str().ok()?;
    (!value.is_empty() && value.len() <= HEADER_BYTES_MAX).then_some(value)
}
