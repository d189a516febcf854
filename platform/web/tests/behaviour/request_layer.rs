//! Behaviour of the request layer.

use crate::things::{Things, get, parts, request, send, service};
use axum::body::Body;
use http::{Method, Request};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;
use transport::{Context, Edge, RequestHandler};
use web::{ApiRouter, Caller, Json, Limits, NoContent, ServiceParts, routing};

/// A service whose one route is `handler`.
fn single_route<H, T>(handler: H) -> RequestHandler
where
    H: axum::handler::Handler<T, ()>,
    T: 'static,
{
    let api = ApiRouter::from(axum::Router::new().route("/here", axum::routing::any(handler)));
    service(api, parts()).router
}

#[tokio::test]
async fn a_panic_is_a_problem_without_details() {
    async fn panics() -> NoContent {
        panic!("the secret is 42")
    }
    let router = single_route(panics);
    for _ in 0..2 {
        let answer = get(&router, "/here").await;
        assert_eq!((answer.status.as_u16(), answer.problem().code.as_str()), (500, "internal"));
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
    }
}

#[tokio::test]
async fn without_time_left_nothing_is_done_on_a_running_clock() {
    let things = Things::default();
    let router = service(things.routes(), parts()).router;
    for _ in 0..100 {
        let mut request = request(Method::POST, "/api/v1/things", r#"{"name":"a","count":1}"#);
        request.headers_mut().insert("icommerce-deadline-ms", "0".parse().unwrap());
        assert_eq!(send(&router, request).await.status, 504);
    }
    assert_eq!(things.made(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_time_left_nothing_is_done() {
    let things = Things::default();
    let router = service(things.routes(), parts()).router;
    let make = async |left: &str| {
        let mut request = request(Method::POST, "/api/v1/things", r#"{"name":"a","count":1}"#);
        request.headers_mut().insert("icommerce-deadline-ms", left.parse().unwrap());
        send(&router, request).await
    };
    let late = make("0").await.problem();
    assert_eq!((late.status, late.code.as_str()), (504, "deadline_exceeded"));
    assert_eq!(things.made(), 0);
    for left in ["1", "60000", "not a number", "18446744073709551615"] {
        assert_eq!(make(left).await.status, 201, "{left}");
    }

    let mut inside = request(Method::GET, "/api/v1/things", "");
    let deadline = Some(Instant::now());
    inside.extensions_mut().insert(Context { deadline, ..Context::default() });
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(send(&router, inside).await.status, 504);
}

#[tokio::test]
async fn the_context_comes_from_headers_or_from_the_caller_in_this_process() {
    let observed = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&observed);
    let router = single_route(move |caller: Caller| {
        sink.lock().unwrap().push((caller, Context::current()));
        async { NoContent }
    });
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let by_socket = Request::builder()
        .uri("/here")
        .header("traceparent", trace)
        .header("x-request-id", "r1")
        .header("icommerce-edge", "operator")
        .header("icommerce-actor", "anna")
        .body(Body::empty())
        .unwrap();
    let answer = send(&router, by_socket).await;
    assert_eq!(answer.header("x-request-id"), Some("r1"));

    // Headers say nothing about a call within the process.
    let mut by_loopback = request(Method::GET, "/here", "");
    by_loopback.headers_mut().insert("icommerce-edge", "operator".parse().unwrap());
    let context = Context { edge: Edge::Shop, request_id: Some("r2".into()), ..Context::default() };
    by_loopback.extensions_mut().insert(context);
    let answer = send(&router, by_loopback).await;
    assert_eq!(answer.header("x-request-id"), None);

    let observed = observed.lock().unwrap();
    let [(first, socket), (second, loopback)] = &observed[..] else { panic!("two requests") };
    assert_eq!((first.edge, first.actor.as_deref()), (Edge::Operator, Some("anna")));
    assert_eq!(socket.trace.map(|trace| trace.to_string()).as_deref(), Some(trace));
    assert_eq!((second.edge, second.actor.as_deref()), (Edge::Shop, None));
    assert_eq!(loopback.request_id.as_deref(), Some("r2"));
}

#[tokio::test]
async fn a_request_without_an_id_and_a_trace_gets_them() {
    async fn context_ids() -> Json<(Option<String>, Option<String>)> {
        let context = Context::current();
        Json((
            context.request_id.map(|id| id.to_string()),
            context.trace.map(|trace| trace.trace_id.to_string()),
        ))
    }
    let router = single_route(context_ids);
    let (one, two) = (get(&router, "/here").await, get(&router, "/here").await);
    let (id, trace): (String, String) = serde_json::from_slice(&one.body).unwrap();
    assert_eq!(one.header("x-request-id"), Some(id.as_str()));
    assert!(trace.len() == 32 && id.parse::<kernel::Uuid>().is_ok());
    assert_ne!(one.body, two.body);
}

#[tokio::test]
async fn requests_beyond_the_limit_are_refused_and_later_ones_are_not() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let wait = Arc::clone(&gate);
    let slow = routing::get(move || {
        let gate = Arc::clone(&wait);
        async move {
            gate.acquire().await.unwrap().forget();
            NoContent
        }
    });
    let api = ApiRouter::new().api_route("/here", slow);
    let limits = Limits { requests_max: 2, ..Limits::default() };
    let router = service(api, ServiceParts { limits, ..parts() }).router;

    let (first, second, ()) = tokio::join!(get(&router, "/here"), get(&router, "/here"), async {
        let third = get(&router, "/here").await;
        let problem = third.problem();
        assert_eq!((problem.status, problem.code.as_str()), (503, "overloaded"));
        assert_eq!(third.header("retry-after"), Some("1"));
        gate.add_permits(2);
    });
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (204, 204));
    gate.add_permits(1);
    assert_eq!(get(&router, "/here").await.status, 204);

    // A cancelled request gives its permit back.
    for _ in 0..5 {
        let mut left = Box::pin(get(&router, "/here"));
        assert!(futures_util::poll!(&mut left).is_pending());
    }
    gate.add_permits(1);
    assert_eq!(get(&router, "/here").await.status, 204);
}

#[tokio::test]
async fn metrics_are_kept_by_route_and_not_by_path() {
    let parts = parts();
    let metrics = parts.metrics.clone();
    let router = service(Things::default().routes(), parts).router;
    for path in ["/api/v1/things/1", "/api/v1/things/2", "/nowhere", "/nowhere/else"] {
        get(&router, path).await;
    }
    let page = metrics.encode();
    for (route, status) in [("/api/v1/things/{number}", 200), ("unmatched", 404)] {
        let labels = format!(r#"service="things",method="GET",route="{route}",status="{status}""#);
        let line = format!("http_server_requests_seconds_count{{{labels}}} 2");
        assert!(page.contains(&line), "{line}\n{page}");
    }
    assert!(page.contains(r#"http_server_requests_in_flight{service="things"} 0"#), "{page}");
    assert!(!page.contains("nowhere"));
}

#[tokio::test]
async fn a_head_request_is_answered_without_a_body() {
    let router = service(Things::default().routes(), parts()).router;
    let answer = send(&router, request(Method::HEAD, "/api/v1/things/1", "")).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
}
