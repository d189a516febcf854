//! Stored response: one line of JSON for the head, then the body byte for byte; or a reference by which the response is
//! rendered again.

use super::{ReplayReference, digest, is_final};
use axum::{
    body::{Body, Bytes, HttpBody},
    response::Response,
};
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use http_body_util::BodyExt;
use kernel::Problem;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use storage::RECORD_BYTES_MAX;

/// Maximum size of a stored body, in bytes; leaves room for the head.
const BODY_BYTES_MAX: usize = RECORD_BYTES_MAX - 64 * 1024;

/// Maximum size of a stored refusal, in bytes. Refusals quote what was sent, and must not cost more to keep.
const REFUSAL_BYTES_MAX: usize = 1_024;
/// Maximum length of a text in a shortened refusal, in bytes.
const SHORTENED_TEXT_BYTES_MAX: usize = 120;

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
    pub(super) content: StoredContent,
}

/// Content of a stored response.
#[derive(Debug)]
pub(super) enum StoredContent {
    /// The response itself.
    Copy(Response),
    /// What to render it from, and its status.
    Reference(ReplayReference, StatusCode),
}

/// Stored head. Fields may be added, with a default.
#[derive(Serialize, Deserialize)]
struct Head {
    fingerprint: String,
    status: u16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
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
        if let Some(ReplayReference(reference)) = response.extensions().get() {
            let (status, reference) = (response.status(), Some(reference.clone()));
            let stored = write(fingerprint, status, Vec::new(), reference, &Bytes::new());
            return (response, stored);
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
        let headers = head.headers.iter().filter(|(name, _)| !NOT_STORED.contains(name));
        let headers = headers
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        let kept = shortened_refusal(head.status, &body).unwrap_or_else(|| body.clone());
        let stored = write(fingerprint, head.status, headers.collect(), None, &kept);
        (Response::from_parts(head, Body::from(body)), stored)
    }

    /// Reads a stored response. One that cannot be read counts as absent: the derived ids of the service keep the effect
    /// single.
    pub(super) fn read(stored: &Bytes) -> Option<Self> {
        let end = stored.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(&stored[..end])
            .inspect_err(|error| tracing::error!(%error, "a stored response cannot be read"))
            .ok()?;
        let status = StatusCode::from_u16(head.status).ok()?;
        let fingerprint = Fingerprint(u128::from_str_radix(&head.fingerprint, 16).ok()?);
        if let Some(reference) = head.reference {
            let content = StoredContent::Reference(ReplayReference(reference), status);
            return Some(Self { fingerprint, content });
        }
        let mut response = Response::new(Body::from(stored.slice(end + 1..)));
        *response.status_mut() = status;
        for (name, value) in &head.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            response.headers_mut().append(name, HeaderValue::from_str(value).ok()?);
        }
        Some(Self { fingerprint, content: StoredContent::Copy(response) })
    }
}

fn write(
    Fingerprint(fingerprint): Fingerprint,
    status: StatusCode,
    headers: Vec<(String, String)>,
    reference: Option<String>,
    body: &Bytes,
) -> Option<Bytes> {
    let fingerprint = format!("{fingerprint:032x}");
    let head = Head { fingerprint, status: status.as_u16(), headers, reference };
    let mut stored = kernel::json::to_vec(&head).ok()?;
    stored.push(b'\n');
    stored.extend_from_slice(body);
    Some(Bytes::from(stored))
}

/// A refusal that is too long to be kept, with its texts cut and as many of its details as there is room for. Code, subject
/// and status stay.
fn shortened_refusal(status: StatusCode, body: &Bytes) -> Option<Bytes> {
    if !status.is_client_error() || body.len() <= REFUSAL_BYTES_MAX {
        return None;
    }
    let mut problem: Problem = serde_json::from_slice(body).ok()?;
    problem.detail = None;
    cut(&mut problem.title);
    problem.subject.iter_mut().for_each(cut);
    for error in &mut problem.errors {
        cut(&mut error.field);
        cut(&mut error.message);
    }
    loop {
        let text = kernel::json::to_vec(&problem).ok()?;
        if text.len() <= REFUSAL_BYTES_MAX {
            return Some(text.into());
        }
        // The last details go first; what is left without them is shorter than the limit.
        if problem.errors.pop().is_none() && problem.facts.is_empty() {
            return None;
        }
        if problem.errors.is_empty() {
            problem.facts.clear();
        }
    }
}

/// Cuts a text that is too long at a character.
fn cut(text: &mut String) {
    text.truncate(text.floor_char_boundary(SHORTENED_TEXT_BYTES_MAX));
}
