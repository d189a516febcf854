//! Bodies of forms, within their limits.

use crate::application::parameters::{ParameterError, Parameters};
use axum::body::Body;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, Limited};

/// Largest body, in bytes.
const BYTES_MAX: usize = 64 * 1024;

/// Reason why a body is not read as a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormError {
    /// Another media type.
    MediaType,
    TooLarge,
    Parameters(ParameterError),
}

/// Parameters of a form.
pub(crate) async fn form(headers: &HeaderMap, body: Body) -> Result<Parameters, FormError> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let media_type = media_type.and_then(|it| it.split(';').next()).unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(FormError::MediaType);
    }
    let bytes = Limited::new(body, BYTES_MAX).collect().await;
    let bytes = bytes.map_err(|_| FormError::TooLarge)?.to_bytes();
    Parameters::parse(&bytes).map_err(FormError::Parameters)
}
