//! Idempotency keys: a repeated request gets the stored response of the first one (IETF draft
//! `draft-ietf-httpapi-idempotency-key-header`).
//!
//! The response is stored after its effect and through the same log, so a response is never lost later than its effect.
//! A crash between the two leaves the effect without the response; the service then finds its first effect by an id
//! derived from the key ([`IdempotencyKey::operation`]) and builds the response again. The same holds for two instances of
//! one service that get one key at the same time.
//!
//! [`IdempotencyKey::operation`]: crate::IdempotencyKey::operation

mod byte_budget;
mod reference;
mod stored_response;

pub use reference::{ByReference, Recomputed, ReplayReference, ReplayRenderer};

use crate::{ApiMethodRouter, Caller, IdempotencyKey, ProblemResponse, body, idempotency_key};
use axum::{
    body::{Body, Bytes},
    extract::Request,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use byte_budget::ByteBudget;
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use kernel::{Ids, Problem, Timestamp, codes};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::{collections::HashMap, sync::Arc, time::Duration};
use storage::{KeyValue, StorageError, durability};
use stored_response::{Fingerprint, StoredContent, StoredResponse};
use transport::{Context, headers};

/// Retention of stored responses.
pub const IDEMPOTENCY_RETENTION: Duration = Duration::from_hours(24);

/// Response header of a replayed response.
const REPLAYED: &str = "idempotent-replayed";

/// Idempotency layer of one service: stores responses by `Idempotency-Key` and replays them.
///
/// It applies to POST, PUT, PATCH and DELETE requests with a key, as part of the [layer of a service](crate::service).
/// A key belongs to its caller, so that no client gets the response of another one: its scope is service, edge, method,
/// path, and the actor or, for a client without an identity, its address. An actor may change its address between two
/// attempts; a client without an identity that does so makes a new request.
///
/// * The same key with the same query and body gets the stored response, marked `Idempotent-Replayed: true`, for
///   [`IDEMPOTENCY_RETENTION`].
/// * The same key with another query or body is refused with 422 `idempotency_key_reused`.
/// * The same key while the first request is running is refused with 409 `idempotency_in_flight`.
/// * A malformed key is refused with 400 `invalid_header`.
///
/// A response is stored as a copy, a refusal with at most 1 KiB of it, and a response [`ByReference`] as its reference, from
/// which the service's [`ReplayRenderer`] renders it again. While [`Idempotency::maintain`] is running, all of them together
/// have an upper bound in bytes, beyond which the oldest ones go first.
///
/// Not stored are responses that ask for a retry (5xx, 429, any with `Retry-After`), streamed ones, those too large for a
/// record, and those of operations without an effect ([`Recomputed`]).
///
/// ```
/// use engine_memory::MemoryEngine;
/// use kernel::{Ids, ManualClock, SeededRandomness, Timestamp};
/// use std::sync::Arc;
/// use tower::ServiceExt;
/// use web::{ApiRouter, Idempotency, Limits, NoContent, ServiceParts, routing::post, service};
///
/// let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
/// let ids = Ids::new(clock, Arc::new(SeededRandomness::new(1)));
/// let key_value = MemoryEngine::new().service("letter-service").key_value;
/// let parts = ServiceParts {
///     metrics: telemetry::Metrics::new(),
///     ids: ids.clone(),
///     idempotency: Some(Idempotency::new("letter-service", key_value, ids)),
///     limits: Limits::default(),
/// };
/// let routes = ApiRouter::new().api_route("/letters", post(async || NoContent));
/// let router = service("letter-service", routes, parts).router;
///
/// let request = || {
///     let request = http::Request::post("/letters").header("idempotency-key", "k1");
///     request.body(axum::body::Body::empty()).unwrap()
/// };
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let first = router.clone().oneshot(request()).await.unwrap();
/// assert!(!first.headers().contains_key("idempotent-replayed"));
/// let second = router.oneshot(request()).await.unwrap();
/// assert_eq!(second.headers()["idempotent-replayed"], "true");
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Idempotency(Arc<IdempotencyStore>);

#[derive(Debug)]
struct IdempotencyStore {
    service: &'static str,
    values: Arc<dyn KeyValue>,
    ids: Ids,
    renderer: Option<Arc<dyn ReplayRenderer>>,
    running: Mutex<HashMap<String, Fingerprint>>,
    budget: Arc<ByteBudget>,
}

impl Idempotency {
    /// Stores the responses of `service` in its own key-value store.
    pub fn new(service: &'static str, values: Arc<dyn KeyValue>, ids: Ids) -> Self {
        let (renderer, running, budget) = (None, Mutex::default(), Arc::default());
        Self(Arc::new(IdempotencyStore { service, values, ids, renderer, running, budget }))
    }

    /// The same layer, which renders responses that are kept by reference.
    #[must_use]
    pub fn with_renderer(self, renderer: Arc<dyn ReplayRenderer>) -> Self {
        let IdempotencyStore { service, values, ids, budget, .. } = &*self.0;
        let (values, ids, renderer) = (Arc::clone(values), ids.clone(), Some(renderer));
        let (budget, running) = (Arc::clone(budget), Mutex::default());
        Self(Arc::new(IdempotencyStore { service, values, ids, renderer, running, budget }))
    }

    /// Deletes expired responses, and the oldest ones when all together take more than `bytes_max`, for ever.
    ///
    /// The store is the layer's own as far as expiry goes: room is made by sweeping what expires first, so that any other value
    /// with an expiry would go before its time. Values without one are left alone.
    pub async fn maintain(self, bytes_max: u64) {
        let IdempotencyStore { values, ids, budget, .. } = &*self.0;
        budget.maintain(&**values, ids, bytes_max).await;
    }

    /// Whether a value of a service's store is a copy of a response, in any format, and no reference to what the response showed. Without it,
    /// a repeated request is executed again, and finds its first effect.
    pub fn is_copy(value: &[u8]) -> bool {
        stored_response::is_copy(value)
    }

    /// Whether the layer applies to a request: its method has effects, and it has a key.
    pub(crate) fn concerns(request: &Request) -> bool {
        changes_something(request.method())
            && request.headers().contains_key(headers::IDEMPOTENCY_KEY)
    }

    /// Replays the stored response, or calls `route` and stores its response.
    pub(crate) async fn call<F: Future<Output = Response>>(
        &self,
        request: Request,
        body_bytes_max: usize,
        route: impl FnOnce(Request) -> F,
    ) -> Response {
        let (head, body) = request.into_parts();
        let looked_up = async {
            let key = IdempotencyKey::of(&head.headers)?.ok_or_else(idempotency_key::missing)?;
            let body = body::read(body, body_bytes_max).await?;
            Ok((self.look_up(&head, &key, &body).await?, body))
        };
        match looked_up.await {
            Ok((Lookup::Replay(response), _)) => response,
            Ok((Lookup::First(in_flight), body)) => {
                let response = route(Request::from_parts(head, Body::from(body))).await;
                in_flight.store_response(response).await
            }
            Err(problem) => ProblemResponse(problem).into_response(),
        }
    }

    async fn look_up(
        &self,
        head: &Parts,
        key: &IdempotencyKey,
        body: &Bytes,
    ) -> Result<Lookup, Problem> {
        let record_key = self.record_key(head, key);
        let fingerprint = Fingerprint::of(head, body);

        // Running requests are looked up before stored responses: a response is stored before its key is released, so
        // that a request which finds the key free finds the response.
        let in_flight = self.begin(record_key, fingerprint)?;
        let now = self.0.ids.now();
        let stored = self.0.values.value(&in_flight.record_key, now).await;
        let stored = stored.map_err(|error| unavailable(&error))?;
        let Some(stored) = stored.as_ref().and_then(StoredResponse::read) else {
            return Ok(Lookup::First(in_flight));
        };
        if stored.fingerprint != fingerprint {
            return Err(reused());
        }
        let mut response = self.replay(stored.content).await?;
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        Ok(Lookup::Replay(response))
    }

    async fn replay(&self, content: StoredContent) -> Result<Response, Problem> {
        let (reference, status) = match content {
            StoredContent::Copy(response) => return Ok(response),
            StoredContent::Reference(reference, status) => (reference, status),
        };
        let Some(renderer) = &self.0.renderer else {
            tracing::error!(service = self.0.service, "responses by reference, and no renderer");
            return Err(Problem::internal());
        };
        let mut response = renderer.render(reference, status).await?;
        *response.status_mut() = status;
        Ok(response)
    }

    /// Storage key of the response: a digest, because a shop stores millions of responses and an index of short keys stays
    /// in memory longest.
    fn record_key(&self, head: &Parts, key: &IdempotencyKey) -> String {
        let (service, caller) = (self.0.service, Caller::current());
        let edge = caller.edge.as_str();
        let (method, path, key) = (head.method.as_str(), head.uri.path(), &key.0);
        // No part but the last can contain a space, and no actor is called `address`.
        let caller = match (caller.actor, Context::current_client()) {
            (Some(actor), _) => actor.to_string(),
            (None, Some(address)) => format!("address {address}"),
            (None, None) => String::new(),
        };
        let record_key = format!("{service} {edge} {method} {path} {key} {caller}");
        let digest: [u8; 12] = digest(Sha256::new().chain_update(record_key));
        format!("k{}", URL_SAFE_NO_PAD.encode(digest))
    }

    fn begin(&self, record_key: String, fingerprint: Fingerprint) -> Result<InFlightKey, Problem> {
        let mut running = self.0.running.lock();
        match running.get(&record_key) {
            Some(first) if *first == fingerprint => Err(in_flight()),
            Some(_) => Err(reused()),
            None => {
                running.insert(record_key.clone(), fingerprint);
                Ok(InFlightKey { store: Arc::clone(&self.0), record_key, fingerprint })
            }
        }
    }
}

enum Lookup {
    Replay(Response),
    First(InFlightKey),
}

/// Idempotency key of a running request. Dropping it, after a response, a cancellation or a panic, releases the key.
struct InFlightKey {
    store: Arc<IdempotencyStore>,
    record_key: String,
    fingerprint: Fingerprint,
}

impl InFlightKey {
    async fn store_response(self, response: Response) -> Response {
        let (response, stored) = StoredResponse::take(self.fingerprint, response).await;
        let stored = stored.filter(|_| !kernel::defects::planted("answer_not_remembered"));
        let Some(stored) = stored else { return response };
        let IdempotencyStore { values, ids, budget, .. } = &*self.store;
        let length = self.record_key.len() + stored.len();
        let expires_at = ids.now().checked_add(IDEMPOTENCY_RETENTION).unwrap_or(Timestamp::MAX);
        match values.put(&self.record_key, stored, Some(expires_at)).await {
            Ok(commit) => {
                durability::depend_on(&commit);
                budget.count(length, expires_at);
            }
            // The effect has happened. A response that is not stored would be another one for the repetition, which finds the effect as it is
            // by then; so the first response is that of a repetition.
            Err(error) => {
                tracing::warn!(%error, "a response could not be stored under its idempotency key");
                return ProblemResponse(not_remembered()).into_response();
            }
        }
        response
    }
}

impl Drop for InFlightKey {
    fn drop(&mut self) {
        self.store.running.lock().remove(&self.record_key);
    }
}

/// Route that refuses a request without an `Idempotency-Key`: 400 `idempotency_key_missing`. A handler
/// with an [`IdempotencyKey`] argument does so by itself.
pub fn requires_idempotency_key<S>(route: ApiMethodRouter<S>) -> ApiMethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    route.each(|operation| operation.requires_key = true)
}

fn changes_something(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE)
}

fn in_flight() -> Problem {
    let title = "the first request with this Idempotency-Key is still running; ask again shortly";
    Problem::of(codes::IDEMPOTENCY_IN_FLIGHT, title).retry_after(1)
}

fn not_remembered() -> Problem {
    let title = "what came of this request cannot be stored at the moment; ask again with the same Idempotency-Key";
    Problem::of(codes::UNAVAILABLE, title).retry_after(1)
}

fn reused() -> Problem {
    let title = "this Idempotency-Key came with another body before; choose a new one";
    Problem::of(codes::IDEMPOTENCY_KEY_REUSED, title)
}

fn unavailable(error: &StorageError) -> Problem {
    tracing::warn!(%error, "stored responses cannot be read");
    let title = "what was answered before cannot be read at the moment; ask again shortly";
    Problem::of(codes::UNAVAILABLE, title).retry_after(1)
}

/// Whether a response may be stored and replayed: not one that asks for a retry.
fn is_final(response: &Response) -> bool {
    let status = response.status();
    let is_temporary = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    !is_temporary && !response.headers().contains_key(header::RETRY_AFTER)
}

/// The first bytes of a digest, as many as it takes to avoid collisions.
fn digest<const LENGTH: usize>(digest: Sha256) -> [u8; LENGTH] {
    let whole: [u8; 32] = digest.finalize().into();
    *whole.first_chunk().expect("a digest has 32 bytes")
}
