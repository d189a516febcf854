//! Same key, same request: the same answer again.
//!
//! The answer is stored after its effect, through the same log, so that what a client was told is never forgotten
//! before what it was told about. A crash between the two leaves the effect without the answer; the service then
//! finds its first effect by an id derived from the key ([`IdempotencyKey::operation`]) and answers anew. The same
//! holds for two instances of one service that get one key at the same time.
//!
//! [`IdempotencyKey::operation`]: crate::IdempotencyKey::operation

mod remembered;

use crate::{ApiMethodRouter, IdempotencyKey, ProblemResponse, idempotency_key, json};
use axum::{
    body::{Body, Bytes},
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kernel::{Ids, Problem, codes};
use parking_lot::Mutex;
use remembered::{Fingerprint, Remembered};
use sha2::{Digest, Sha256};
use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};
use storage::{KeyValue, StorageError, durability};
use tower::{Service, ServiceExt};
use transport::{Context, headers};

/// How long an answer is remembered.
pub const IDEMPOTENCY_RETENTION: Duration = Duration::from_hours(24);

/// Marks an answer that was given before.
const REPLAYED: &str = "idempotent-replayed";

/// The answers that one service remembers by key.
///
/// Keys are told apart by service, edge, actor, method and path, so that nobody is answered with what somebody else
/// was told. Remembered is every answer but those that ask to come again: 5xx, 429, and any with `Retry-After`, such as
/// 409 because the first request is still running.
#[derive(Clone, Debug)]
pub struct Idempotency(Arc<Answers>);

#[derive(Debug)]
struct Answers {
    service: &'static str,
    values: Arc<dyn KeyValue>,
    ids: Ids,
    running: Mutex<HashMap<String, Fingerprint>>,
}

impl Idempotency {
    /// Remembers answers of `service` in its own `values`.
    pub fn new(service: &'static str, values: Arc<dyn KeyValue>, ids: Ids) -> Self {
        Self(Arc::new(Answers { service, values, ids, running: Mutex::default() }))
    }

    /// Whether a request is one whose answer is remembered: it changes something and has a key.
    pub(crate) fn concerns(request: &Request) -> bool {
        changes_something(request.method())
            && request.headers().contains_key(headers::IDEMPOTENCY_KEY)
    }

    /// Answers from memory, or lets `route` answer and remembers.
    pub(crate) async fn answer<S>(
        &self,
        request: Request,
        route: S,
        body_bytes_max: usize,
    ) -> Response
    where
        S: Service<Request, Response = Response, Error = Infallible>,
    {
        match self.recall(request, body_bytes_max).await {
            Ok(Recalled::ApiResult(answer)) => answer,
            Ok(Recalled::First(request, turn)) => {
                let answer = match route.oneshot(*request).await {
                    Ok(answer) => answer,
                    Err(never) => match never {},
                };
                turn.remember(answer).await
            }
            Err(problem) => ProblemResponse(problem).into_response(),
        }
    }

    async fn recall(&self, request: Request, body_bytes_max: usize) -> Result<Recalled, Problem> {
        let Some(key) = IdempotencyKey::of(request.headers())? else {
            return Err(idempotency_key::missing());
        };
        let (head, body) = request.into_parts();
        let body = read(body, body_bytes_max).await?;
        let place = self.place(&head, &key);
        let fingerprint = Fingerprint::of(&head, &body);

        // First the running ones, then the stored ones: an answer is stored before its turn ends, so that a
        // request which finds no turn taken finds the answer.
        let turn = self.take_turn(place, fingerprint)?;
        let now = self.0.ids.now();
        if let Some(stored) =
            self.0.values.value(&turn.place, now).await.map_err(|error| unavailable(&error))?
            && let Some(remembered) = Remembered::read(&stored)
        {
            if remembered.fingerprint != fingerprint {
                return Err(reused());
            }
            let mut answer = remembered.into_response();
            answer.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            return Ok(Recalled::ApiResult(answer));
        }
        Ok(Recalled::First(Box::new(Request::from_parts(head, Body::from(body))), turn))
    }

    /// Where the answer to this key is kept: under a digest, for a shop remembers millions of answers, and an index of
    /// short keys stays in memory longest.
    fn place(&self, head: &Parts, key: &IdempotencyKey) -> String {
        let edge = Context::current_edge().as_str();
        let actor = Context::current_actor();
        let (service, actor) = (self.0.service, actor.as_deref().unwrap_or_default());
        let (method, path, key) = (head.method.as_str(), head.uri.path(), &key.0);
        // No part but the last can contain a space.
        let place = format!("{service} {edge} {method} {path} {key} {actor}");
        format!("idempotency {:032x}", digest(Sha256::new().chain_update(place)))
    }

    fn take_turn(&self, place: String, fingerprint: Fingerprint) -> Result<Turn, Problem> {
        let mut running = self.0.running.lock();
        match running.get(&place) {
            Some(first) if *first == fingerprint => Err(in_flight()),
            Some(_) => Err(reused()),
            None => {
                running.insert(place.clone(), fingerprint);
                Ok(Turn { answers: Arc::clone(&self.0), place, fingerprint })
            }
        }
    }
}

enum Recalled {
    ApiResult(Response),
    First(Box<Request>, Turn),
}

/// The right to answer a key for the first time. It ends when it is dropped: answered, cancelled or panicked.
struct Turn {
    answers: Arc<Answers>,
    place: String,
    fingerprint: Fingerprint,
}

impl Turn {
    async fn remember(self, answer: Response) -> Response {
        let (answer, remembered) = Remembered::take(self.fingerprint, answer).await;
        let remembered = remembered.filter(|_| !kernel::defects::planted("answer_not_remembered"));
        let Some(remembered) = remembered else { return answer };
        let expires_at = self.answers.ids.now().checked_add(IDEMPOTENCY_RETENTION).ok();
        match self.answers.values.put(&self.place, remembered, expires_at).await {
            Ok(commit) => durability::depend_on(&commit),
            // The effect has happened and the client is told so; a repetition meets the derived id.
            Err(error) => tracing::warn!(%error, "an answer could not be remembered by its key"),
        }
        answer
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.answers.running.lock().remove(&self.place);
    }
}

/// The same route, which refuses a changing request without a key. A handler that takes an
/// [`IdempotencyKey`] does so anyway.
pub fn requires_idempotency_key<S>(route: ApiMethodRouter<S>) -> ApiMethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    route.layer(from_fn(|request: Request, next: Next| async move {
        if changes_something(request.method())
            && !request.headers().contains_key(headers::IDEMPOTENCY_KEY)
        {
            return ProblemResponse(idempotency_key::missing()).into_response();
        }
        next.run(request).await
    }))
}

fn changes_something(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE)
}

async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    match Limited::new(body, bytes_max).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(json::too_large()),
        Err(_) => Err(json::broken_off()),
    }
}

fn in_flight() -> Problem {
    let title = "the first request with this Idempotency-Key is still running; ask again shortly";
    Problem::new(409, codes::IDEMPOTENCY_IN_FLIGHT, title).retry_after(1)
}

fn reused() -> Problem {
    let title = "this Idempotency-Key came with another body before; choose a new one";
    Problem::new(422, codes::IDEMPOTENCY_KEY_REUSED, title)
}

fn unavailable(error: &StorageError) -> Problem {
    tracing::warn!(%error, "remembered answers cannot be read");
    let title = "what was answered before cannot be read at the moment; ask again shortly";
    Problem::new(503, codes::UNAVAILABLE, title).retry_after(1)
}

/// Whether an answer may be given again for a day: not one that asks to come again.
fn is_final(answer: &Response) -> bool {
    let status = answer.status();
    let is_temporary = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    !is_temporary && !answer.headers().contains_key(header::RETRY_AFTER)
}

/// Half of a digest tells apart whatever clients send.
fn digest(digest: Sha256) -> u128 {
    let whole: [u8; 32] = digest.finalize().into();
    u128::from_be_bytes(*whole.first_chunk().unwrap_or(&[0; 16]))
}
