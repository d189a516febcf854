//! Request bodies, read whole.

use crate::routes::RouteFacts;
use axum::{
    body::{Body, Bytes},
    extract::Request,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kernel::{Problem, codes};

/// Maximum size of a body, in bytes, where neither a route nor the service says anything else (1 MiB).
pub(crate) const BODY_BYTES_MAX: usize = 1 << 20;

/// Reads the whole body of a request, up to the limit of its route: for extractors that need its bytes, as [`Json`](crate::Json)
/// does.
///
/// # Errors
///
/// 413 `body_too_large` beyond the limit, and 400 `missing_body` for a body that broke off.
pub async fn read_body(request: Request) -> Result<Bytes, Problem> {
    let bytes_max = request.extensions().get::<RouteFacts>().map(|route| route.body_bytes_max);
    read(request.into_body(), bytes_max.unwrap_or(BODY_BYTES_MAX)).await
}

/// Reads a whole body of at most `bytes_max` bytes.
pub(crate) async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    match Limited::new(body, bytes_max).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(broken_off()),
    }
}

fn too_large() -> Problem {
    Problem::of(codes::BODY_TOO_LARGE, "the body is larger than this address takes")
}

fn broken_off() -> Problem {
    Problem::of(codes::MISSING_BODY, "the body broke off before its end")
}
