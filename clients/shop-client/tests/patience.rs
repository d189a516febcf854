//! What a client of a shop may rely on, against a listener on a loopback socket.

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
use shop_client::{CallError, Edge, Patience};
use std::{sync::Arc, time::Duration};
use tokio::net::TcpListener;

/// A status, and the problem that explains it.
type Answer = (u16, Option<Problem>);

/// Answers that are still to be given, and the keys and bodies that came.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<Vec<Answer>>>,
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

async fn say(State(script): State<Script>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
    let body = String::from_utf8(body.to_vec()).unwrap();
    script.seen.lock().push((key.unwrap_or_default(), body));
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

fn quick() -> Patience {
    Patience {
        first_pause: Duration::from_millis(1),
        pause_max: Duration::from_millis(2),
        asked_pause_max: Duration::from_millis(2),
        ..Patience::default()
    }
}

async fn shop(answers: Vec<Answer>) -> (Edge, Script) {
    let script = Script { answers: Arc::new(Mutex::new(answers)), ..Script::default() };
    let router =
        Router::new().route("/x", get(say).merge(post(say)).put(say)).with_state(script.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, router).await });
    tasks.detach_all();
    (Edge::at(&address, quick(), ids()).unwrap(), script)
}

#[tokio::test]
async fn a_busy_shop_is_asked_again_with_the_same_key_and_body() {
    let in_flight = Problem::new(409, codes::IDEMPOTENCY_IN_FLIGHT, "still running").retry_after(1);
    let (edge, script) =
        shop(vec![(503, None), (429, None), (409, Some(in_flight)), (504, None)]).await;
    let answer: String = edge.post("/x").json(&"hello").send().await.unwrap();
    assert_eq!(answer, "done");
    let seen = script.seen.lock().clone();
    assert_eq!(seen.len(), 5);
    assert!(!seen[0].0.is_empty());
    assert!(seen.iter().all(|request| *request == seen[0]), "{seen:?}");
}

#[tokio::test]
async fn two_requests_have_two_keys_and_a_given_key_stays() {
    let (edge, script) = shop(Vec::new()).await;
    for _ in 0..2 {
        edge.post("/x").send::<String>().await.unwrap();
    }
    edge.post("/x").idempotency_key("mine").send::<String>().await.unwrap();
    let seen = script.seen.lock().clone();
    assert_ne!(seen[0].0, seen[1].0);
    assert_eq!(seen[2].0, "mine");
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let refusal = Problem::field("name", "is missing");
    let (edge, script) = shop(vec![(422, Some(refusal.clone()))]).await;
    let error = edge.post("/x").send::<String>().await.unwrap_err();
    assert!(matches!(error, CallError::Problem(problem) if *problem == refusal));
    assert_eq!(script.seen.lock().len(), 1);
}

#[tokio::test]
async fn patience_ends() {
    let (edge, script) = shop(vec![(503, None); 100]).await;
    let error = edge.get("/x").send::<String>().await.unwrap_err();
    assert!(matches!(error, CallError::Unavailable { .. }), "{error}");
    assert_eq!(script.seen.lock().len(), 40);
}

#[tokio::test]
async fn nobody_at_the_address_is_said_with_the_address() {
    let patience = Patience { attempts_max: 2, ..quick() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let edge = Edge::at(&address, patience, ids()).unwrap();
    let error = edge.get("/x").send::<String>().await.unwrap_err().to_string();
    assert!(error.contains(&address) && error.contains("refused"), "{error}");
}

#[test]
fn what_is_no_address_of_a_shop_is_refused() {
    for wrong in [
        "",
        "shop",
        "127.0.0.1:8080",
        "ftp://shop",
        "https://shop",
        "http://shop/api",
        "http://shop?x",
    ] {
        assert!(Edge::at(wrong, quick(), ids()).is_err(), "{wrong}");
    }
    assert_eq!(Edge::at("http://shop:80/", quick(), ids()).unwrap().address(), "http://shop:80");
}
