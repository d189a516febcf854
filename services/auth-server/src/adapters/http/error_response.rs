//! Error responses of the endpoints that programs call (RFC 6749, section 5.2).

use super::{body::FormError, respond};
use crate::{
    application::{authorization::parameters::MissingParameter, error::AuthError},
    domain::Rejection,
};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use std::borrow::Cow;
use storage::StorageError;

/// Error of an endpoint: a word of the RFCs, and a sentence for developers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ErrorResponse {
    status: StatusCode,
    error: &'static str,
    description: Cow<'static, str>,
    /// Value of `WWW-Authenticate`.
    challenge: Option<&'static str>,
    retry_after: Option<&'static str>,
}

impl ErrorResponse {
    /// Error of status 400.
    pub(crate) const fn new(error: &'static str, description: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error,
            description: Cow::Borrowed(description),
            challenge: None,
            retry_after: None,
        }
    }

    /// Error of status 400 with a sentence that is not known beforehand. It must have none of the characters that the RFC forbids.
    pub(crate) fn described(error: &'static str, description: String) -> Self {
        Self { description: Cow::Owned(description), ..Self::new(error, "") }
    }

    /// Something that is needed cannot be had at this moment.
    pub(crate) fn unavailable() -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            retry_after: Some("5"),
            ..Self::new("temporarily_unavailable", "try again in a few seconds")
        }
    }

    /// Whoever asks may not do this.
    pub(crate) fn access_denied(status: StatusCode) -> Self {
        Self {
            status,
            ..Self::new("access_denied", "this needs a token or a scope that is missing")
        }
    }

    /// The same error with another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The client did not prove who it is.
    pub(crate) fn invalid_client(tried_basic: bool) -> Self {
        let error =
            Self::new("invalid_client", "the client is not known, or did not prove who it is");
        let challenge = if tried_basic { Some("Basic realm=\"auth\"") } else { None };
        Self { status: StatusCode::UNAUTHORIZED, challenge, ..error }
    }

    /// A code or refresh token that is not valid, for whatever reason.
    pub(crate) const fn invalid_grant() -> Self {
        Self::new(
            "invalid_grant",
            "the code or token is not valid, or no longer, or not for this client",
        )
    }

    pub(crate) fn into_response(self) -> Response {
        let body = json!({"error": self.error, "error_description": self.description});
        let mut response = respond::private_json(self.status, &body);
        let headers =
            [(header::WWW_AUTHENTICATE, self.challenge), (header::RETRY_AFTER, self.retry_after)];
        for (name, value) in headers {
            if let Some(value) = value {
                response.headers_mut().insert(name, HeaderValue::from_static(value));
            }
        }
        response
    }
}

impl From<FormError> for ErrorResponse {
    fn from(error: FormError) -> Self {
        match error {
            FormError::MediaType => {
                Self::new("invalid_request", "the body must be application/x-www-form-urlencoded")
            }
            FormError::TooLarge => Self {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                ..Self::new("invalid_request", "the body is too large")
            },
            FormError::Incomplete => Self::new("invalid_request", "the body has no end"),
            FormError::Parameters(error) => Self::new("invalid_request", error.description()),
        }
    }
}

impl From<MissingParameter> for ErrorResponse {
    fn from(MissingParameter(name): MissingParameter) -> Self {
        Self::described("invalid_request", format!("the parameter {name} is missing"))
    }
}

impl From<StorageError> for ErrorResponse {
    fn from(error: StorageError) -> Self {
        AuthError::from(error).into()
    }
}

impl From<AuthError> for ErrorResponse {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Rejected(Rejection::GrantInvalid) => Self::invalid_grant(),
            AuthError::Rejected(_) => Self::new("invalid_request", "the request cannot be granted"),
            AuthError::Storage(error) => {
                tracing::error!(%error, "a storage operation failed");
                Self::unavailable()
            }
            AuthError::Busy => Self::unavailable(),
            AuthError::Signing => {
                tracing::error!("a token could not be signed");
                Self {
                    status: StatusCode::INTERNAL_SERVER_ERROR,
                    ..Self::new("server_error", "a token could not be signed")
                }
            }
        }
    }
}
