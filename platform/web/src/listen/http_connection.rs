//! Connection of a listener: HTTP/1.1, each request in a durability scope, each response after its flush.

use super::{
    HttpService, MinimumRate, SecureConnection, ServeOptions, body_timeout::BodyTimeout,
    connections::OpenConnection, handshake::Handshake, write_timeout::WriteTimeout,
};
use crate::ProblemResponse;
use axum::{
    body::{Body, HttpBody},
    extract::ConnectInfo,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Uri, Version, header, uri::Authority};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use kernel::{Problem, codes};
use std::{convert::Infallible, net::SocketAddr, pin::pin, time::Duration};
use storage::durability;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
};
use tower::ServiceExt;

/// Connection of a client.
pub(super) struct HttpConnection<S> {
    service: S,
    peer: SocketAddr,
    open: OpenConnection,
    header_read_timeout: Duration,
    header_bytes_max: usize,
    content_codings: bool,
    minimum_rate: MinimumRate,
}

impl<S: HttpService> HttpConnection<S> {
    pub(super) fn new(
        service: S,
        peer: SocketAddr,
        options: &ServeOptions,
        open: OpenConnection,
    ) -> Self {
        let ServeOptions {
            header_read_timeout,
            header_bytes_max,
            content_codings,
            minimum_rate,
            ..
        } = *options;
        Self {
            service,
            peer,
            open,
            header_read_timeout,
            header_bytes_max,
            content_codings,
            minimum_rate,
        }
    }

    /// Serves the client, after a handshake where there is one.
    pub(super) async fn run(
        self,
        stream: TcpStream,
        handshake: Option<Handshake>,
        mut stopped: watch::Receiver<()>,
    ) {
        // Responses are written whole, so Nagle's algorithm would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was gone at once");
        }
        let stream = WriteTimeout::new(stream, self.minimum_rate);
        let Some(handshake) = handshake else { return self.serve(stream, None, stopped).await };
        let shaken = tokio::select! {
            // A box, since the future is larger than everything after it.
            shaken = Box::pin(handshake.run(stream)) => shaken,
            _ = stopped.changed() => return,
        };
        match shaken {
            Ok((stream, secure)) => self.serve(stream, Some(secure), stopped).await,
            // The client's fault: it was silent, does not speak TLS, or has no certificate where one is needed.
            Err(error) => tracing::debug!(%error, peer = %self.peer, "a handshake failed"),
        }
    }

    async fn serve<I: AsyncRead + AsyncWrite + Unpin>(
        self,
        stream: I,
        secure: Option<SecureConnection>,
        mut stopped: watch::Receiver<()>,
    ) {
        let service = hyper::service::service_fn(|request| self.respond(request, secure.as_ref()));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.header_read_timeout)
            .max_buf_size(self.header_bytes_max)
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

    async fn respond(
        &self,
        request: hyper::Request<Incoming>,
        secure: Option<&SecureConnection>,
    ) -> Result<Response, Infallible> {
        self.open.busy();
        let head = check_head(request.version(), request.uri(), request.headers());
        let head =
            head.and_then(
                |is_plain| {
                    if is_plain || self.content_codings { Ok(()) } else { Err(coded()) }
                },
            );
        let response = match head {
            Ok(()) => {
                let mut request = request.map(|body| {
                    if body.is_end_stream() {
                        Body::empty()
                    } else {
                        Body::new(BodyTimeout::new(body, self.minimum_rate))
                    }
                });
                request.extensions_mut().insert(ConnectInfo(self.peer));
                if let Some(secure) = secure {
                    request.extensions_mut().insert(secure.clone());
                }
                serve_detached(self.service.clone(), request).await
            }
            Err(problem) => ProblemResponse(problem).into_response(),
        };
        self.open.idle();
        Ok(response)
    }
}

/// Checks what every later look at a request relies on: one host, and no transfer coding but the framing of its body. Returns whether the
/// body is in no content coding.
fn check_head(version: Version, uri: &Uri, headers: &HeaderMap) -> Result<bool, Problem> {
    let is = |value: &HeaderValue, coding: &str| {
        value.as_bytes().eq_ignore_ascii_case(coding.as_bytes())
    };
    let (mut hosts, mut is_framed, mut is_plain) = (0, true, true);
    let mut names_host = version < Version::HTTP_11;
    // One pass costs less than three look-ups, each of which hashes a name.
    for (name, value) in headers {
        match *name {
            header::HOST => {
                hosts += 1;
                names_host = is_host(value, uri);
            }
            header::TRANSFER_ENCODING => is_framed &= is(value, "chunked"),
            header::CONTENT_ENCODING => is_plain &= is(value, "identity"),
            _ => {}
        }
    }
    // What checks the host and what uses it must not look at different ones (RFC 9112, 3.2). HTTP/1.0 has no `Host`.
    if hosts > 1 || !names_host {
        let title = "a request names the host that it is for once, in Host";
        return Err(Problem::of(codes::INVALID_HEADER, title));
    }
    if !is_framed {
        let title = "no transfer coding but chunked is understood";
        return Err(Problem::of(codes::INVALID_HEADER, title));
    }
    Ok(is_plain)
}

/// Refusal of a body that would be parsed as what it is not.
fn coded() -> Problem {
    let title = "send the body without a content coding";
    Problem::of(codes::UNSUPPORTED_MEDIA_TYPE, title)
}

/// Whether this is a host, and the one that the target of the request names, if it names one. A host has no user in front of
/// it, which an authority may have.
fn is_host(host: &HeaderValue, uri: &Uri) -> bool {
    let host = host.as_bytes();
    !host.contains(&b'@')
        && match uri.authority() {
            Some(authority) => authority.as_str().as_bytes().eq_ignore_ascii_case(host),
            None => Authority::try_from(host).is_ok(),
        }
}

/// Runs one request in a durability scope and returns its response once the commits that it depends on are flushed, or a
/// 503 if one of them was lost. [`serve`](crate::serve) does this with every request.
pub async fn serve_detached<S: HttpService>(service: S, request: hyper::Request<Body>) -> Response {
    let (response, dependencies) = durability::scope(service.oneshot(request)).await;
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
    Problem::of(codes::UNAVAILABLE, title).retry_after(1)
}
