//! Parameters of requests: of the query, or of a body within its limits.

use crate::application::authorization::parameters::{ParameterError, Parameters};
use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use http::{HeaderMap, Method, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::convert::Infallible;

/// Largest body, in bytes.
const BYTES_MAX: usize = 64 * 1024;

/// Reason why a request is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormError {
    /// Another media type.
    MediaType,
    TooLarge,
    /// The connection broke.
    Incomplete,
    Parameters(ParameterError),
}

/// Request of the protocol that comes by GET or by POST (RFC 6749, section 3.1), from a page of any site: its parameters are in the query
/// or in the body, and never in both.
#[derive(Debug)]
pub(crate) struct ProtocolRequest {
    pub(crate) headers: HeaderMap,
    pub(crate) parameters: Result<Parameters, FormError>,
}

impl<S: Sync> FromRequest<S> for ProtocolRequest {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        let (head, body) = request.into_parts();
        let parameters = if head.method == Method::POST {
            form(&head.headers, body).await
        } else {
            let query = head.uri.query().unwrap_or_default();
            Parameters::parse(query.as_bytes()).map_err(FormError::Parameters)
        };
        Ok(Self { headers: head.headers, parameters })
    }
}

/// Parameters of a form.
pub(crate) async fn form(headers: &HeaderMap, body: Body) -> Result<Parameters, FormError> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let media_type = media_type.and_then(|it| it.split(';').next()).unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(FormError::MediaType);
    }
    let bytes = Limited::new(body, BYTES_MAX).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { FormError::TooLarge } else { FormError::Incomplete }
    })?;
    Parameters::parse(&bytes.to_bytes()).map_err(FormError::Parameters)
}
