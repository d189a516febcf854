//! Fetching from servers on this machine: bodies, redirects, limits, addresses that are refused, TLS.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use outbound::{FetchError, FetchLimits, Fetcher, Reach};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};

const AUTHORITY: &[u8] = include_bytes!("certificates/authority.der");
const CERTIFICATE: &[u8] = include_bytes!("certificates/localhost.der");
const KEY: &[u8] = include_bytes!("certificates/localhost.key.der");

const LIMITS: FetchLimits =
    FetchLimits { bytes_max: 1_000, time_max: Duration::from_secs(20), redirects_max: 3 };

fn fetcher() -> Fetcher {
    Fetcher::new("tests/1.0", "image/*", LIMITS, Reach::PublicAndLoopback)
}

/// Response to a path.
fn response(path: &str, port: u16) -> String {
    let found = |length: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
    let moved =
        |to: String| format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
    match path {
        "/picture" => found(5) + "hello",
        "/without-length" => "HTTP/1.1 200 OK\r\n\r\nhello".to_owned(),
        "/chunked" => {
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
                .to_owned()
        }
        "/limit" => found(1_000) + &"x".repeat(1_000),
        "/long" => found(1_001) + &"x".repeat(1_001),
        "/endless" => "HTTP/1.1 200 OK\r\n\r\n".to_owned() + &"x".repeat(5_000),
        "/broken" => found(50) + "hello",
        "/no-http" => "220 mail.example ESMTP\r\n".to_owned(),
        "/once" => moved("/picture?a=b#c".to_owned()),
        "/loop" => moved(format!("http://127.0.0.1:{port}/loop")),
        "/private" => moved("http://10.0.0.1/picture".to_owned()),
        "/metadata" => moved("http://169.254.169.254/latest/".to_owned()),
        "/file" => moved("file:///etc/passwd".to_owned()),
        "/downgrade" => moved(format!("http://localhost:{port}/picture")),
        "/gone" => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
        "/failing" => "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n".to_owned(),
        _ => found(5) + "other",
    }
}

async fn answer(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, port: u16) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split([' ', '?']).nth(1).unwrap();
    if path == "/silent" {
        std::future::pending::<()>().await;
    }
    // The client may have seen enough before the last byte.
    let _ = stream.write_all(response(path, port).as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// A server on this machine, which stops when the value is dropped.
struct Server {
    port: u16,
    _running: JoinSet<()>,
}

async fn serve(tls: Option<TlsAcceptor>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut running = JoinSet::new();
    running.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve_one(stream, tls.clone(), port));
        }
    });
    Server { port, _running: running }
}

async fn serve_one(stream: TcpStream, tls: Option<TlsAcceptor>, port: u16) {
    match tls {
        None => answer(stream, port).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                answer(stream, port).await;
            }
        }
    }
}

fn acceptor() -> TlsAcceptor {
    let chain = vec![CertificateDer::from(CERTIFICATE.to_vec())];
    let key = PrivateKeyDer::try_from(KEY.to_vec()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn bodies_arrive_whole_and_redirects_are_followed() {
    let server = serve(None).await;
    let port = server.port;
    for path in ["picture", "without-length", "chunked", "once"] {
        let body = fetcher().get(&format!("http://127.0.0.1:{port}/{path}")).await;
        assert_eq!(body.as_deref(), Ok(&b"hello"[..]), "{path}");
    }
    let most = fetcher().get(&format!("http://127.0.0.1:{port}/limit")).await.unwrap();
    assert_eq!(most.len(), LIMITS.bytes_max);
}

#[tokio::test]
async fn failures_are_named() {
    let server = serve(None).await;
    let port = server.port;
    let too_many = FetchError::TooManyBytes { max: LIMITS.bytes_max };
    for (path, expected) in [
        ("long", too_many.clone()),
        ("endless", too_many),
        ("broken", FetchError::Unreachable),
        ("no-http", FetchError::Unreachable),
        ("loop", FetchError::Redirects),
        ("private", FetchError::NotPublic),
        ("metadata", FetchError::NotPublic),
        ("file", FetchError::InvalidAddress),
        ("gone", FetchError::Status(404)),
        ("failing", FetchError::Status(503)),
    ] {
        let failed = fetcher().get(&format!("http://127.0.0.1:{port}/{path}")).await;
        assert_eq!(failed, Err(expected), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up() {
    let server = serve(None).await;
    let port = server.port;
    let failed = fetcher().get(&format!("http://127.0.0.1:{port}/silent")).await;
    assert_eq!(failed, Err(FetchError::TooSlow { max: LIMITS.time_max }));
}

#[tokio::test]
async fn addresses_that_are_not_public_are_refused_whatever_their_spelling() {
    let server = serve(None).await;
    let port = server.port;
    let public_only = Fetcher::new("tests/1.0", "image/*", LIMITS, Reach::Public);
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
    ] {
        let refused = public_only.get(&format!("http://{host}:{port}/picture")).await;
        assert_eq!(refused, Err(FetchError::NotPublic), "{host}");
    }
    // The setting for tests opens this machine, and no private network.
    for address in
        ["http://10.1.2.3/", "http://192.168.0.1/", "http://[fd00::1]/", "http://169.254.1.1/"]
    {
        assert_eq!(fetcher().get(address).await, Err(FetchError::NotPublic), "{address}");
    }
    for address in [
        "",
        "mug.jpg",
        "//host/mug.jpg",
        "ftp://host/a",
        "data:image/png;base64,AA==",
        "https://",
        "http://me:secret@127.0.0.1/",
    ] {
        assert_eq!(fetcher().get(address).await, Err(FetchError::InvalidAddress), "{address}");
    }
}

#[tokio::test]
async fn certificates_are_checked() {
    let server = serve(Some(acceptor())).await;
    let port = server.port;
    let trusting = fetcher().trusting(AUTHORITY.to_vec());
    let address = format!("https://localhost:{port}/picture");
    assert_eq!(trusting.get(&address).await.as_deref(), Ok(&b"hello"[..]));
    assert_eq!(fetcher().get(&address).await, Err(FetchError::NotTrusted), "unknown authority");
    let other_name = trusting.get(&format!("https://127.0.0.1:{port}/picture")).await;
    assert_eq!(other_name, Err(FetchError::NotTrusted), "another name than in the certificate");
    let downgrade = trusting.get(&format!("https://localhost:{port}/downgrade")).await;
    assert_eq!(downgrade, Err(FetchError::Redirects));
}

#[tokio::test]
async fn fetches_that_take_turns_wait_for_each_other() {
    async fn answer(mut stream: TcpStream) {
        let _ = stream.read(&mut [0; 1024]).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na").await.unwrap();
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let fetcher = fetcher().taking_turns(1);
    let mut tasks = JoinSet::new();
    for fetcher in [fetcher.clone(), fetcher] {
        let address = address.clone();
        tasks.spawn(async move { fetcher.get(&address).await });
    }
    let (first, _) = listener.accept().await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(early.is_err(), "it has the one turn that there is");
    answer(first).await;
    let (second, _) = listener.accept().await.unwrap();
    answer(second).await;
    assert!(tasks.join_all().await.iter().all(Result::is_ok));
}
