//! Errors of SCIM (RFC 7644, section 3.12).

use crate::{application::error::AuthError, domain::Rejection};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use std::borrow::Cow;
use storage::StorageError;

/// Media type of SCIM.
pub(crate) const MEDIA_TYPE: &str = "application/scim+json";
const ERROR_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Word for what is wrong about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScimType {
    InvalidFilter,
    TooMany,
    Uniqueness,
    Mutability,
    InvalidSyntax,
    InvalidPath,
    NoTarget,
    InvalidValue,
}

impl ScimType {
    const fn name(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
        }
    }
}

/// Error of a SCIM request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScimError {
    status: StatusCode,
    scim_type: Option<ScimType>,
    detail: Cow<'static, str>,
}

impl ScimError {
    /// Error of the client, with its word.
    pub(crate) fn new(scim_type: ScimType, detail: impl Into<Cow<'static, str>>) -> Self {
        let status = match scim_type {
            ScimType::Uniqueness => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, scim_type: Some(scim_type), detail: detail.into() }
    }

    /// Error of another status, which has no word.
    pub(crate) const fn of_status(status: StatusCode, detail: &'static str) -> Self {
        Self { status, scim_type: None, detail: Cow::Borrowed(detail) }
    }

    /// There is no such resource.
    pub(crate) const fn not_found() -> Self {
        Self::of_status(StatusCode::NOT_FOUND, "there is no such resource")
    }

    /// Status of the response.
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, as a sentence for developers.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    #[cfg(test)]
    pub(crate) const fn scim_type(&self) -> Option<ScimType> {
        self.scim_type
    }
}

impl From<AuthError> for ScimError {
    fn from(error: AuthError) -> Self {
        const BUSY: ScimError =
            ScimError::of_status(StatusCode::SERVICE_UNAVAILABLE, "try again in a few seconds");
        match error {
            AuthError::Rejected(Rejection::UnknownAccount) => Self::not_found(),
            AuthError::Rejected(Rejection::VersionChanged) => {
                let changed = "the resource is not at this version";
                Self::of_status(StatusCode::PRECONDITION_FAILED, changed)
            }
            AuthError::Rejected(rejection @ Rejection::AddressTaken) => {
                Self::new(ScimType::Uniqueness, rejection.to_string())
            }
            AuthError::Rejected(rejection) => {
                Self::new(ScimType::InvalidValue, rejection.to_string())
            }
            AuthError::Busy => BUSY,
            error @ (AuthError::Storage(_) | AuthError::Signing) => {
                tracing::error!(%error, "a request of an administrator could not be answered");
                BUSY
            }
        }
    }
}

impl From<Rejection> for ScimError {
    fn from(rejection: Rejection) -> Self {
        AuthError::from(rejection).into()
    }
}

impl From<StorageError> for ScimError {
    fn from(error: StorageError) -> Self {
        AuthError::from(error).into()
    }
}

impl IntoResponse for ScimError {
    fn into_response(self) -> Response {
        let mut body = json!({
            "schemas": [ERROR_SCHEMA],
            "status": self.status.as_str(),
            "detail": self.detail,
        });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.name().into();
        }
        let mut response = respond(self.status, &body);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

/// Response in the media type of SCIM, which no cache keeps: it is about people.
pub(crate) fn respond(status: StatusCode, body: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, MEDIA_TYPE), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}
