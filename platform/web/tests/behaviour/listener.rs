//! Behaviour of the listener on a socket.

use crate::things::{Things, idempotent_parts, parts, service};
use engine_memory::MemoryEngine;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use storage::{Commit, Watermark, durability};
use tls_files::ListenerTls;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot},
    task::JoinHandle,
};
use transport::RequestHandler;
use web::{ApiRouter, DrainOutcome, Listener, NoContent, ServeOptions, routing};

/// A listener on a free port.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<DrainOutcome>,
}

impl TestServer {
    pub(crate) async fn with(router: RequestHandler, options: ServeOptions) -> Self {
        Self::secured(router, options, None).await
    }

    pub(crate) async fn secured(
        router: RequestHandler,
        options: ServeOptions,
        tls: Option<ListenerTls>,
    ) -> Self {
        let listener = Listener::from(TcpListener::bind("127.0.0.1:0").await.unwrap());
        let listener = match tls {
            Some(tls) => listener.with_tls(tls),
            None => listener,
        };
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async { drop(stopped.await) };
        let ended = spawn(web::serve(listener, router, options, stopped));
        Self { address, stop, ended }
    }

    pub(crate) async fn to(router: RequestHandler) -> Self {
        Self::with(router, ServeOptions::default()).await
    }

    pub(crate) async fn connect(&self) -> TestClient {
        TestClient(TcpStream::connect(self.address).await.unwrap())
    }

    pub(crate) async fn stop(self) -> DrainOutcome {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no runtime of ours to spawn through")]
pub(crate) fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    tokio::spawn(task)
}

/// Client that writes and reads raw bytes.
pub(crate) struct TestClient(pub(crate) TcpStream);

impl TestClient {
    pub(crate) async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.0.write_all(text.as_ref()).await.unwrap();
    }

    pub(crate) async fn get(&mut self, path: &str) -> String {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: here\r\n\r\n")).await;
        self.answer().await
    }

    /// One answer with a declared length, and nothing after it.
    pub(crate) async fn answer(&mut self) -> String {
        let mut text = String::new();
        loop {
            let head = text.find("\r\n\r\n");
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            if head.is_some_and(|end| text.len() >= end + 4 + length) {
                return text;
            }
            let mut part = [0; 4096];
            let read = self.0.read(&mut part).await.unwrap();
            assert_ne!(read, 0, "the connection was closed after {text:?}");
            text.push_str(std::str::from_utf8(&part[..read]).unwrap());
        }
    }

    /// Everything until the other side closes.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        // Closing with unread bytes is a reset; what came before it counts.
        drop(self.0.read_to_end(&mut rest).await);
        String::from_utf8(rest).unwrap()
    }
}

pub(crate) fn things() -> RequestHandler {
    service(Things::default().routes(), parts()).router
}

/// A service whose one route depends on this position of this log.
fn depending_on(watermark: &Arc<Watermark>, position: u64) -> RequestHandler {
    let watermark = Arc::clone(watermark);
    let handler = routing::get(move || {
        durability::depend_on(&Commit::at(&watermark, position));
        async { NoContent }
    });
    service(ApiRouter::new().api_route("/depend", handler), parts()).router
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = TestServer::to(things()).await;
    let mut client = server.connect().await;
    for number in 1..=3 {
        let answer = client.get(&format!("/api/v1/things/{number}")).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with(&format!(r#"{{"number":{number},"name":"a thing"}}"#)));
    }
    // Two at once, answered in order.
    let twice = "GET /api/v1/things/8 HTTP/1.1\r\nhost: a\r\n\r\n".repeat(2);
    client.send(twice).await;
    client.answer().await;
    client.send("GET /api/v1/things/9 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    let rest = client.rest().await;
    assert!(rest.ends_with(r#"{"number":9,"name":"a thing"}"#), "{rest}");
    assert_eq!(server.stop().await, DrainOutcome::Completed);
}

#[tokio::test]
async fn a_response_waits_for_the_flush_of_its_dependencies() {
    let watermark = Watermark::at(0);
    let server = TestServer::to(depending_on(&watermark, 7)).await;
    let mut client = server.connect().await;
    client.send("GET /depend HTTP/1.1\r\nhost: a\r\n\r\n").await;
    for flushed in 1..7 {
        watermark.advance(flushed);
        let early = tokio::time::timeout(Duration::from_millis(5), client.0.readable()).await;
        assert!(early.is_err(), "an answer left at {flushed}, before its flush");
    }
    watermark.advance(7);
    assert!(client.answer().await.starts_with("HTTP/1.1 204"));
    // From here on it is flushed already.
    assert!(client.get("/depend").await.starts_with("HTTP/1.1 204"));
}

#[tokio::test]
async fn a_response_whose_dependency_is_lost_is_withheld() {
    let watermark = Watermark::at(0);
    let server = TestServer::to(depending_on(&watermark, 7)).await;
    let mut client = server.connect().await;
    client.send("GET /depend HTTP/1.1\r\nhost: a\r\n\r\n").await;
    watermark.void();
    let answer = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("content-type: application/problem+json"), "{answer}");
    assert!(answer.contains("retry-after: 1") && answer.contains(r#""code":"unavailable""#));
    assert!(!answer.contains("204"));
}

#[tokio::test]
async fn a_response_to_a_key_waits_until_it_is_stored_durably() {
    let engine = MemoryEngine::new();
    engine.hold();
    let router = service(Things::default().routes(), idempotent_parts(&engine)).router;
    let server = TestServer::to(router).await;
    let mut client = server.connect().await;
    let body = r#"{"name":"a","count":1}"#;
    client
        .send(format!(
            "POST /api/v1/things HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
             idempotency-key: k\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await;
    let early = tokio::time::timeout(Duration::from_millis(20), client.0.readable()).await;
    assert!(early.is_err());
    engine.flush();
    assert!(client.answer().await.starts_with("HTTP/1.1 201"));
}

#[tokio::test]
async fn a_shutdown_lets_running_requests_end_and_closes_idle_connections() {
    let (began, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, opens) = (Arc::clone(&began), Arc::clone(&gate));
    let slow = routing::get(move || {
        let (began, gate) = (Arc::clone(&begins), Arc::clone(&opens));
        async move {
            began.notify_one();
            gate.notified().await;
            NoContent
        }
    });
    let router = service(ApiRouter::new().api_route("/slow", slow), parts()).router;
    let server = TestServer::to(router).await;
    let address = server.address;
    let (mut idle, mut busy) = (server.connect().await, server.connect().await);
    idle.get("/nowhere").await;
    busy.send("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await;
    began.notified().await;

    let stopping = spawn(server.stop());
    assert_eq!(idle.rest().await, "");
    assert!(
        TcpStream::connect(address).await.is_err(),
        "a listener that shuts down accepts no connections"
    );
    assert!(!stopping.is_finished());
    gate.notify_one();
    let last = busy.rest().await;
    assert!(last.starts_with("HTTP/1.1 204") && last.contains("connection: close"), "{last}");
    assert_eq!(stopping.await.unwrap(), DrainOutcome::Completed);
}

#[tokio::test]
async fn a_request_that_outlasts_the_drain_is_cut() {
    let began = Arc::new(Notify::new());
    let begins = Arc::clone(&began);
    let never = routing::get(move || {
        begins.notify_one();
        std::future::pending::<NoContent>()
    });
    let router = service(ApiRouter::new().api_route("/never", never), parts()).router;
    let drain_timeout = Duration::from_millis(20);
    let options = ServeOptions { drain_timeout, ..ServeOptions::default() };
    let server = TestServer::with(router, options).await;
    let mut client = server.connect().await;
    client.send("GET /never HTTP/1.1\r\nhost: a\r\n\r\n").await;
    began.notified().await;
    assert_eq!(server.stop().await, DrainOutcome::Cut { connections: 1 });
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_service_that_decodes_bodies_itself_gets_them_as_they_are() {
    let length = async |body: axum::body::Bytes| format!("{} bytes", body.len());
    let router = axum::Router::new().route("/length", axum::routing::post(length)).into();
    let options = ServeOptions { content_codings: true, ..ServeOptions::default() };
    let server = TestServer::with(router, options).await;
    let mut client = server.connect().await;
    let head = "POST /length HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
    client.send(format!("{head}content-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc")).await;
    assert!(client.rest().await.ends_with("3 bytes"));
}

#[tokio::test]
async fn what_is_not_http_is_refused_and_the_next_client_is_served() {
    let server = TestServer::to(things()).await;
    let large = "a".repeat(200_000);
    let many = "h: 1\r\n".repeat(200);
    for (junk, status) in [
        ("\x16\x03\x01 not HTTP at all\r\n\r\n".to_owned(), 400),
        ("GET\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), 400),
        ("GET /a b HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nbad header\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nx: \0\r\n\r\n".to_owned(), 400),
        ("POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n".to_owned(), 400),
        ("GET /api/v1/things/1 HTTP/1.1\r\nconnection: close\r\n\r\n".to_owned(), 400),
        ("POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab".to_owned(), 400),
        (format!("GET / HTTP/1.1\r\nx: {large}\r\n\r\n"), 431),
        (format!("GET / HTTP/1.1\r\n{many}\r\n"), 431),
    ] {
        let mut client = server.connect().await;
        client.send(&junk).await;
        let answer = client.rest().await;
        let junk = junk.get(..40).unwrap_or(&junk);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{junk:?}: {answer}");
    }
    let mut client = server.connect().await;
    assert!(client.get("/api/v1/things/1").await.starts_with("HTTP/1.1 200"));
    assert!(client.get("/api/v1/things/%00").await.starts_with("HTTP/1.1 400"));
    assert!(client.get("//..//%2e%2e/etc").await.starts_with("HTTP/1.1 404"));
    assert!(client.get("*").await.starts_with("HTTP/1.1 40"));
}

#[tokio::test]
async fn a_truncated_body_is_refused() {
    let server = TestServer::to(things()).await;
    let mut client = server.connect().await;
    client
        .send(
            "POST /api/v1/things HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
             transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        )
        .await;
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}
