//! Reverse proxy: forwards a request to its upstream service and returns the response. Hop-by-hop headers and
//! internal headers are removed in both directions.

use crate::{
    client_identity::{ClientIdentity, ClientRoute},
    forwarded::{FORWARDED_FOR, FORWARDED_HOST, FORWARDED_PROTO, FORWARDING_HEADERS},
    quota,
    route_table::Upstream,
};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Request, header, request::Parts},
    response::Response,
};
use bytes::Bytes;
use kernel::{Problem, codes};
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

/// Request with headers fit for an upstream service, to which the client is named in one notation, whatever a proxy used.
pub(crate) fn upstream_request(
    head: Parts,
    body: Bytes,
    client: &ClientIdentity,
) -> transport::Request {
    let Parts { method, uri, mut headers, .. } = head;
    remove_headers(&mut headers, |name| is_private(name) || FORWARDING_HEADERS.contains(name));
    let address = HeaderValue::try_from(client.address.to_string());
    headers.insert(FORWARDED_FOR, address.expect("an address is printable"));
    if let ClientRoute::TrustedProxy { proto, host } = &client.route {
        let named = [(FORWARDED_PROTO, proto), (FORWARDED_HOST, host)];
        headers.extend(named.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    }
    let mut request = Request::new(body);
    *request.method_mut() = method;
    // A request in absolute form, as sent to proxies, is reduced to its path.
    *request.uri_mut() = match uri.path_and_query() {
        Some(path) if uri.authority().is_some() => path.clone().into(),
        _ => uri,
    };
    *request.headers_mut() = headers;
    request
}

/// Response of the upstream service.
pub(crate) async fn send(
    upstream: &Upstream,
    request: transport::Request,
) -> Result<Response, Problem> {
    match upstream.channel.send(request).await {
        Ok(response) => {
            let mut response = response.map(Body::from);
            remove_headers(response.headers_mut(), is_private);
            Ok(response)
        }
        Err(error) => Err(upstream_problem(&error)),
    }
}

/// Removal of the headers with these names, and of those that `Connection` names. Goes through the headers that are there:
/// they are fewer than the names.
fn remove_headers(headers: &mut HeaderMap, is_removed: impl Fn(&HeaderName) -> bool) {
    let removed: Vec<HeaderName> =
        headers.keys().filter(|name| is_removed(name)).cloned().collect();
    if removed.contains(&header::CONNECTION) {
        let lines = headers.get_all(header::CONNECTION).iter();
        let named = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
        let named: Vec<HeaderName> =
            named.filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok()).collect();
        for name in named {
            headers.remove(name);
        }
    }
    for name in removed {
        headers.remove(name);
    }
}

/// Whether a header is hop-by-hop or internal.
fn is_private(name: &HeaderName) -> bool {
    let is_internal = || name.as_str().starts_with(INTERNAL_PREFIX) && name != WEBHOOK_SIGNATURE;
    HOP_BY_HOP_HEADERS.contains(name) || is_internal()
}

fn upstream_problem(error: &TransportError) -> Problem {
    tracing::warn!(%error, "a forwarded request got no response");
    match error {
        TransportError::DeadlineExceeded { .. } => {
            let title =
                "the response did not arrive in time; the request may or may not have taken effect";
            Problem::of(codes::DEADLINE_EXCEEDED, title).retry_after(1)
        }
        TransportError::Overloaded { .. } => quota::overloaded(),
        TransportError::Unreachable { service, .. } => Problem::unavailable(service),
    }
}
