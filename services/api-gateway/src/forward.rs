//! Reverse proxy: forwards a request to its upstream service and returns the response. Hop-by-hop headers and
//! internal headers are removed in both directions.

use crate::{
    client_identity::{ClientIdentity, ClientRoute},
    forwarded::{FORWARDED_HOST, FORWARDED_PROTO, FORWARDING_HEADERS},
    quota,
};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, Request, header, request::Parts},
    response::Response,
};
use bytes::Bytes;
use kernel::{Problem, codes};
use std::fmt::Display;
use tokio::time::timeout_at;
use transport::{Channel, Context, TransportError};

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

/// Head with headers fit for an upstream service. The client is named by the context of the request, whatever a proxy wrote.
pub(crate) fn upstream_head(mut head: Parts, client: &ClientIdentity) -> Parts {
    let is_removed = |name: &HeaderName| is_private(name) || FORWARDING_HEADERS.contains(name);
    remove_headers(&mut head.headers, is_removed);
    let (proto, host) = match &client.route {
        ClientRoute::TrustedProxy { proto, host } => (proto.clone(), host.clone()),
        ClientRoute::Direct | ClientRoute::UnknownLocalProxy => (None, None),
    };
    let proto = proto.or_else(|| client.is_secure.then(|| client.scheme()));
    let named = [(FORWARDED_PROTO, proto), (FORWARDED_HOST, host)];
    head.headers.extend(named.into_iter().filter_map(|(name, value)| Some((name, value?))));
    // A request in absolute form, as sent to proxies, is reduced to its path.
    if head.uri.authority().is_some()
        && let Some(path) = head.uri.path_and_query()
    {
        head.uri = path.clone().into();
    }
    head
}

/// Response of the upstream service: directly if it is in this process, otherwise over its channel.
pub(crate) async fn send(
    upstream: &Channel,
    context: Context,
    head: Parts,
    body: Bytes,
) -> Result<Response, Problem> {
    let mut response = if let Some(service) = upstream.local() {
        let deadline = context.deadline;
        let response = service.handle(Request::from_parts(head, Body::from(body)), Some(context));
        match deadline {
            Some(deadline) => {
                let response = timeout_at(deadline, response).await;
                response.map_err(|late| unanswered(&late, deadline_exceeded()))?
            }
            None => response.await,
        }
    } else {
        let request = transport::Request::from_parts(head, body);
        let response = context.scope(upstream.send(request)).await;
        response.map_err(|error| unanswered(&error, upstream_problem(&error)))?.map(Body::from)
    };
    remove_headers(response.headers_mut(), is_private);
    Ok(response)
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

/// Problem of a forwarded request that got no response.
fn unanswered(error: &dyn Display, problem: Problem) -> Problem {
    tracing::warn!(%error, "a forwarded request got no response");
    problem
}

fn upstream_problem(error: &TransportError) -> Problem {
    match error {
        TransportError::DeadlineExceeded { .. } => deadline_exceeded(),
        TransportError::Overloaded { .. } => quota::overloaded(),
        TransportError::NotConnected { service, .. }
        | TransportError::Unreachable { service, .. } => Problem::unavailable(service),
    }
}

fn deadline_exceeded() -> Problem {
    let title = "the response did not arrive in time; the request may or may not have taken effect";
    Problem::of(codes::DEADLINE_EXCEEDED, title).retry_after(1)
}
