//! HTTP/1.1 listener, with or without TLS: connection limits, timeouts, responses only after the flush of their dependencies, graceful
//! shutdown.

mod body_timeout;
mod connections;
mod handshake;
mod http_connection;
mod listener;
mod minimum_rate;
mod write_timeout;

pub use connections::ConnectionLimits;
pub use handshake::SecureConnection;
pub use http_connection::serve_detached;
pub use listener::Listener;
pub use minimum_rate::MinimumRate;

use axum::{body::Body, response::Response};
use connections::Connections;
use handshake::{Handshake, Handshakes};
use http_connection::HttpConnection;
use std::{convert::Infallible, pin::pin, time::Duration};
use tokio::{sync::watch, task::JoinSet};
use tower::Service;

/// Pause after a failed `accept`, which mostly means that the process is out of file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Options of a listener: limits and timeouts of its connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// Limits of the open connections.
    pub connections: ConnectionLimits,
    /// Maximum time for the handshake of TLS. Default: 10 s.
    pub handshake_timeout: Duration,
    /// Maximum number of handshakes in progress; at the limit the client with the most of them gives one up, its oldest. Default: 512.
    pub handshakes_max: usize,
    /// Maximum time for reading the head of a request, and for which a connection may be idle. Default: 30 s.
    pub header_read_timeout: Duration,
    /// Maximum size of the head of a request, in bytes; at least 8 KiB. A head that arrives faster than it is read may be up
    /// to twice as large. Default: 64 KiB.
    pub header_bytes_max: usize,
    /// Whether a body may be in a content coding, such as gzip, which the service then decodes itself. Otherwise such a request is refused
    /// with 415: the body would be parsed as what it is not. Default: no.
    pub content_codings: bool,
    /// Minimum rate at which a client sends the body of a request and reads its response.
    pub minimum_rate: MinimumRate,
    /// Maximum time for running requests to end during shutdown. Default: 20 s.
    pub drain_timeout: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            connections: ConnectionLimits::default(),
            handshake_timeout: Duration::from_secs(10),
            handshakes_max: 512,
            header_read_timeout: Duration::from_secs(30),
            header_bytes_max: 64 * 1024,
            content_codings: false,
            minimum_rate: MinimumRate::default(),
            drain_timeout: Duration::from_secs(20),
        }
    }
}

/// Service that a listener can serve: a router, or what stands before routers. It answers every request.
pub trait HttpService:
    Service<http::Request<Body>, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> HttpService for S where
    S: Service<http::Request<Body>, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// Outcome of the drain of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrainOutcome {
    /// Every running request got its response.
    Completed,
    /// The drain timed out; the remaining connections were closed.
    Cut {
        /// The number of closed connections.
        connections: usize,
    },
}

/// Serves `service`, such as a router, until `stop` is ready, then drains: idle connections are closed, running requests may end.
///
/// Each request runs in a durability scope of its own, and no byte of its response is sent before the commits that it
/// depends on are flushed; if one of them is lost, the response is a 503 instead. The body of a streamed response is
/// produced after that, so it may contain only what is flushed already.
///
/// ```
/// use axum::{Router, routing::get};
/// use tokio::net::{TcpListener, TcpStream};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use web::{DrainOutcome, ServeOptions, serve};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
/// let address = listener.local_addr().unwrap();
/// let router = Router::new().route("/ping", get(async || "pong"));
/// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
/// let stopped = async { drop(stopped.await) };
///
/// let client = async {
///     let mut stream = TcpStream::connect(address).await.unwrap();
///     stream.write_all(b"GET /ping HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
///     let mut response = String::new();
///     stream.read_to_string(&mut response).await.unwrap();
///     drop(stop);
///     response
/// };
/// let (outcome, response) = tokio::join!(serve(listener, router, ServeOptions::default(), stopped), client);
/// assert!(response.starts_with("HTTP/1.1 200 OK") && response.ends_with("pong"));
/// assert_eq!(outcome, DrainOutcome::Completed);
/// # });
/// ```
pub async fn serve<S: HttpService>(
    listener: impl Into<Listener>,
    service: S,
    options: ServeOptions,
    stop: impl Future<Output = ()> + Send,
) -> DrainOutcome {
    let Listener { tcp: listener, tls } = listener.into();
    let open = Connections::new(options.connections.clone());
    let handshakes = tls.map(|tls| Handshakes::new(tls, &options));
    let (shutdown, stopped) = watch::channel(());
    // Dropping the future of the listener aborts its connections.
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(admitted) = open.admit(peer.ip()) else {
                    tracing::debug!(%peer, "a connection was closed: its client has too many");
                    continue;
                };
                let handshake = handshakes.as_ref().map(|all| all.begin(peer.ip()));
                if matches!(handshake, Some(None)) {
                    tracing::debug!(%peer, "a connection was closed: there is room for no handshake");
                    continue;
                }
                let handshake = handshake.flatten();
                let set_task = admitted.task_setter();
                let set_handshake = handshake.as_ref().map(Handshake::task_setter);
                let connection = HttpConnection::new(service.clone(), peer, &options, admitted);
                let task = connections.spawn(connection.run(stream, handshake, stopped.clone()));
                if let Some(set_handshake) = set_handshake {
                    set_handshake(task.clone());
                }
                set_task(task);
            }
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                open.make_room();
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    drop(shutdown);
    drain(connections, options.drain_timeout).await
}

async fn drain(mut connections: JoinSet<()>, timeout: Duration) -> DrainOutcome {
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(timeout, all).await.is_ok() {
        return DrainOutcome::Completed;
    }
    let left = connections.len();
    tracing::warn!(connections = left, "requests did not end in time and were cut");
    connections.shutdown().await;
    DrainOutcome::Cut { connections: left }
}
