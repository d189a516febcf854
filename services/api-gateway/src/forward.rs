//! Reverse proxy: forwards a buffered request to its upstream service and returns the response. Hop-by-hop headers and
//! internal headers are removed in both directions.

use crate::{
    client_identity::{ClientIdentity, FORWARDED_FOR},
    edge_limit,
    route_table::Upstream,
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

/// Prefix of internal headers.
const INTERNAL_PREFIX: &str = "icommerce-";

/// Header with that prefix which clients may send: the signature of a payment processor's webhook. It is verified by the
/// service that receives it.
const WEBHOOK_SIGNATURE: &str = "icommerce-signature";

/// Hop-by-hop headers (RFC 9110, 7.6.1), including those that are traditionally treated as such.
const HOP_BY_HOP_HEADERS: [HeaderName; 8] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
];

/// Forwarding headers, believed only from a trusted proxy.
const FORWARDED_HEADERS: [HeaderName; 3] = [
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
];

/// Request with its body read into memory, and headers fit for an upstream service.
pub(crate) async fn buffer_request(
    head: Parts,
    body: Body,
    client: ClientIdentity,
    bytes_max: usize,
    deadline: Instant,
) -> Result<transport::Request, Problem> {
    let body = if body.is_end_stream() {
        Bytes::new()
    } else {
        let body = read_body(&head.headers, body, bytes_max);
        timeout_at(deadline, body).await.unwrap_or_else(|_| Err(body_timeout()))?
    };
    let Parts { method, uri, mut headers, .. } = head;
    remove_private_headers(&mut headers);
    if !client.is_trusted_proxy {
        for name in &FORWARDED_HEADERS {
            headers.remove(name);
        }
    }
    if let Ok(address) = HeaderValue::try_from(client.address.to_string()) {
        headers.insert(FORWARDED_FOR, address);
    }
    let mut request = Request::new(body);
    *request.method_mut() = method;
    // A request in absolute form, as sent to proxies, is reduced to its path.
    *request.uri_mut() = match uri.path_and_query() {
        Some(path) if uri.authority().is_some() => path.clone().into(),
        _ => uri,
    };
    *request.headers_mut() = headers;
    Ok(request)
}

/// Response of the upstream service.
pub(crate) async fn send(
    upstream: &Upstream,
    request: transport::Request,
) -> Result<Response, Problem> {
    match upstream.channel.send(request).await {
        Ok(response) => {
            let mut response = response.map(Body::from);
            remove_private_headers(response.headers_mut());
            Ok(response)
        }
        Err(error) => Err(upstream_problem(&error)),
    }
}

/// Removal of hop-by-hop headers, including those that `Connection` names, and of internal headers.
fn remove_private_headers(headers: &mut HeaderMap) {
    if let Some(named) = headers.remove(header::CONNECTION) {
        let named = named.to_str().unwrap_or_default().split(',');
        for name in named.filter_map(|name| name.trim().parse::<HeaderName>().ok()) {
            headers.remove(name);
        }
    }
    for name in &HOP_BY_HOP_HEADERS {
        headers.remove(name);
    }
    let is_internal =
        |name: &HeaderName| name.as_str().starts_with(INTERNAL_PREFIX) && name != WEBHOOK_SIGNATURE;
    let internal: Vec<HeaderName> =
        headers.keys().filter(|name| is_internal(name)).cloned().collect();
    for name in internal {
        headers.remove(name);
    }
}

async fn read_body(headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let content_length =
        headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    if content_length.is_some_and(|length: u64| length > bytes_max as u64) {
        return Err(too_large(bytes_max));
    }
    match Limited::new(body, bytes_max).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(bytes_max)),
        Err(_) => Err(Problem::new(400, codes::MISSING_BODY, "the request body ended prematurely")),
    }
}

fn too_large(bytes_max: usize) -> Problem {
    let title = format!("the request body is larger than the limit of {bytes_max} bytes");
    Problem::new(413, codes::BODY_TOO_LARGE, title).fact("bytes_max", bytes_max)
}

fn body_timeout() -> Problem {
    Problem::new(
        408,
        codes::DEADLINE_EXCEEDED,
        "the request body did not arrive in time; nothing was done",
    )
}

fn upstream_problem(error: &TransportError) -> Problem {
    tracing::warn!(%error, "a forwarded request got no response");
    match error {
        TransportError::DeadlineExceeded { .. } => {
            let title =
                "the response did not arrive in time; the request may or may not have taken effect";
            Problem::new(504, codes::DEADLINE_EXCEEDED, title).retry_after(1)
        }
        TransportError::Overloaded { .. } => edge_limit::overloaded(),
        TransportError::Unreachable { service, .. } => Problem::unavailable(service),
    }
}
