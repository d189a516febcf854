//! Carries a whole request to the service that answers it, and the answer back. What only concerns one connection,
//! and what only we say to ourselves, does not pass in either direction.

use crate::{
    directions::Way,
    visitor::{FORWARDED_FOR, Visitor},
};
use axum::{
    body::{Body, HttpBody},
    http::{HeaderMap, HeaderName, HeaderValue, Request, header, request::Parts},
    response::Response,
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kernel::{Problem, codes};
use tokio::time::{Instant, timeout_at};
use transport::TransportError;

/// What our own headers begin with.
const OURS: &str = "icommerce-";

/// The one of them that others send us: a processor's signature under its webhook. It claims nothing that is believed
/// before it was compared.
const SIGNATURE: &str = "icommerce-signature";

/// Headers of one connection (RFC 9110, 7.6.1), and the ones that were always treated like them.
const OF_THE_CONNECTION: [HeaderName; 8] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
];

/// What a proxy says about those before it.
const FORWARDED: [HeaderName; 3] = [
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
];

/// The request with its whole body.
pub(crate) async fn whole(
    head: Parts,
    body: Body,
    visitor: Visitor,
    bytes_max: usize,
    deadline: Instant,
) -> Result<transport::Request, Problem> {
    let body = if body.is_end_stream() {
        Bytes::new()
    } else {
        let body = read(&head.headers, body, bytes_max);
        timeout_at(deadline, body).await.unwrap_or_else(|_| Err(too_slow()))?
    };
    let Parts { method, uri, mut headers, .. } = head;
    strip(&mut headers);
    if !visitor.is_trusted_proxy {
        for name in &FORWARDED {
            headers.remove(name);
        }
    }
    if let Ok(address) = HeaderValue::try_from(visitor.address.to_string()) {
        headers.insert(FORWARDED_FOR, address);
    }
    let mut request = Request::new(body);
    *request.method_mut() = method;
    // Of a request as proxies are sent it, only the path is ours.
    *request.uri_mut() = match uri.path_and_query() {
        Some(path) if uri.authority().is_some() => path.clone().into(),
        _ => uri,
    };
    *request.headers_mut() = headers;
    Ok(request)
}

/// Sends it and brings back the answer.
pub(crate) async fn send(way: &Way, request: transport::Request) -> Result<Response, Problem> {
    match way.transport.send(request).await {
        Ok(answer) => {
            let mut answer = answer.map(Body::from);
            strip(answer.headers_mut());
            Ok(answer)
        }
        Err(error) => Err(unanswered(&error)),
    }
}

fn strip(headers: &mut HeaderMap) {
    if let Some(named) = headers.remove(header::CONNECTION) {
        let named = named.to_str().unwrap_or_default().split(',');
        for name in named.filter_map(|name| name.trim().parse::<HeaderName>().ok()) {
            headers.remove(name);
        }
    }
    for name in &OF_THE_CONNECTION {
        headers.remove(name);
    }
    let is_ours = |name: &HeaderName| name.as_str().starts_with(OURS) && name != SIGNATURE;
    let ours: Vec<HeaderName> = headers.keys().filter(|name| is_ours(name)).cloned().collect();
    for name in ours {
        headers.remove(name);
    }
}

async fn read(headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    if announced.is_some_and(|announced: u64| announced > bytes_max as u64) {
        return Err(too_large(bytes_max));
    }
    match Limited::new(body, bytes_max).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(bytes_max)),
        Err(_) => Err(Problem::new(400, codes::MISSING_BODY, "the body broke off before its end")),
    }
}

fn too_large(bytes_max: usize) -> Problem {
    let title = format!("the body is larger than the {bytes_max} bytes that are taken here");
    Problem::new(413, codes::BODY_TOO_LARGE, title).fact("bytes_max", bytes_max)
}

fn too_slow() -> Problem {
    Problem::new(408, codes::DEADLINE_EXCEEDED, "the body did not arrive in time; nothing was done")
}

fn unanswered(error: &TransportError) -> Problem {
    tracing::warn!(%error, "a request was not answered");
    match error {
        TransportError::DeadlineExceeded { .. } => {
            let title = "the answer did not come in time; whether something was done is not known";
            Problem::new(504, codes::DEADLINE_EXCEEDED, title).retry_after(1)
        }
        TransportError::Overloaded { .. } => crate::door::overloaded(),
        TransportError::Unreachable { service, .. } => Problem::unavailable(service),
    }
}
