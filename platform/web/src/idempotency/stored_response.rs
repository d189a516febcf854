//! Stored response: fingerprint and status, then headers and body byte for byte, or a reference by which the response is
//! rendered again.

use super::{ReplayReference, digest, is_final, reference::NotKept};
use axum::{
    body::{Body, Bytes, HttpBody},
    response::Response,
};
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use http_body_util::BodyExt;
use kernel::Problem;
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
pub(super) struct Fingerprint([u8; 8]);

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

/// First byte of a stored copy: its headers as a line of JSON, and its body.
const COPY: u8 = 1;
/// First byte of a stored reference.
const REFERENCE: u8 = 2;
/// Beginning of a copy as earlier releases stored it: its head as a line of JSON.
const FORMER_COPY: &[u8] = br#"{"fingerprint":"#;

/// Whether this is a stored copy, of any format: each has its headers as a line.
pub(super) fn is_copy(stored: &[u8]) -> bool {
    (stored.starts_with(&[COPY]) || stored.starts_with(FORMER_COPY)) && stored.contains(&b'\n')
}

impl StoredResponse {
    /// The response, and its stored form if it is one to replay.
    pub(super) async fn take(
        fingerprint: Fingerprint,
        response: Response,
    ) -> (Response, Option<Bytes>) {
        if !is_final(&response) || response.extensions().get::<NotKept>().is_some() {
            return (response, None);
        }
        let status = response.status();
        if let Some(reference) = response.extensions().get::<ReplayReference>() {
            let stored = write(REFERENCE, fingerprint, status, &[&reference.encode()]);
            return (response, Some(stored));
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
        let headers: Vec<(&str, &str)> = headers
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect();
        let headers = serde_json::to_vec(&headers).expect("texts are always JSON");
        let kept = shortened_refusal(status, &body).unwrap_or_else(|| body.clone());
        let stored = write(COPY, fingerprint, status, &[&headers, b"\n", &kept]);
        (Response::from_parts(head, Body::from(body)), Some(stored))
    }

    /// Reads a stored response. One that cannot be read counts as absent: the derived ids of the service keep the effect
    /// single.
    pub(super) fn read(stored: &Bytes) -> Option<Self> {
        let read = Self::parse(stored);
        if read.is_none() {
            tracing::error!("a stored response cannot be read");
        }
        read
    }

    fn parse(stored: &Bytes) -> Option<Self> {
        let (&kind, rest) = stored.split_first()?;
        let (&fingerprint, rest) = rest.split_first_chunk()?;
        let (&status, content) = rest.split_first_chunk()?;
        let status = StatusCode::from_u16(u16::from_be_bytes(status)).ok()?;
        let content = match kind {
            REFERENCE => StoredContent::Reference(ReplayReference::decode(content)?, status),
            COPY => StoredContent::Copy(copy(status, &stored.slice_ref(content))?),
            _ => return None,
        };
        Some(Self { fingerprint: Fingerprint(fingerprint), content })
    }
}

/// Response of which these are headers and body.
fn copy(status: StatusCode, content: &Bytes) -> Option<Response> {
    let end = content.iter().position(|byte| *byte == b'\n')?;
    let headers: Vec<(String, String)> = serde_json::from_slice(&content[..end]).ok()?;
    let mut response = Response::new(Body::from(content.slice(end + 1..)));
    *response.status_mut() = status;
    for (name, value) in &headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        response.headers_mut().append(name, HeaderValue::from_str(value).ok()?);
    }
    Some(response)
}

fn write(
    kind: u8,
    Fingerprint(fingerprint): Fingerprint,
    status: StatusCode,
    content: &[&[u8]],
) -> Bytes {
    let mut stored = vec![kind];
    stored.extend(fingerprint);
    stored.extend(status.as_u16().to_be_bytes());
    for part in content {
        stored.extend_from_slice(part);
    }
    stored.into()
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;
    use kernel::Uuid;

    #[tokio::test]
    async fn a_copy_of_any_format_is_told_from_a_reference_and_from_what_is_no_response() {
        let fingerprint = Fingerprint([10; 8]);
        let stored = async |response| StoredResponse::take(fingerprint, response).await.1.unwrap();
        assert!(is_copy(&stored("body".into_response()).await));
        assert!(is_copy(b"{\"fingerprint\":\"0a\",\"status\":200,\"headers\":[]}\nbody"));
        let mut referring = "body".into_response();
        referring.extensions_mut().insert(ReplayReference { id: Uuid::from_u128(1), version: 10 });
        assert!(!is_copy(&stored(referring).await));
        assert!(!is_copy(b"1") && !is_copy(b"") && !is_copy(b"{\"482\":{\"records\":1}}"));
    }
}
