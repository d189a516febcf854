//! Stored response: one line of JSON for the head, then the body byte for byte.

use super::{digest, is_final};
use axum::{
    body::{Body, Bytes, HttpBody},
    response::Response,
};
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use storage::RECORD_BYTES_MAX;

/// Maximum size of a stored body, in bytes; leaves room for the head.
const BODY_BYTES_MAX: usize = RECORD_BYTES_MAX - 64 * 1024;

/// Headers that belong to one transmission and are not stored.
const NOT_STORED: [HeaderName; 5] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::DATE,
    header::TRANSFER_ENCODING,
    HeaderName::from_static(transport::headers::REQUEST_ID),
];

/// Fingerprint of a request: two requests with one are the same request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(u128);

impl Fingerprint {
    /// The fingerprint of query and body; method and path are part of the storage key already.
    pub(super) fn of(head: &Parts, body: &Bytes) -> Self {
        let query = head.uri.query().unwrap_or_default();
        let length = u64::try_from(query.len()).unwrap_or(u64::MAX);
        let hash = Sha256::new().chain_update(length.to_le_bytes()).chain_update(query);
        Self(digest(hash.chain_update(body)))
    }
}

/// Response that was stored.
#[derive(Debug)]
pub(super) struct StoredResponse {
    pub(super) fingerprint: Fingerprint,
    response: Response,
}

/// Stored head. Fields may be added, with a default.
#[derive(Serialize, Deserialize)]
struct Head {
    fingerprint: String,
    status: u16,
    headers: Vec<(String, String)>,
}

impl StoredResponse {
    /// The response, and its stored form if it is one to replay.
    pub(super) async fn take(
        fingerprint: Fingerprint,
        response: Response,
    ) -> (Response, Option<Bytes>) {
        if !is_final(&response) {
            return (response, None);
        }
        // The size of a stream is unknown before its end; streams are not stored.
        let size = response.body().size_hint().exact().and_then(|size| usize::try_from(size).ok());
        if size.is_none_or(|size| size > BODY_BYTES_MAX) {
            tracing::warn!(?size, "a response is too large to be stored under its idempotency key");
            return (response, None);
        }
        let (head, body) = response.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => {
                tracing::error!(%error, "the body of a response ended with an error");
                return (Response::from_parts(head, Body::empty()), None);
            }
        };
        let stored = write(fingerprint, &head, &body);
        (Response::from_parts(head, Body::from(body)), stored)
    }

    /// Reads a stored response. One that cannot be read counts as absent: the derived ids of the service keep the effect
    /// single.
    pub(super) fn read(stored: &Bytes) -> Option<Self> {
        let end = stored.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(&stored[..end])
            .inspect_err(|error| tracing::error!(%error, "a stored response cannot be read"))
            .ok()?;
        let mut response = Response::new(Body::from(stored.slice(end + 1..)));
        *response.status_mut() = StatusCode::from_u16(head.status).ok()?;
        for (name, value) in &head.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            response.headers_mut().append(name, HeaderValue::from_str(value).ok()?);
        }
        let fingerprint = u128::from_str_radix(&head.fingerprint, 16).ok()?;
        Some(Self { fingerprint: Fingerprint(fingerprint), response })
    }

    pub(super) fn into_response(self) -> Response {
        self.response
    }
}

fn write(fingerprint: Fingerprint, head: &http::response::Parts, body: &Bytes) -> Option<Bytes> {
    let headers = head.headers.iter().filter(|(name, _)| !NOT_STORED.contains(name));
    let headers = headers
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    let fingerprint = format!("{:032x}", fingerprint.0);
    let head = Head { fingerprint, status: head.status.as_u16(), headers: headers.collect() };
    let mut stored = serde_json::to_vec(&head).ok()?;
    stored.push(b'\n');
    stored.extend_from_slice(body);
    Some(Bytes::from(stored))
}
