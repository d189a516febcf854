//! What is kept of a response is in proportion to the request: a reference, a short refusal, or nothing; and all of it has
//! an upper bound.

use crate::{
    listener::spawn,
    things::{TestResponse, clock, ids, keyed, parts, send, service},
};
use async_trait::async_trait;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine_memory::MemoryEngine;
use http::StatusCode;
use kernel::{Clock, Code, FieldError, ManualClock, Problem, Timestamp, Uuid, codes};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use storage::{Commit, KeyValue, StorageError};
use transport::RequestHandler;
use web::{
    ApiResult, ApiRouter, ByReference, Created, Idempotency, Json, Recomputed, ReplayReference,
    ReplayRenderer, ServiceParts, routing::post,
};

/// Store that notes the sizes of its keys and values, and refuses the next response when it is told to.
#[derive(Debug)]
struct MeasuredValues(Arc<dyn KeyValue>, Mutex<HashMap<String, usize>>, AtomicBool);

impl MeasuredValues {
    fn lengths(&self) -> Vec<usize> {
        self.1.lock().values().copied().collect()
    }

    /// Bytes of the values that can still be read.
    async fn live_bytes(&self) -> usize {
        let mut bytes = 0;
        let lengths = self.1.lock().clone();
        for (key, length) in lengths {
            bytes += self.0.value(&key, clock().now()).await.unwrap().map_or(0, |_| length);
        }
        bytes
    }
}

#[async_trait]
impl KeyValue for MeasuredValues {
    async fn value(&self, key: &str, now: Timestamp) -> Result<Option<Bytes>, StorageError> {
        self.0.value(key, now).await
    }

    async fn put(
        &self,
        key: &str,
        value: Bytes,
        expires_at: Option<Timestamp>,
    ) -> Result<Commit, StorageError> {
        // What does not expire is no response.
        if expires_at.is_some() {
            if self.2.swap(false, Ordering::SeqCst) {
                return Err(StorageError::Unavailable("it is away".to_owned()));
            }
            self.1.lock().insert(key.to_owned(), key.len() + value.len());
        }
        self.0.put(key, value, expires_at).await
    }

    async fn remove(&self, key: &str) -> Result<Commit, StorageError> {
        self.0.remove(key).await
    }

    async fn add(
        &self,
        key: &str,
        by: i64,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<i64, StorageError> {
        self.0.add(key, by, now, expires_at).await
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StorageError> {
        self.0.sweep(now, limit).await
    }
}

/// Renderer of long lists, named by a number and of a version; it can no longer render the one with the number 0.
#[derive(Debug)]
struct Lists;

fn list(reference: ReplayReference) -> Vec<String> {
    vec![format!("{}", reference.version); 1_000 + usize::from(reference.id.as_bytes()[15])]
}

#[async_trait]
impl ReplayRenderer for Lists {
    async fn render(
        &self,
        reference: ReplayReference,
        status: StatusCode,
    ) -> Result<Response, Problem> {
        match status {
            _ if reference.id.is_nil() => Err(Problem::unavailable("the list")),
            StatusCode::CREATED => Ok(created(reference).into_response()),
            _ => Ok(Json(list(reference)).into_response()),
        }
    }
}

fn reference((number, version): (u8, u64)) -> ReplayReference {
    ReplayReference { id: Uuid::from_u128(number.into()), version }
}

fn created(reference: ReplayReference) -> Created<Vec<String>> {
    Created::at(format!("/{}", reference.id), list(reference))
}

async fn create(Json(of): Json<(u8, u64)>) -> ByReference<Created<Vec<String>>> {
    ByReference { reference: reference(of), answer: created(reference(of)) }
}

async fn change(Json(of): Json<(u8, u64)>) -> ByReference<Json<Vec<String>>> {
    ByReference { reference: reference(of), answer: Json(list(reference(of))) }
}

async fn estimate(Json(of): Json<(u8, u64)>) -> Recomputed<Json<Vec<String>>> {
    Recomputed(Json(list(reference(of))))
}

/// Refuses with as many errors as the number says, each with a long message.
async fn refuse(Json(count): Json<usize>) -> ApiResult<Json<()>> {
    let mut problem = Problem::new(422, codes::INVALID_FIELD, "ä".repeat(count * 100));
    let error = |number| FieldError { field: format!("f[{number}]"), message: "é".repeat(count) };
    problem.errors.extend((0..count).map(error));
    Err(problem.subject("s").fact("facts", vec![0; count]).into())
}

fn router() -> (RequestHandler, Arc<MeasuredValues>) {
    let values = MemoryEngine::new().service("lists").key_value;
    let values = Arc::new(MeasuredValues(values, Mutex::default(), AtomicBool::default()));
    (router_with(layer(&values, &clock())), values)
}

fn layer(values: &Arc<MeasuredValues>, clock: &Arc<ManualClock>) -> Idempotency {
    let stored = Arc::clone(values) as Arc<dyn KeyValue>;
    Idempotency::new("lists", stored, ids(Arc::clone(clock))).with_renderer(Arc::new(Lists))
}

fn router_with(layer: Idempotency) -> RequestHandler {
    let routes = ApiRouter::new()
        .api_route("/estimate", post(estimate))
        .api_route("/create", post(create))
        .api_route("/change", post(change))
        .api_route("/refuse", post(refuse));
    service(routes, ServiceParts { idempotency: Some(layer), ..parts() }).router
}

/// A response without what belongs to its transmission alone.
fn settled(mut response: TestResponse) -> TestResponse {
    response.headers.remove("x-request-id");
    response.headers.remove("idempotent-replayed");
    response
}

#[tokio::test]
async fn a_response_by_reference_is_rendered_again_and_costs_what_its_reference_does() {
    let (router, values) = router();
    for (path, version) in [("/create", 0), ("/change", 1), ("/change", 255), ("/change", u64::MAX)]
    {
        let (key, of) = (format!("k{version}"), format!("[7,{version}]"));
        let first = send(&router, keyed(&key, path, of.clone())).await;
        assert!(first.status.is_success() && first.body.len() > 3_000);
        let again = send(&router, keyed(&key, path, of)).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(settled(again), settled(first), "{path} {version}");
        let reused = send(&router, keyed(&key, path, "[8,1]")).await;
        assert_eq!(reused.problem().code, codes::IDEMPOTENCY_KEY_REUSED);
    }
    let lengths = values.lengths();
    assert!(lengths.len() == 4 && lengths.iter().all(|bytes| *bytes < 60), "{lengths:?}");
    // What cannot be rendered now may be later.
    assert_eq!(send(&router, keyed("g", "/change", "[0,1]")).await.status, 200);
    assert_eq!(send(&router, keyed("g", "/change", "[0,1]")).await.status, 503);
}

#[tokio::test]
async fn the_first_response_is_one_that_the_repetition_gets_as_well() {
    let (router, values) = router();
    values.2.store(true, Ordering::SeqCst);
    let unstored = send(&router, keyed("k", "/create", "[7,1]")).await;
    assert_eq!((unstored.status.as_u16(), unstored.header("retry-after")), (503, Some("1")));
    assert_eq!(unstored.problem().code, codes::UNAVAILABLE);
    let first = send(&router, keyed("k", "/create", "[7,1]")).await;
    assert_eq!((first.status.as_u16(), first.header("idempotent-replayed")), (201, None));
    let again = send(&router, keyed("k", "/create", "[7,1]")).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(settled(again), settled(first));
}

#[tokio::test]
async fn an_operation_without_an_effect_leaves_nothing() {
    let (router, values) = router();
    for of in ["[7,1]", "[7,1]", "[8,2]"] {
        let answer = send(&router, keyed("k", "/estimate", of)).await;
        assert_eq!((answer.status.as_u16(), answer.header("idempotent-replayed")), (200, None));
    }
    assert!(values.lengths().is_empty());
}

/// Changes these lists, each under a key of its own, one a second.
async fn change_lists(router: &RequestHandler, clock: &ManualClock, numbers: Range<usize>) {
    for number in numbers {
        clock.advance(Duration::from_secs(1));
        let answer = send(router, keyed(&format!("k{number}"), "/change", "[1,1]")).await;
        assert_eq!(answer.status, 200);
    }
}

async fn is_kept(router: &RequestHandler, number: usize) -> bool {
    let answer = send(router, keyed(&format!("k{number}"), "/change", "[1,1]")).await;
    answer.header("idempotent-replayed").is_some()
}

#[tokio::test(start_paused = true)]
async fn beyond_their_bytes_the_oldest_responses_go_also_after_a_restart() {
    const BYTES_MAX: u64 = 200_000;
    let (_, values) = router();
    let clock = clock();
    for (life, changes) in [(0, 1_000), (1, 2_500)] {
        let layer = layer(&values, &clock);
        let maintenance = spawn(layer.clone().maintain(BYTES_MAX));
        // Meanwhile the saved sizes are read.
        tokio::time::sleep(Duration::from_mins(2)).await;
        let router = router_with(layer);
        let first = life * 10_000;
        change_lists(&router, &clock, first..first + changes).await;
        tokio::time::sleep(Duration::from_mins(2)).await;
        maintenance.abort();
        assert!(is_kept(&router, first + changes - 1).await, "{life}: the newest");
        assert_eq!(is_kept(&router, first).await, life == 0, "{life}: the oldest");
    }
    assert!(!is_kept(&router_with(layer(&values, &clock)), 0).await, "of the life before");
    let bytes = values.live_bytes().await as u64;
    assert!(BYTES_MAX / 10 < bytes && bytes < BYTES_MAX, "{bytes}");
}

#[tokio::test(start_paused = true)]
async fn expired_responses_are_deleted() {
    let (_, values) = router();
    let clock = clock();
    let layer = layer(&values, &clock);
    let maintenance = spawn(layer.clone().maintain(u64::MAX));
    change_lists(&router_with(layer), &clock, 0..1_500).await;
    assert!(values.live_bytes().await > 60_000);
    clock.advance(web::IDEMPOTENCY_RETENTION);
    tokio::time::sleep(Duration::from_mins(2)).await;
    maintenance.abort();
    // Deleted, not merely hidden: a read at an earlier time does not find them either.
    assert_eq!(values.live_bytes().await, 0);
}

#[tokio::test]
async fn a_long_refusal_is_kept_with_its_code_and_the_first_of_its_details() {
    let (router, values) = router();
    for count in [1_usize, 3, 30, 300] {
        let (key, body) = (format!("k{count}"), count.to_string());
        let first = send(&router, keyed(&key, "/refuse", body.clone())).await;
        let again = send(&router, keyed(&key, "/refuse", body.clone())).await;
        let (told, repeated) = (first.problem(), again.problem());
        let identity = |problem: &Problem| -> (u16, Code, Option<String>) {
            (problem.status, problem.code.clone(), problem.subject.clone())
        };
        assert_eq!(identity(&repeated), identity(&told), "{count}");
        if first.body.len() <= 1_024 {
            assert_eq!(repeated, told, "{count}");
        }
        for (short, long) in repeated.errors.iter().zip(&told.errors) {
            assert!(short.field == long.field && long.message.starts_with(&short.message));
        }
        assert!(told.title.starts_with(&repeated.title), "{count}: {:?}", repeated.title);
        assert!(again.body.len() <= 1_024, "{count}: {}", again.body.len());
    }
    let lengths = values.lengths();
    assert!(lengths.iter().all(|bytes| *bytes < 1_024 + 200), "{lengths:?}");
}
