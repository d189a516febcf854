//! Request bodies, read whole.

use crate::routes::RouteFacts;
use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
};
use http_body_util::BodyExt;
use kernel::{Problem, codes};

/// Maximum size of a body, in bytes, whose route says nothing else.
const BODY_BYTES_MAX: usize = 2 << 20;

/// Reads the whole body of a request, up to the limit of its route.
pub(crate) async fn read_request(request: Request) -> Result<Bytes, Problem> {
    let bytes_max = request.extensions().get::<RouteFacts>().map(|route| route.body_bytes_max);
    read(request.into_body(), bytes_max.unwrap_or(BODY_BYTES_MAX)).await
}

/// Reads a whole body of at most `bytes_max` bytes. One of a single part is not copied.
pub(crate) async fn read(mut body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let (mut first, mut rest) = (Bytes::new(), Vec::new());
    while !body.is_end_stream()
        && let Some(frame) = body.frame().await
    {
        let frame = frame.map_err(|_| broken_off())?;
        let Ok(bytes) = frame.into_data() else { continue };
        if first.len() + rest.len() + bytes.len() > bytes_max {
            return Err(too_large());
        }
        if first.is_empty() {
            first = bytes;
        } else {
            rest.extend_from_slice(&bytes);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    Ok([&first[..], &rest].concat().into())
}

fn too_large() -> Problem {
    Problem::of(codes::BODY_TOO_LARGE, "the body is larger than this address takes")
}

fn broken_off() -> Problem {
    Problem::of(codes::MISSING_BODY, "the body broke off before its end")
}
