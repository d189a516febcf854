//! Limits of the edges: body size, deadline, rate and concurrency.

use crate::harness::{LOOPBACK_PEER, REMOTE_PEER, TestGateway, get, request};
use axum::body::Body;
use futures_util::FutureExt;
use std::time::Duration;
use tokio::time::Instant;
use transport::Edge;

#[tokio::test]
async fn bodies_import_batches_and_uploads_have_their_own_size_limits() {
    let gateway = TestGateway::with(&[
        ("body_bytes_max", "1000"),
        ("import_bytes_max", "5000"),
        ("media_bytes_max", "7000"),
    ])
    .await;
    let send = async |edge, uri: &str, bytes: usize| {
        gateway.send(edge, LOOPBACK_PEER, request("POST", uri), vec![b' '; bytes]).await
    };
    assert_eq!(send(Edge::Shop, "/api/v1/carts", 1_000).await.json()["body_bytes"], 1_000);
    let refused = send(Edge::Shop, "/api/v1/carts", 1_001).await;
    assert_eq!(refused.problem(), (413, "body_too_large".to_owned()));
    assert_eq!(refused.json()["facts"]["bytes_max"], 1_000);
    assert_eq!(send(Edge::Shop, "/cart", 1_001).await.problem().0, 413);
    assert_eq!(send(Edge::Operator, "/api/v1/orders", 1_001).await.problem().0, 413);
    assert_eq!(send(Edge::Operator, "/api/v1/products/import", 5_000).await.status.as_u16(), 200);
    assert_eq!(send(Edge::Operator, "/api/v1/products/import", 5_001).await.problem().0, 413);
    assert_eq!(send(Edge::Operator, "/api/v1/media", 7_000).await.status.as_u16(), 200);
    assert_eq!(send(Edge::Operator, "/api/v1/media", 7_001).await.problem().0, 413);
    // A body with a too large Content-Length is not read.
    let announced = request("POST", "/api/v1/carts").header("content-length", "1001");
    let never =
        Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    assert_eq!(gateway.send(Edge::Shop, LOOPBACK_PEER, announced, never).await.problem().0, 413);
}

#[tokio::test(start_paused = true)]
async fn request_body_and_response_must_arrive_before_the_deadline() {
    let gateway = TestGateway::with(&[("deadline_ms", "2000")]).await;
    let before = Instant::now();
    let never =
        Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
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
