//! A request with a key has one effect and one answer, however often it comes.

use crate::things::{
    TestResponse, Things, clock, get, idempotent_parts, idempotent_parts_at, keyed, request, send,
    service,
};
use axum::body::Body;
use engine_memory::MemoryEngine;
use futures_util::future::join_all;
use http::{Method, StatusCode};
use kernel::{Problem, Uuid, codes};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use storage::durability;
use tokio::sync::Semaphore;
use transport::{Context, Edge};
use web::{
    ApiResult, ApiRouter, Caller, IdempotencyKey, Json, ProblemResponse, ServiceParts,
    routing::post,
};

const THINGS: &str = "/api/v1/things";
const LAMP: &str = r#"{"name":"lamp","count":1}"#;
const CHAIR: &str = r#"{"name":"chair","count":1}"#;

/// The service with idempotency keys, on an engine of its own.
fn things() -> (transport::RequestHandler, Things) {
    let things = Things::default();
    (service(things.routes(), idempotent_parts(&MemoryEngine::new())).router, things)
}

fn replayed(answer: &TestResponse) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

fn code(answer: &TestResponse) -> String {
    answer.problem().code.to_string()
}

/// A route that responds with these statuses in order, and counts its calls.
fn scripted(script: &'static [u16]) -> (ApiRouter, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let handler = move || {
        let run = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            match script.get(run) {
                None | Some(200) => ApiResult::Ok(Json(run)),
                Some(409) => Err(ProblemResponse(
                    Problem::new(409, codes::VERSION_CONFLICT, "wait").retry_after(1),
                )),
                Some(0) => panic!("a handler may panic"),
                Some(status) => {
                    Err(ProblemResponse(Problem::new(*status, codes::UNAVAILABLE, "no")))
                }
            }
        }
    };
    (ApiRouter::new().api_route("/scripted", post(handler)), runs)
}

#[tokio::test]
async fn the_same_key_and_body_get_the_same_answer_byte_for_byte() {
    let (router, things) = things();
    let mut first = send(&router, keyed("k1", THINGS, LAMP)).await;
    assert_eq!((first.status, things.made()), (StatusCode::CREATED, 1));
    assert_eq!(first.header("location"), Some("/api/v1/things/1"));
    assert!(!replayed(&first));
    for _ in 0..3 {
        let mut again = send(&router, keyed("k1", THINGS, LAMP)).await;
        assert!(replayed(&again));
        again.headers.remove("idempotent-replayed");
        // Each transmission has an id of its own.
        assert_ne!(again.headers.remove("x-request-id"), first.headers.remove("x-request-id"));
        assert_eq!(again, first);
    }
    assert_eq!(things.made(), 1);
}

#[tokio::test]
async fn the_same_key_with_something_else_is_refused() {
    let (router, things) = things();
    assert_eq!(send(&router, keyed("k1", THINGS, LAMP)).await.status, 201);
    let query = format!("{THINGS}?loud=yes");
    for request in [keyed("k1", THINGS, CHAIR), keyed("k1", &query, LAMP), keyed("k1", THINGS, "")]
    {
        let other = send(&router, request).await;
        assert_eq!((other.status.as_u16(), &*code(&other)), (422, "idempotency_key_reused"));
    }
    assert_eq!(things.made(), 1);
    assert!(replayed(&send(&router, keyed("k1", THINGS, LAMP)).await));
}

#[tokio::test]
async fn while_the_first_is_running_the_second_is_told_so() {
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let wait = move || {
        let gate = Arc::clone(&opened);
        async move {
            gate.acquire().await.unwrap().forget();
            web::NoContent
        }
    };
    let api = ApiRouter::new().api_route("/slow", post(wait));
    let router = service(api, idempotent_parts(&MemoryEngine::new())).router;
    let slow = |body: &'static str| keyed("k1", "/slow", body);

    let (first, ()) = tokio::join!(send(&router, slow("a")), async {
        let second = send(&router, slow("a")).await;
        assert_eq!((second.status.as_u16(), &*code(&second)), (409, "idempotency_in_flight"));
        assert_eq!(second.header("retry-after"), Some("1"));
        let other = send(&router, slow("b")).await;
        assert_eq!((other.status.as_u16(), &*code(&other)), (422, "idempotency_key_reused"));
        gate.add_permits(1);
    });
    assert_eq!(first.status, 204);
    let again = send(&router, slow("a")).await;
    assert!(again.status == 204 && replayed(&again));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_run_once() {
    let (router, things) = things();
    for round in 1..=20 {
        let key = format!("k{round}");
        let asked = (0..16).map(|_| {
            let (router, key) = (router.clone(), key.clone());
            async move { send(&router, keyed(&key, THINGS, LAMP)).await }
        });
        let mut tasks = tokio::task::JoinSet::new();
        asked.for_each(|send| drop(tasks.spawn(send)));
        let answers = tasks.join_all().await;
        assert_eq!(things.made(), round);
        let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert!(!made.is_empty() && made.iter().all(|answer| answer.body == made[0].body));
        let rest = answers.iter().filter(|answer| answer.status != 201);
        rest.for_each(|answer| assert_eq!(code(answer), "idempotency_in_flight"));
    }
}

#[tokio::test]
async fn an_answer_that_says_try_again_is_not_remembered() {
    for status in [500, 502, 503, 504, 429, 409] {
        let script: &'static [u16] = Vec::leak(vec![status, 200]);
        let (api, runs) = scripted(script);
        let router = service(api, idempotent_parts(&MemoryEngine::new())).router;
        let send = async || send(&router, keyed("k", "/scripted", "")).await;
        assert_eq!(send().await.status, status);
        assert_eq!((send().await.status, replayed(&send().await)), (StatusCode::OK, true));
        assert_eq!(runs.load(Ordering::SeqCst), 2, "{status}");
    }
}

#[tokio::test]
async fn a_refusal_of_the_business_is_remembered() {
    let (api, runs) = scripted(&[402]);
    let router = service(api, idempotent_parts(&MemoryEngine::new())).router;
    let first = send(&router, keyed("k", "/scripted", "")).await;
    let again = send(&router, keyed("k", "/scripted", "")).await;
    assert_eq!((first.status, again.status), (StatusCode::PAYMENT_REQUIRED, first.status));
    assert_eq!(first.body, again.body);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_panic_and_a_client_that_leaves_free_the_key() {
    let (api, runs) = scripted(&[0, 200]);
    let gate = post(async || {
        tokio::task::yield_now().await;
        web::NoContent
    });
    let router =
        service(api.api_route("/slow", gate), idempotent_parts(&MemoryEngine::new())).router;
    assert_eq!(send(&router, keyed("k", "/scripted", "")).await.status, 500);
    assert_eq!(send(&router, keyed("k", "/scripted", "")).await.status, 200);
    assert_eq!(runs.load(Ordering::SeqCst), 2);

    let mut left = Box::pin(send(&router, keyed("k", "/slow", "")));
    assert!(futures_util::poll!(&mut left).is_pending());
    assert_eq!(send(&router, keyed("k", "/slow", "")).await.status, 409);
    drop(left);
    assert_eq!(send(&router, keyed("k", "/slow", "")).await.status, 204);
}

#[tokio::test]
async fn keys_of_different_callers_and_addresses_do_not_meet() {
    let (router, things) = things();
    let mut asked = Vec::new();
    for (edge, actor, client) in [
        (Edge::Internal, None, None),
        (Edge::Shop, None, None),
        (Edge::Shop, None, Some("192.0.2.1")),
        (Edge::Shop, None, Some("192.0.2.11")),
        (Edge::Shop, None, Some("2001:db8::1")),
        (Edge::Shop, Some("anna"), Some("192.0.2.1")),
        (Edge::Shop, Some("anna b"), Some("192.0.2.1")),
        (Edge::Operator, Some("anna"), Some("192.0.2.1")),
        (Edge::Operator, None, Some("192.0.2.1")),
    ] {
        asked.push(send(&router, keyed_by(edge, actor, client)));
    }
    asked.push(send(&router, keyed("k", "/api/v1/strict", LAMP)));
    asked.push(send(&router, keyed("k2", THINGS, LAMP)));
    let answers = join_all(asked).await;
    assert!(answers.iter().all(|answer| answer.status.is_success() && !replayed(answer)));
    assert_eq!(things.made(), answers.len());
}

/// A request with a key, of this caller.
fn keyed_by(edge: Edge, actor: Option<&str>, client: Option<&str>) -> axum::extract::Request {
    let mut request = keyed("k", THINGS, LAMP);
    let client = client.map(|address| address.parse().unwrap());
    let context = Context { edge, actor: actor.map(Arc::from), client, ..Context::default() };
    request.extensions_mut().insert(context);
    request
}

#[tokio::test]
async fn a_caller_with_an_identity_may_repeat_from_another_address() {
    let (router, things) = things();
    for (edge, actor) in [(Edge::Shop, "guest:1"), (Edge::Operator, "operator")] {
        let first = send(&router, keyed_by(edge, Some(actor), Some("192.0.2.1"))).await;
        assert!(!replayed(&first));
        for address in ["192.0.2.1", "198.51.100.7", "2001:db8::1"] {
            let again = send(&router, keyed_by(edge, Some(actor), Some(address))).await;
            assert_eq!((replayed(&again), again.body), (true, first.body.clone()), "{actor}");
        }
    }
    assert_eq!(things.made(), 2);
}

#[tokio::test]
async fn without_a_key_every_request_is_a_new_one() {
    let (router, things) = things();
    for _ in 0..2 {
        let answer = send(&router, request(Method::POST, THINGS, LAMP)).await;
        assert_eq!((answer.status, replayed(&answer)), (StatusCode::CREATED, false));
    }
    assert_eq!(things.made(), 2);
    let mut reading = request(Method::GET, THINGS, "");
    reading.headers_mut().insert("idempotency-key", "k".parse().unwrap());
    assert_eq!(send(&router, reading).await.status, 200);
}

#[tokio::test]
async fn a_route_may_require_a_key() {
    async fn wanting(caller: Caller, key: IdempotencyKey) -> Json<Uuid> {
        Json(key.operation(&caller, "want"))
    }
    async fn taking(key: Option<IdempotencyKey>) -> Json<bool> {
        Json(key.is_some())
    }
    let api = Things::default().routes();
    let api = api.api_route("/want", post(wanting)).api_route("/take", post(taking));
    let router = service(api, idempotent_parts(&MemoryEngine::new())).router;
    for path in ["/api/v1/strict", "/want"] {
        let answer = send(&router, request(Method::POST, path, LAMP)).await;
        assert_eq!((answer.status.as_u16(), &*code(&answer)), (400, "idempotency_key_missing"));
        assert_eq!(answer.problem().errors[0].field, "Idempotency-Key");
        assert_eq!(send(&router, keyed("k", path, LAMP)).await.status, 200);
    }
    assert_eq!(get(&router, "/api/v1/strict").await.status, 405);
    assert_eq!(send(&router, request(Method::POST, "/take", "")).await.body, "false");
    assert_eq!(send(&router, keyed("k", "/take", "")).await.body, "true");
}

#[test]
fn an_operation_is_named_by_its_caller_scope_and_key_for_ever() {
    let operation = |caller: &Caller, key: &str, scope: &str| {
        IdempotencyKey(key.to_owned()).operation(caller, scope)
    };
    let caller = |edge, actor: &str| Caller { edge, actor: Some(actor.into()) };
    let nobody = Caller::default();
    for caller in [&nobody, &caller(Edge::Shop, "ann")] {
        assert_eq!(operation(caller, "k", "make"), operation(caller, "k", "make"));
        let others = [operation(caller, "k", "unmake"), operation(caller, "K", "make")];
        assert!(!others.contains(&operation(caller, "k", "make")));
        assert_ne!(operation(caller, "b:c", "a"), operation(caller, "c", "a:b"));
    }
    // Stored effects bear these ids: the derivation may never change.
    for (caller, id) in [
        (nobody, "fc9346f0-92c1-55b3-9f86-ab11a8a3618e"),
        (caller(Edge::Shop, "ann"), "e4b1183d-3a0e-5f03-bbc7-c3f6dec11a35"),
        (caller(Edge::Operator, "ann"), "e92e2805-eaa4-5ccc-bb2d-0e6c86227d04"),
        (caller(Edge::Shop, "bob"), "e53e9d6a-69fe-5293-a527-35ad77ab7100"),
    ] {
        assert_eq!(operation(&caller, "k", "make").to_string(), id, "{caller:?}");
    }
}

#[tokio::test]
async fn an_answer_survives_a_restart_once_it_is_flushed() {
    let engine = MemoryEngine::new();
    engine.hold();
    let things = Things::default();
    let router = service(things.routes(), idempotent_parts(&engine)).router;
    let first = send(&router, keyed("k1", THINGS, LAMP)).await;
    engine.flush();
    let lost = send(&router, keyed("k2", THINGS, LAMP)).await;
    assert_eq!((first.status, lost.status), (StatusCode::CREATED, StatusCode::CREATED));

    let router = service(things.routes(), idempotent_parts(&engine.crash())).router;
    let again = send(&router, keyed("k1", THINGS, LAMP)).await;
    assert!(replayed(&again) && again.body == first.body);
    assert!(!replayed(&send(&router, keyed("k2", THINGS, LAMP)).await));
    assert_eq!(things.made(), 3);
}

#[tokio::test]
async fn an_answer_may_not_leave_before_it_is_remembered_for_good() {
    let engine = MemoryEngine::new();
    engine.hold();
    let router = service(Things::default().routes(), idempotent_parts(&engine)).router;
    // The first answer, and one that is given again before the flush.
    for _ in 0..2 {
        let asked = send(&router, keyed("k1", THINGS, LAMP));
        let (answer, dependencies) = durability::scope(asked).await;
        assert_eq!(answer.status, 201);
        let mut wait = Box::pin(dependencies.wait());
        assert!(futures_util::poll!(&mut wait).is_pending());
    }
    let asked = send(&router, keyed("k1", THINGS, LAMP));
    let (_, dependencies) = durability::scope(asked).await;
    engine.flush();
    assert_eq!(dependencies.wait().await, Ok(()));
}

#[tokio::test]
async fn after_a_day_a_key_is_free_again() {
    let (engine, clock, things) = (MemoryEngine::new(), clock(), Things::default());
    let router = service(things.routes(), idempotent_parts_at(&engine, Arc::clone(&clock))).router;
    send(&router, keyed("k1", THINGS, LAMP)).await;
    clock.advance(web::IDEMPOTENCY_RETENTION.saturating_sub(Duration::from_secs(1)));
    assert!(replayed(&send(&router, keyed("k1", THINGS, LAMP)).await));
    clock.advance(Duration::from_secs(1));
    assert!(!replayed(&send(&router, keyed("k1", THINGS, CHAIR)).await));
    assert_eq!(things.made(), 2);
}

#[tokio::test]
async fn what_is_too_large_to_remember_is_answered_all_the_same() {
    let large = post(async || "a".repeat(storage::RECORD_BYTES_MAX));
    let streamed = post(async || {
        let chunks = ["a", "b"].map(|text| Ok::<_, std::io::Error>(bytes::Bytes::from(text)));
        http::Response::new(Body::from_stream(futures_util::stream::iter(chunks)))
    });
    let api = ApiRouter::new().api_route("/large", large).api_route("/streamed", streamed);
    let router = service(api, idempotent_parts(&MemoryEngine::new())).router;
    for (path, bytes) in [("/large", storage::RECORD_BYTES_MAX), ("/streamed", 2)] {
        for _ in 0..2 {
            let answer = send(&router, keyed("k", path, "")).await;
            assert_eq!((answer.body.len(), replayed(&answer)), (bytes, false));
        }
    }
}

#[tokio::test]
async fn a_keyed_body_over_the_limit_is_refused_before_it_is_kept() {
    let limits = web::Limits { keyed_body_bytes_max: 64, ..web::Limits::default() };
    let things = Things::default();
    let parts = ServiceParts { limits, ..idempotent_parts(&MemoryEngine::new()) };
    let router = service(things.routes(), parts).router;
    let answer = send(&router, keyed("k", THINGS, " ".repeat(65) + LAMP)).await;
    assert_eq!((answer.status.as_u16(), &*code(&answer)), (413, "body_too_large"));
    assert_eq!(send(&router, keyed("k", THINGS, LAMP)).await.status, 201);
}
