//! Retries, idempotency keys and errors of the client, against a listener on a loopback socket.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use kernel::{Ids, ManualClock, Problem, SeededRandomness, codes};
use parking_lot::Mutex;
use shop_client::{CallError, EdgeClient, RetryPolicy};
use std::{sync::Arc, time::Duration};
use tokio::net::TcpListener;

/// A status, and the problem that explains it.
type Answer = (u16, Option<Problem>);

/// Server that gives the scripted answers, the last one first, and records keys and bodies.
#[derive(Clone, Default)]
struct ScriptedServer {
    answers: Arc<Mutex<Vec<Answer>>>,
    requests: Arc<Mutex<Vec<(String, String)>>>,
}

async fn respond(
    State(script): State<ScriptedServer>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
    let body = String::from_utf8(body.to_vec()).unwrap();
    script.requests.lock().push((key.unwrap_or_default(), body));
    let next = script.answers.lock().pop();
    match next {
        Some((status, problem)) => (
            StatusCode::from_u16(status).unwrap(),
            Json(problem.map(|it| serde_json::to_value(it).unwrap()).unwrap_or_default()),
        ),
        None => (StatusCode::OK, Json(serde_json::json!("done"))),
    }
}

fn ids() -> Ids {
    let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
    Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(1)))
}

fn fast_policy() -> RetryPolicy {
    RetryPolicy {
        initial_backoff: Duration::from_millis(1),
        backoff_max: Duration::from_millis(2),
        retry_after_max: Duration::from_millis(2),
        ..RetryPolicy::default()
    }
}

async fn shop(answers: Vec<Answer>) -> (EdgeClient, ScriptedServer) {
    let script =
        ScriptedServer { answers: Arc::new(Mutex::new(answers)), ..ScriptedServer::default() };
    let router = Router::new()
        .route("/x", get(respond).merge(post(respond)).put(respond))
        .with_state(script.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, router).await });
    tasks.detach_all();
    (EdgeClient::new(&address, fast_policy(), ids()).unwrap(), script)
}

#[tokio::test]
async fn a_busy_shop_is_retried_with_the_same_key_and_body() {
    let in_flight = Problem::new(409, codes::IDEMPOTENCY_IN_FLIGHT, "still running").retry_after(1);
    let (edge, script) =
        shop(vec![(503, None), (429, None), (409, Some(in_flight)), (504, None)]).await;
    let answer: String = edge.post("/x").json(&"hello").send().await.unwrap();
    assert_eq!(answer, "done");
    let requests = script.requests.lock().clone();
    assert_eq!(requests.len(), 5);
    assert!(!requests[0].0.is_empty());
    assert!(requests.iter().all(|request| *request == requests[0]), "{requests:?}");
}

#[tokio::test]
async fn each_request_has_its_own_key_and_a_given_key_is_kept() {
    let (edge, script) = shop(Vec::new()).await;
    for _ in 0..2 {
        edge.post("/x").send::<String>().await.unwrap();
    }
    edge.post("/x").idempotency_key("mine").send::<String>().await.unwrap();
    let requests = script.requests.lock().clone();
    assert_ne!(requests[0].0, requests[1].0);
    assert_eq!(requests[2].0, "mine");
}

#[tokio::test]
async fn a_rejection_is_not_retried() {
    let refusal = Problem::field("name", "is missing");
    let (edge, script) = shop(vec![(422, Some(refusal.clone()))]).await;
    let error = edge.post("/x").send::<String>().await.unwrap_err();
    assert!(matches!(error, CallError::Problem(problem) if *problem == refusal));
    assert_eq!(script.requests.lock().len(), 1);
}

#[tokio::test]
async fn retries_end_at_the_most_attempts() {
    let (edge, script) = shop(vec![(503, None); 100]).await;
    let error = edge.get("/x").send::<String>().await.unwrap_err();
    assert!(matches!(error, CallError::Unavailable { .. }), "{error}");
    assert_eq!(script.requests.lock().len(), 40);
}

#[tokio::test]
async fn an_unreachable_shop_is_reported_with_its_address() {
    let policy = RetryPolicy { attempts_max: 2, ..fast_policy() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let edge = EdgeClient::new(&address, policy, ids()).unwrap();
    let error = edge.get("/x").send::<String>().await.unwrap_err().to_string();
    assert!(error.contains(&address) && error.contains("refused"), "{error}");
}

#[test]
fn an_address_that_is_not_a_shop_is_rejected() {
    for wrong in [
        "",
        "shop",
        "127.0.0.1:8080",
        "ftp://shop",
        "http://shop/api",
        "https://shop/api",
        "http://shop?x",
    ] {
        assert!(EdgeClient::new(wrong, fast_policy(), ids()).is_err(), "{wrong}");
    }
    assert!(EdgeClient::new("http://shop:80/", fast_policy(), ids()).is_ok());
    assert!(EdgeClient::new("https://shop", fast_policy(), ids()).is_ok());
}
