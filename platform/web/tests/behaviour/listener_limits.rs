//! Limits of the listener: what a flood of one client holds, it does not take from others.

use crate::listener::{TestClient, TestServer, things};
use bytes::Bytes;
use std::{net::SocketAddr, time::Duration};
use tokio::{io::AsyncReadExt, net::TcpSocket};
use transport::RequestHandler;
use web::{ConnectionLimits, MinimumRate, ServeOptions};

const ATTACKER: &str = "127.0.0.2:0";
const SHOPPER: &str = "127.0.0.3:0";

/// Options of a listener whose clients are limited, on this machine too.
fn options(connections_max: usize, client_connections_max: usize) -> ServeOptions {
    let unlimited_clients = Vec::new();
    let connections =
        ConnectionLimits { connections_max, client_connections_max, unlimited_clients };
    ServeOptions { connections, ..ServeOptions::default() }
}

fn impatient(options: ServeOptions) -> ServeOptions {
    let grace = Duration::from_millis(50);
    ServeOptions {
        header_read_timeout: grace,
        minimum_rate: MinimumRate { grace, bytes_per_second_min: 1_000 },
        ..options
    }
}

/// Service that sends 32 MiB, more than the buffers of a connection hold.
fn large() -> RequestHandler {
    let body = Bytes::from(vec![b'x'; 32 << 20]);
    axum::Router::new()
        .route("/large", axum::routing::get(async move || body.clone()))
        .fallback_service(things())
        .into()
}

async fn connect_from(server: &TestServer, from: &str) -> TestClient {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(from.parse::<SocketAddr>().unwrap()).unwrap();
    TestClient(socket.connect(server.address).await.unwrap())
}

/// Connections of the attacker, each of which has sent `text`.
async fn flood(server: &TestServer, connections: usize, text: &str) -> Vec<TestClient> {
    let mut flood = Vec::new();
    for _ in 0..connections {
        let client = connect_from(server, ATTACKER).await;
        // The listener may have closed the connection already.
        drop(client.0.try_write(text.as_bytes()));
        flood.push(client);
    }
    flood
}

const HALF_HEAD: &str = "GET /api/v1/things/1 HTTP/1.1\r\nho";
const HALF_BODY: &str = "POST /api/v1/things HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
     content-length: 100\r\n\r\n{";
const NEVER_READ: &str = "GET /large HTTP/1.1\r\nhost: a\r\n\r\n";

#[tokio::test]
async fn a_flood_of_one_client_never_refuses_another() {
    for attack in ["", HALF_HEAD, HALF_BODY, NEVER_READ] {
        for options in [options(40, 100), options(40, 20)] {
            let server = TestServer::with(large(), options).await;
            let _flood = flood(&server, 60, attack).await;
            let mut shopper = connect_from(&server, SHOPPER).await;
            for _ in 0..3 {
                assert!(shopper.get("/api/v1/things/1").await.starts_with("HTTP/1.1 200"));
                let _more = flood(&server, 30, attack).await;
                let mut other = connect_from(&server, "127.0.0.4:0").await;
                assert!(other.get("/api/v1/things/1").await.starts_with("HTTP/1.1 200"));
            }
        }
    }
}

#[tokio::test]
async fn a_client_at_its_limit_loses_its_oldest_idle_connection() {
    let server = TestServer::with(things(), options(100, 2)).await;
    let mut first = connect_from(&server, SHOPPER).await;
    first.get("/api/v1/things/1").await;
    let mut second = connect_from(&server, SHOPPER).await;
    second.get("/api/v1/things/1").await;
    let mut third = connect_from(&server, SHOPPER).await;
    assert!(third.get("/api/v1/things/1").await.starts_with("HTTP/1.1 200"));
    assert_eq!(first.rest().await, "");
    assert!(second.get("/api/v1/things/1").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_client_that_sends_too_slowly_loses_its_connection() {
    let server = TestServer::with(things(), impatient(options(10, 10))).await;
    let (mut head, mut body) =
        (connect_from(&server, ATTACKER).await, connect_from(&server, ATTACKER).await);
    head.send(HALF_HEAD).await;
    body.send(HALF_BODY).await;
    let refused = head.rest().await;
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 408"), "{refused}");
    let refused = body.rest().await;
    assert!(refused.starts_with("HTTP/1.1 400") && refused.contains("broke off"), "{refused}");
}

#[tokio::test]
async fn a_client_that_reads_too_slowly_loses_its_connection() {
    let server = TestServer::with(large(), impatient(options(10, 10))).await;
    // Two requests at once: the second one waits for the first, and is lost with it.
    let mut reader = connect_from(&server, ATTACKER).await;
    reader.send(NEVER_READ.repeat(2)).await;
    let mut next = connect_from(&server, SHOPPER).await;
    assert!(next.get("/api/v1/things/1").await.starts_with("HTTP/1.1 200"));
    // Stopping waits for running requests, and so for the end of this one.
    server.stop().await;
    let mut rest = Vec::new();
    drop(reader.0.read_to_end(&mut rest).await);
    assert!(rest.starts_with(b"HTTP/1.1 200") && rest.len() < 32 << 20, "{}", rest.len());
}

#[tokio::test]
async fn a_client_that_reads_all_gets_all() {
    let server = TestServer::with(large(), options(10, 10)).await;
    let clients = (0..3).map(|_| async {
        let mut client = connect_from(&server, SHOPPER).await;
        client.send("GET /large HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        client.rest().await.len()
    });
    let read: Vec<usize> = futures_util::future::join_all(clients).await;
    assert!(read.iter().all(|bytes| *bytes > 32 << 20), "{read:?}");
}

#[tokio::test]
async fn a_request_names_one_host() {
    let server = TestServer::with(things(), options(10, 10)).await;
    for (line, hosts, status) in [
        ("GET /api/v1/things/1 HTTP/1.1", "host: shop.example", 200),
        ("GET /api/v1/things/1 HTTP/1.1", "host: [::1]:8080", 200),
        ("GET /api/v1/things/1 HTTP/1.0", "x: y", 200),
        ("GET http://shop.example/api/v1/things/1 HTTP/1.1", "host: Shop.Example", 200),
        ("GET /api/v1/things/1 HTTP/1.1", "x: y", 400),
        ("GET /api/v1/things/1 HTTP/1.1", "host: a\r\nhost: a", 400),
        ("GET /api/v1/things/1 HTTP/1.1", "host: localhost\r\nhost: evil.example", 400),
        ("GET /api/v1/things/1 HTTP/1.0", "host: a\r\nhost: b", 400),
        ("GET /api/v1/things/1 HTTP/1.1", "host: ", 400),
        ("GET /api/v1/things/1 HTTP/1.1", "host: a b", 400),
        ("GET http://evil.example/api/v1/things/1 HTTP/1.1", "host: localhost", 400),
        ("GET http://evil.example/api/v1/things/1 HTTP/1.1", "x: y", 400),
    ] {
        let mut client = connect_from(&server, SHOPPER).await;
        client.send(format!("{line}\r\n{hosts}\r\nconnection: close\r\n\r\n")).await;
        let answer = client.rest().await;
        let seen = answer.get(9..12).unwrap_or_default();
        assert_eq!(seen, status.to_string(), "{line}, {hosts}: {answer}");
        assert_eq!(answer.contains(r#""code":"invalid_header""#), status == 400, "{answer}");
    }
}

#[tokio::test]
async fn what_could_be_read_in_two_ways_is_refused_at_the_head() {
    let server = TestServer::to(crate::things::router()).await;
    let thing = r#"{"name":"a","count":1}"#;
    let chunked = format!("{:x}\r\n{thing}\r\n0\r\n\r\n", thing.len());
    let length = format!("content-length: {}\r\n", thing.len());
    for (status, headers, body) in [
        (201, format!("host: a\r\n{length}"), thing),
        (201, format!("host: a:80\r\n{length}content-encoding: Identity\r\n"), thing),
        (201, "host: a\r\ntransfer-encoding: Chunked\r\n".to_owned(), &chunked),
        // A host is one, and without a user.
        (400, length.clone(), thing),
        (400, format!("host: a\r\nhost: a\r\n{length}"), thing),
        (400, format!("host: user@a\r\n{length}"), thing),
        (400, format!("host: @a\r\n{length}"), thing),
        (400, format!("host: a/b\r\n{length}"), thing),
        // A body has no coding but its framing, and one length.
        (400, "host: a\r\ntransfer-encoding: gzip, chunked\r\n".to_owned(), &chunked),
        (
            400,
            "host: a\r\ntransfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n".to_owned(),
            &chunked,
        ),
        (400, "host: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n".to_owned(), thing),
        (415, format!("host: a\r\n{length}content-encoding: gzip\r\n"), thing),
        (415, format!("host: a\r\n{length}content-encoding: br, identity\r\n"), thing),
        (415, format!("host: a\r\n{length}content-encoding: \r\n"), thing),
    ] {
        let mut client = server.connect().await;
        let head = "POST /api/v1/things HTTP/1.1\r\ncontent-type: application/json\r\n";
        client.send(format!("{head}{headers}\r\n{body}")).await;
        let answer = client.answer().await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{headers:?}: {answer}");
    }
}
