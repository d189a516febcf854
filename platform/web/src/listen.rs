//! HTTP/1.1 listener: connection limit, timeouts, responses only after the flush of their dependencies, graceful shutdown.

mod body_timeout;

use crate::ProblemResponse;
use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    response::{IntoResponse, Response},
};
use body_timeout::BodyTimeout;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use kernel::{Problem, codes};
use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use storage::durability;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};
use tower::ServiceExt;

/// Pause after a failed `accept`, which mostly means that the process is out of file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Options of a listener: limits and timeouts of its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// Maximum number of open connections; further ones wait in the operating system's backlog. Default: 4096.
    pub connections_max: usize,
    /// Maximum time for reading the head of a request, and for which a connection may be idle. Default: 30 s.
    pub header_read_timeout: Duration,
    /// Maximum size of the head of a request, in bytes; at least 8 KiB. A head that arrives faster than it is read may be up
    /// to twice as large. Default: 64 KiB.
    pub header_bytes_max: usize,
    /// Maximum pause between two parts of a request body. Default: 30 s.
    pub body_pause_max: Duration,
    /// Maximum time for running requests to end during shutdown. Default: 20 s.
    pub drain_timeout: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            header_read_timeout: Duration::from_secs(30),
            header_bytes_max: 64 * 1024,
            body_pause_max: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(20),
        }
    }
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

/// Serves `router` until `stop` is ready, then drains: idle connections are closed, running requests may end.
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
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: ServeOptions,
    stop: impl Future<Output = ()> + Send,
) -> DrainOutcome {
    let permits = Arc::new(Semaphore::new(options.connections_max));
    let (shutdown, stopped) = watch::channel(());
    // Dropping the future of the listener aborts its connections.
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &permits) => accepted,
        };
        match accepted {
            Ok((stream, peer, permit)) => {
                let connection = HttpConnection { router: router.clone(), peer, options };
                let stopped = stopped.clone();
                connections.spawn(async move {
                    connection.run(stream, stopped).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    drop(shutdown);
    drain(connections, options.drain_timeout).await
}

type ConnectionPermit = tokio::sync::OwnedSemaphorePermit;

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, ConnectionPermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, permit))
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

struct HttpConnection {
    router: Router,
    peer: SocketAddr,
    options: ServeOptions,
}

impl HttpConnection {
    async fn run(self, stream: TcpStream, mut stopped: watch::Receiver<()>) {
        // Responses are written whole, so Nagle's algorithm would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was gone at once");
        }
        let service = hyper::service::service_fn(|request| self.respond(request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.options.header_read_timeout)
            .max_buf_size(self.options.header_bytes_max)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = &mut connection => ended,
            // An error, since the listener drops the sender when it stops.
            _ = stopped.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            // The client's fault: it disconnected, was too slow, or does not speak HTTP.
            tracing::debug!(%error, peer = %self.peer, "a connection ended early");
        }
    }

    async fn respond(&self, request: hyper::Request<Incoming>) -> Result<Response, Infallible> {
        let pause_max = self.options.body_pause_max;
        let mut request = request.map(|body| Body::new(BodyTimeout::new(body, pause_max)));
        request.extensions_mut().insert(ConnectInfo(self.peer));
        Ok(serve_detached(self.router.clone(), request).await)
    }
}

/// Runs one request in a durability scope and returns its response once the commits that it depends on are flushed, or a
/// 503 if one of them was lost. [`serve`] does this with every request.
pub async fn serve_detached(router: Router, request: hyper::Request<Body>) -> Response {
    let (response, dependencies) = durability::scope(router.oneshot(request)).await;
    let response = match response {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if kernel::defects::planted("answer_before_flush") {
        return response;
    }
    match dependencies.wait().await {
        Ok(()) => response,
        Err(lost) => {
            tracing::error!(error = %lost, "a response was withheld: a commit that it depends on was lost");
            ProblemResponse(withheld()).into_response()
        }
    }
}

fn withheld() -> Problem {
    let title = "what you asked for could not be written and did not happen; ask again shortly";
    Problem::new(503, codes::UNAVAILABLE, title).retry_after(1)
}
