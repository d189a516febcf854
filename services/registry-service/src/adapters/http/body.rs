//! Request bodies: bounded, gzipped or not.

use axum::{extract::Request, response::Response};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::io::Read;

/// Bytes of the document of one instance.
pub(super) const INSTANCE_BYTES_MAX: usize = 512 * 1024;
/// Bytes of a batch of changes.
pub(super) const BATCH_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Body of a request, decoded, or the response for one that is too large or broken.
pub(super) async fn read(request: Request, bytes_max: usize) -> Result<Bytes, Response> {
    let is_gzipped = names_gzip(request.headers(), &header::CONTENT_ENCODING);
    let body = Limited::new(request.into_body(), bytes_max).collect().await;
    let body = body.map_err(|error| {
        let is_too_large = error.is::<LengthLimitError>();
        let broken = StatusCode::BAD_REQUEST;
        super::empty(if is_too_large { StatusCode::PAYLOAD_TOO_LARGE } else { broken })
    })?;
    let body = body.to_bytes();
    if is_gzipped { gunzip(&body, bytes_max) } else { Ok(body) }
}

/// Whether a header with codings names gzip.
pub(super) fn names_gzip(headers: &HeaderMap, name: &header::HeaderName) -> bool {
    let values = headers.get_all(name).iter();
    values.filter_map(|value| value.to_str().ok()).any(|value| value.contains("gzip"))
}

fn gunzip(body: &[u8], bytes_max: usize) -> Result<Bytes, Response> {
    let mut decoded = Vec::new();
    let read = GzDecoder::new(body).take(bytes_max as u64 + 1).read_to_end(&mut decoded);
    match read {
        Ok(bytes) if bytes > bytes_max => Err(super::empty(StatusCode::PAYLOAD_TOO_LARGE)),
        Ok(_) => Ok(decoded.into()),
        Err(_) => Err(super::empty(StatusCode::BAD_REQUEST)),
    }
}
