//! The listener: connections in, and only durable facts out.

mod body_timeout;

use crate::ProblemResponse;
use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    response::{IntoResponse, Response},
};
use body_timeout::Patient;
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

/// How long a listener rests when the operating system gives it no connection: out of file handles, mostly.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How a listener treats its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// How many connections are open at the same time; further ones wait in the operating system's queue.
    pub connections_max: usize,
    /// How long a client may take for the head of a request, and how long a connection may be idle.
    pub header_read_timeout: Duration,
    /// How large the head of a request may be, in bytes; at least 8 KiB. One that arrives faster than it is read may
    /// be up to twice as large.
    pub header_bytes_max: usize,
    /// How long a client may pause within the body of a request.
    pub body_pause_max: Duration,
    /// How long requests under way may take to end once the listener stops.
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

/// How a listener ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrainOutcome {
    /// Every request under way was answered.
    Completely,
    /// Time was over first; the connections left were cut.
    Cut {
        /// How many.
        connections: usize,
    },
}

/// Serves `router` until `stop` is ready; then closes idle connections and lets the requests under way end.
///
/// For each request, what it touches is collected, and the answer waits for its flush before the first byte leaves.
/// What was lost before its flush is answered with 503. A body that is streamed is made after that: it may show
/// only what is flushed anyway.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: ServeOptions,
    stop: impl Future<Output = ()> + Send,
) -> DrainOutcome {
    let places = Arc::new(Semaphore::new(options.connections_max));
    let (stopping, stopped) = watch::channel(());
    // The connections are tasks of this one: whoever drops the listener ends them.
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, peer, place)) => {
                let connection = Connection { router: router.clone(), peer, options };
                let stopped = stopped.clone();
                connections.spawn(async move {
                    connection.run(stream, stopped).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    drop(stopping);
    drain(connections, options.drain_timeout).await
}

type Place = tokio::sync::OwnedSemaphorePermit;

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, Place)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}

async fn drain(mut connections: JoinSet<()>, timeout: Duration) -> DrainOutcome {
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(timeout, all).await.is_ok() {
        return DrainOutcome::Completely;
    }
    let left = connections.len();
    tracing::warn!(connections = left, "requests did not end in time and were cut");
    connections.shutdown().await;
    DrainOutcome::Cut { connections: left }
}

struct Connection {
    router: Router,
    peer: SocketAddr,
    options: ServeOptions,
}

impl Connection {
    async fn run(self, stream: TcpStream, mut stopped: watch::Receiver<()>) {
        // Answers are written whole; waiting for more to send would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was gone at once");
        }
        let answer = hyper::service::service_fn(|request| self.answer(request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.options.header_read_timeout)
            .max_buf_size(self.options.header_bytes_max)
            .serve_connection(TokioIo::new(stream), answer);
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = &mut connection => ended,
            // An error: the sender was dropped, which is how the listener says that it stops.
            _ = stopped.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            // The client's doing: it went away, was too slow, or does not speak HTTP.
            tracing::debug!(%error, peer = %self.peer, "a connection ended early");
        }
    }

    async fn answer(&self, request: hyper::Request<Incoming>) -> Result<Response, Infallible> {
        let patience = self.options.body_pause_max;
        let mut request = request.map(|body| Body::new(Patient::new(body, patience)));
        request.extensions_mut().insert(ConnectInfo(self.peer));
        Ok(serve_detached(self.router.clone(), request).await)
    }
}

/// Has `router` answer, and waits until what the answer says is for good: what every listener does with a request.
/// What was lost before its flush is answered with 503.
pub async fn serve_detached(router: Router, request: hyper::Request<Body>) -> Response {
    let (answer, touched) = durability::scope(router.oneshot(request)).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(never) => match never {},
    };
    if kernel::defects::planted("answer_before_flush") {
        return answer;
    }
    match touched.wait().await {
        Ok(()) => answer,
        Err(lost) => {
            tracing::error!(error = %lost, "an answer was withheld: what it says was lost");
            ProblemResponse(withheld()).into_response()
        }
    }
}

fn withheld() -> Problem {
    let title = "what you asked for could not be written and did not happen; ask again shortly";
    Problem::new(503, codes::UNAVAILABLE, title).retry_after(1)
}
