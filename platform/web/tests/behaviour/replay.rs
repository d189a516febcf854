//! What is kept of a response is in proportion to the request: a reference, or a short refusal.

use crate::things::{TestResponse, ids, keyed, parts, send, service};
use async_trait::async_trait;
use axum::{
    Router,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use engine_memory::MemoryEngine;
use http::StatusCode;
use kernel::{Code, FieldError, Problem, Timestamp, codes};
use parking_lot::Mutex;
use std::sync::Arc;
use storage::{Commit, KeyValue, StorageError};
use web::{
    ApiResult, ApiRouter, ByReference, Created, Idempotency, Json, ReplayReference, ReplayRenderer,
    ServiceParts, routing::post,
};

/// Store that notes the sizes of its values.
#[derive(Debug)]
struct MeasuredValues(Arc<dyn KeyValue>, Mutex<Vec<usize>>);

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
        self.1.lock().push(value.len());
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

/// Renderer of long lists of one word; it can no longer render `gone`.
#[derive(Debug)]
struct Lists;

fn list(word: &str) -> Vec<String> {
    vec![word.to_owned(); 10_000]
}

#[async_trait]
impl ReplayRenderer for Lists {
    async fn render(
        &self,
        reference: &ReplayReference,
        status: StatusCode,
    ) -> Result<Response, Problem> {
        let word = reference.as_str();
        match status {
            _ if word == "gone" => Err(Problem::unavailable("the list")),
            StatusCode::CREATED => Ok(Created::at(format!("/{word}"), list(word)).into_response()),
            _ => Ok(Json(list(word)).into_response()),
        }
    }
}

async fn create(Json(word): Json<String>) -> ByReference<Created<Vec<String>>> {
    let answer = Created::at(format!("/{word}"), list(&word));
    ByReference { reference: ReplayReference::new(word), answer }
}

async fn change(Json(word): Json<String>) -> ByReference<Json<Vec<String>>> {
    ByReference { reference: ReplayReference::new(word.clone()), answer: Json(list(&word)) }
}

/// Refuses with as many errors as the number says, each with a long message.
async fn refuse(Json(count): Json<usize>) -> ApiResult<Json<()>> {
    let mut problem = Problem::new(422, codes::INVALID_FIELD, "ä".repeat(count * 100));
    let error = |number| FieldError { field: format!("f[{number}]"), message: "é".repeat(count) };
    problem.errors.extend((0..count).map(error));
    Err(problem.subject("s").fact("facts", vec![0; count]).into())
}

fn router() -> (Router, Arc<MeasuredValues>) {
    let values = MemoryEngine::new().service("lists").key_value;
    let values = Arc::new(MeasuredValues(values, Mutex::default()));
    let stored = Arc::clone(&values) as Arc<dyn KeyValue>;
    let layer = Idempotency::new("lists", stored, ids(crate::things::clock()));
    let idempotency = Some(layer.with_renderer(Arc::new(Lists)));
    let routes = ApiRouter::new()
        .api_route("/create", post(create))
        .api_route("/change", post(change))
        .api_route("/refuse", post(refuse));
    (service(routes, ServiceParts { idempotency, ..parts() }).router, values)
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
    for path in ["/create", "/change"] {
        let first = send(&router, keyed("k", path, "\"lamp\"")).await;
        assert!(first.status.is_success() && first.body.len() > 10_000);
        let again = send(&router, keyed("k", path, "\"lamp\"")).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(settled(again), settled(first), "{path}");
        let reused = send(&router, keyed("k", path, "\"chair\"")).await;
        assert_eq!(reused.problem().code, codes::IDEMPOTENCY_KEY_REUSED);
    }
    assert!(values.1.lock().iter().all(|bytes| *bytes < 120), "{:?}", values.1.lock());
    // What cannot be rendered now may be later.
    assert_eq!(send(&router, keyed("g", "/change", "\"gone\"")).await.status, 200);
    assert_eq!(send(&router, keyed("g", "/change", "\"gone\"")).await.status, 503);
    // A reference that is too long is none: the response is kept as a copy.
    let long = format!("\"{}\"", "l".repeat(web::REFERENCE_BYTES_MAX + 1));
    assert_eq!(send(&router, keyed("l", "/change", long.clone())).await.status, 200);
    assert!(values.1.lock().last().is_some_and(|bytes| *bytes > 10_000));
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
    assert!(values.1.lock().iter().all(|bytes| *bytes < 1_024 + 200), "{:?}", values.1.lock());
}
