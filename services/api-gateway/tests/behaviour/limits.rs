//! How much is let in, and what is told to those who are not.

use crate::shop::{Gateway, HERE, SOMEWHERE, ask, get};
use axum::body::Body;
use futures_util::FutureExt;
use std::time::Duration;
use tokio::time::Instant;
use transport::Edge;

#[tokio::test]
async fn a_body_has_a_limit_and_imports_have_another() {
    let gateway = Gateway::with(&[("body_bytes_max", "1000"), ("import_bytes_max", "5000")]).await;
    let send = async |edge, uri: &str, bytes: usize| {
        gateway.send(edge, HERE, ask("POST", uri), vec![b' '; bytes]).await
    };
    assert_eq!(send(Edge::Shop, "/api/v1/carts", 1_000).await.json()["body_bytes"], 1_000);
    let refused = send(Edge::Shop, "/api/v1/carts", 1_001).await;
    assert_eq!(refused.refusal(), (413, "body_too_large".to_owned()));
    assert_eq!(refused.json()["facts"]["bytes_max"], 1_000);
    assert_eq!(send(Edge::Shop, "/cart", 1_001).await.refusal().0, 413);
    assert_eq!(send(Edge::Operator, "/api/v1/orders", 1_001).await.refusal().0, 413);
    assert_eq!(send(Edge::Operator, "/api/v1/products/import", 5_000).await.status.as_u16(), 200);
    assert_eq!(send(Edge::Operator, "/api/v1/products/import", 5_001).await.refusal().0, 413);
    // What is announced as too large is not read.
    let announced = ask("POST", "/api/v1/carts").header("content-length", "1001");
    let never =
        Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    assert_eq!(gateway.send(Edge::Shop, HERE, announced, never).await.refusal().0, 413);
}

#[tokio::test(start_paused = true)]
async fn a_body_and_an_answer_have_until_the_deadline() {
    let gateway = Gateway::with(&[("deadline_ms", "2000")]).await;
    let before = Instant::now();
    let never =
        Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let slow = gateway.send(Edge::Shop, HERE, ask("POST", "/api/v1/carts"), never).await;
    assert_eq!(slow.refusal().0, 408);
    assert_eq!(before.elapsed(), Duration::from_secs(2));

    let before = Instant::now();
    let hanging = gateway.shop(get("/api/v1/products").header("x-test", "hang")).await;
    assert_eq!(hanging.refusal(), (504, "deadline_exceeded".to_owned()));
    assert_eq!(before.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asks_too_often_is_told_when_to_ask_again() {
    let settings = [("client_requests_per_second", "2"), ("client_requests_burst", "3")];
    let gateway = Gateway::with(&settings).await;
    let from = async |address: &str| {
        gateway.send(Edge::Shop, address, get("/api/v1/products"), Body::empty()).await
    };
    for _ in 0..3 {
        assert_eq!(from(SOMEWHERE).await.status.as_u16(), 200);
    }
    let refused = from(SOMEWHERE).await;
    assert_eq!(refused.refusal(), (429, "rate_limited".to_owned()));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(from("192.0.2.8:1").await.status.as_u16(), 200, "another one is not affected");
    assert_eq!(from("192.0.2.7:9999").await.refusal().0, 429, "another port is the same client");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(from(SOMEWHERE).await.status.as_u16(), 200);
    for _ in 0..50 {
        assert_eq!(from(HERE).await.status.as_u16(), 200, "this machine may do what it wants");
    }
}

#[tokio::test(start_paused = true)]
async fn this_machine_is_limited_only_if_told_so_and_never_by_what_a_header_says() {
    let strict = [("client_requests_burst", "1"), ("limit_loopback_clients", "true")];
    let gateway = Gateway::with(&strict).await;
    assert_eq!(gateway.shop(get("/")).await.status.as_u16(), 200);
    assert_eq!(gateway.shop(get("/")).await.refusal().0, 429);

    let gateway = Gateway::with(&[("client_requests_burst", "1")]).await;
    let disguised = || get("/").header("x-forwarded-for", "127.0.0.1");
    let send = async || gateway.send(Edge::Shop, SOMEWHERE, disguised(), Body::empty()).await;
    assert_eq!(send().await.status.as_u16(), 200);
    assert_eq!(send().await.refusal().0, 429);

    let unlimited =
        Gateway::with(&[("client_requests_per_second", "0"), ("client_requests_burst", "1")]).await;
    for _ in 0..20 {
        let answer = unlimited.send(Edge::Shop, SOMEWHERE, get("/"), Body::empty()).await;
        assert_eq!(answer.status.as_u16(), 200);
    }
}

#[tokio::test]
async fn too_much_at_once_is_refused_at_once_and_each_edge_has_its_own_places() {
    let gateway =
        Gateway::with(&[("shop_requests_max", "2"), ("operator_requests_max", "1")]).await;
    let hang = || get("/api/v1/products").header("x-test", "hang");
    let mut first = Box::pin(gateway.shop(hang()));
    let mut second = Box::pin(gateway.shop(hang()));
    assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
    let refused = gateway.shop(get("/api/v1/products")).await;
    assert_eq!(refused.refusal(), (503, "overloaded".to_owned()));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(gateway.operator(get("/api/v1/products")).await.status.as_u16(), 200);
    // A client that goes away gives its place back.
    drop(first);
    assert_eq!(gateway.shop(get("/api/v1/products")).await.status.as_u16(), 200);
    assert_eq!(gateway.shop(get("/api/v1/products")).await.status.as_u16(), 200);
}

#[tokio::test]
async fn something_that_breaks_further_in_is_an_answer_and_gives_its_place_back() {
    let gateway = Gateway::with(&[("shop_requests_max", "1")]).await;
    for _ in 0..3 {
        let answer = gateway.shop(get("/api/v1/products").header("x-test", "panic")).await;
        assert_eq!(answer.refusal(), (500, "internal".to_owned()));
        assert_eq!(answer.header("x-request-id").len(), 36);
    }
    assert_eq!(gateway.shop(get("/api/v1/products")).await.status.as_u16(), 200);
}
