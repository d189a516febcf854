//! Limits of the edges: body size, deadline, rate and concurrency.

use crate::harness::{LOOPBACK_PEER, PROCESS_TOKEN, REMOTE_PEER, TestGateway, get, request};
use axum::body::Body;
use futures_util::{FutureExt, StreamExt, stream};
use std::time::Duration;
use tokio::time::Instant;
use transport::Edge;

#[tokio::test]
async fn bodies_import_batches_and_uploads_have_their_own_size_limits() {
    let gateway = TestGateway::with(&[
        ("body_bytes_max", "1024"),
        ("import_bytes_max", "5000"),
        ("media_bytes_max", "7000"),
    ])
    .await;
    let send = async |edge, uri: &str, bytes: usize| {
        gateway.send(edge, LOOPBACK_PEER, request("POST", uri), vec![b' '; bytes]).await
    };
    assert_eq!(send(Edge::Shop, "/api/v1/carts", 1_024).await.json()["body_bytes"], 1_024);
    let refused = send(Edge::Shop, "/api/v1/carts", 1_025).await;
    assert_eq!(refused.problem(), (413, "body_too_large".to_owned()));
    assert_eq!(refused.json()["facts"]["bytes_max"], 1_024);
    assert_eq!(send(Edge::Shop, "/cart", 1_025).await.problem().0, 413);
    assert_eq!(send(Edge::Operator, "/api/v1/orders", 1_025).await.problem().0, 413);
    assert_eq!(send(Edge::Operator, "/api/v1/products/import", 5_000).await.status.as_u16(), 200);
    assert_eq!(send(Edge::Operator, "/api/v1/products/import", 5_001).await.problem().0, 413);
    assert_eq!(send(Edge::Operator, "/api/v1/media", 7_000).await.status.as_u16(), 200);
    assert_eq!(send(Edge::Operator, "/api/v1/media", 7_001).await.problem().0, 413);
    // A body with a too large Content-Length is not read.
    let announced = request("POST", "/api/v1/carts").header("content-length", "1025");
    let never = Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
    assert_eq!(gateway.send(Edge::Shop, LOOPBACK_PEER, announced, never).await.problem().0, 413);
}

#[tokio::test(start_paused = true)]
async fn request_body_and_response_must_arrive_before_the_deadline() {
    let gateway = TestGateway::with(&[("deadline_ms", "2000")]).await;
    let before = Instant::now();
    let never = Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let slow =
        gateway.send(Edge::Shop, LOOPBACK_PEER, request("POST", "/api/v1/carts"), never).await;
    assert_eq!(slow.problem().0, 408);
    assert_eq!(before.elapsed(), Duration::from_secs(2));

    let before = Instant::now();
    let hanging = gateway.shop(get("/api/v1/products").header("x-test", "hang")).await;
    assert_eq!(hanging.problem(), (504, "deadline_exceeded".to_owned()));
    assert_eq!(before.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_client_beyond_its_rate_limit_gets_retry_after() {
    let settings = [("client_requests_per_second", "2"), ("client_requests_burst", "3")];
    let gateway = TestGateway::with(&settings).await;
    let from = async |address: &str| {
        gateway.send(Edge::Shop, address, get("/api/v1/products"), Body::empty()).await
    };
    for _ in 0..3 {
        assert_eq!(from(REMOTE_PEER).await.status.as_u16(), 200);
    }
    let refused = from(REMOTE_PEER).await;
    assert_eq!(refused.problem(), (429, "rate_limited".to_owned()));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(from("192.0.2.8:1").await.status.as_u16(), 200, "another client is not affected");
    assert_eq!(from("192.0.2.7:9999").await.problem().0, 429, "another port is the same client");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(from(REMOTE_PEER).await.status.as_u16(), 200);
    for _ in 0..50 {
        assert_eq!(
            from(LOOPBACK_PEER).await.status.as_u16(),
            200,
            "clients on this machine are not limited"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn loopback_clients_are_limited_only_by_setting_and_cannot_be_forged() {
    let strict = [("client_requests_burst", "1"), ("limit_loopback_clients", "true")];
    let gateway = TestGateway::with(&strict).await;
    assert_eq!(gateway.shop(get("/")).await.status.as_u16(), 200);
    assert_eq!(gateway.shop(get("/")).await.problem().0, 429);

    let gateway = TestGateway::with(&[("client_requests_burst", "1")]).await;
    let forged = || get("/").header("x-forwarded-for", "127.0.0.1");
    let send = async || gateway.send(Edge::Shop, REMOTE_PEER, forged(), Body::empty()).await;
    assert_eq!(send().await.status.as_u16(), 200);
    assert_eq!(send().await.problem().0, 429);

    let unlimited =
        TestGateway::with(&[("client_requests_per_second", "0"), ("client_requests_burst", "1")])
            .await;
    for _ in 0..20 {
        let response = unlimited.send(Edge::Shop, REMOTE_PEER, get("/"), Body::empty()).await;
        assert_eq!(response.status.as_u16(), 200);
    }
}

#[tokio::test]
async fn requests_beyond_the_concurrency_limit_are_refused_and_each_edge_has_its_own() {
    let gateway =
        TestGateway::with(&[("shop_requests_max", "2"), ("operator_requests_max", "1")]).await;
    let hang = || get("/api/v1/products").header("x-test", "hang");
    let mut first = Box::pin(gateway.shop(hang()));
    let mut second = Box::pin(gateway.shop(hang()));
    assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
    let refused = gateway.shop(get("/api/v1/products")).await;
    assert_eq!(refused.problem(), (503, "overloaded".to_owned()));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(gateway.operator(get("/api/v1/products")).await.status.as_u16(), 200);
    // A client that disconnects releases its permit.
    drop(first);
    assert_eq!(gateway.shop(get("/api/v1/products")).await.status.as_u16(), 200);
    assert_eq!(gateway.shop(get("/api/v1/products")).await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_panic_in_a_service_is_an_internal_error_and_releases_the_permit() {
    let gateway = TestGateway::with(&[("shop_requests_max", "1")]).await;
    for _ in 0..3 {
        let response = gateway.shop(get("/api/v1/products").header("x-test", "panic")).await;
        assert_eq!(response.problem(), (500, "internal".to_owned()));
        assert_eq!(response.header("x-request-id").len(), 36);
    }
    assert_eq!(gateway.shop(get("/api/v1/products")).await.status.as_u16(), 200);
}

/// Body of which so many bytes arrive, and then no more.
fn stuck(bytes: usize) -> Body {
    let parts = (0..bytes.div_ceil(100_000)).map(move |part| {
        Ok::<_, std::io::Error>(vec![b' '; (bytes - part * 100_000).min(100_000)])
    });
    Body::from_stream(stream::iter(parts).chain(stream::pending()))
}

#[tokio::test]
async fn a_request_takes_its_place_only_once_its_body_has_arrived() {
    let settings = [("shop_requests_max", "1"), ("client_requests_max", "1")];
    let gateway = TestGateway::with(&settings).await;
    for peer in [LOOPBACK_PEER, REMOTE_PEER] {
        let mut held = Vec::new();
        for _ in 0..20 {
            let post = request("POST", "/api/v1/carts").header("content-length", "100");
            let mut sent = Box::pin(gateway.send(Edge::Shop, peer, post, stuck(1)));
            assert!(sent.as_mut().now_or_never().is_none());
            held.push(sent);
        }
        for from in [peer, "192.0.2.8:1"] {
            let response = gateway.send(Edge::Shop, from, get("/"), Body::empty()).await;
            assert_eq!(response.status.as_u16(), 200, "{from}");
        }
    }
}

#[tokio::test]
async fn a_client_holds_no_more_places_than_its_own() {
    let gateway = TestGateway::with(&[("client_requests_max", "2")]).await;
    let hang = || get("/api/v1/products").header("x-test", "hang");
    let send = |from, request| gateway.send(Edge::Shop, from, request, Body::empty());
    let mut held = [Box::pin(send(REMOTE_PEER, hang())), Box::pin(send(REMOTE_PEER, hang()))];
    assert!(held.iter_mut().all(|held| held.as_mut().now_or_never().is_none()));
    let refused = send(REMOTE_PEER, get("/")).await;
    assert_eq!(refused.problem(), (429, "rate_limited".to_owned()));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(send("192.0.2.8:1", get("/")).await.status.as_u16(), 200);
    drop(held);
    assert_eq!(send(REMOTE_PEER, get("/")).await.status.as_u16(), 200);
}

#[tokio::test]
async fn bodies_in_progress_are_limited_per_client_and_in_total_and_small_ones_pass() {
    let settings = [
        ("body_bytes_max", "2000000"),
        ("client_body_bytes_in_progress_max", "1048576"),
        ("body_bytes_in_progress_max", "2097152"),
    ];
    let gateway = TestGateway::with(&settings).await;
    let send = |from, body| gateway.send(Edge::Shop, from, request("POST", "/api/v1/carts"), body);
    let mut held = Vec::new();
    for from in [REMOTE_PEER, "192.0.2.8:1"] {
        let mut first = Box::pin(send(from, stuck(900_000)));
        assert!(first.as_mut().now_or_never().is_none());
        held.push(first);
        let refused = send(from, Body::from(vec![b' '; 200_000])).await;
        assert_eq!(refused.problem(), (429, "rate_limited".to_owned()));
        assert_eq!(send(from, Body::from("{}")).await.status.as_u16(), 200);
    }
    let other = "192.0.2.9:1";
    assert_eq!(send(other, Body::from(vec![b' '; 100_000])).await.status.as_u16(), 200);
    let refused = send(other, Body::from(vec![b' '; 600_000])).await;
    assert_eq!(refused.problem(), (503, "overloaded".to_owned()));
    assert_eq!(send(other, Body::from(vec![b' '; 15_000])).await.status.as_u16(), 200);
    held.clear();
    assert_eq!(send(other, Body::from(vec![b' '; 600_000])).await.status.as_u16(), 200);
}

#[tokio::test]
async fn an_expensive_answer_counts_as_several_requests_at_the_shop_edge() {
    let settings = [
        ("client_requests_burst", "10"),
        ("client_requests_per_second", "1"),
        ("client_request_cpu_ms", "5"),
        ("operator_token", PROCESS_TOKEN),
    ];
    let gateway = TestGateway::with(&settings).await;
    let send = async |edge, from, burns| {
        let request = get("/api/v1/products");
        let request = match edge {
            Edge::Operator => request.header("authorization", format!("Bearer {PROCESS_TOKEN}")),
            Edge::Shop | Edge::Internal => request,
        };
        let request = if burns { request.header("x-test", "burn") } else { request };
        gateway.send(edge, from, request, Body::empty()).await.status.as_u16()
    };
    assert_eq!(send(Edge::Shop, REMOTE_PEER, true).await, 200);
    assert_eq!(send(Edge::Shop, REMOTE_PEER, false).await, 429, "it took eleven times 5 ms");
    assert_eq!(send(Edge::Shop, "192.0.2.8:1", false).await, 200);
    for _ in 0..3 {
        assert_eq!(send(Edge::Operator, "192.0.2.9:1", true).await, 200, "an import may take long");
        assert_eq!(send(Edge::Shop, LOOPBACK_PEER, true).await, 200);
    }
}

#[tokio::test]
async fn a_limit_of_nothing_prevents_the_start() {
    for (key, value, range) in [
        ("shop_requests_max", "0", "1 to 100000"),
        ("operator_requests_max", "100001", "1 to 100000"),
        ("deadline_ms", "99", "100 to 600000"),
        ("body_bytes_max", "0", "1024 to 1073741824"),
        ("client_requests_burst", "0", "1 to 1000000"),
        ("client_request_cpu_ms", "0", "1 to 60000"),
        ("client_requests_max", "0", "1 to 100000"),
        ("client_connections_max", "0", "1 to 100000"),
        ("body_bytes_in_progress_max", "1", "1048576 to"),
    ] {
        let error = TestGateway::try_with(&[(key, value)]).await.err().unwrap();
        assert!(error.contains(key) && error.contains(value) && error.contains(range), "{error}");
    }
}
