//! How a page can fail, as its reader has to know it.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kernel::codes;
use transport::CallError;

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nothing is at this address.
    Gone,
    /// The address exists, for other methods.
    OtherMethod,
    /// The form came from another site.
    Foreign,
    /// The form is larger than any of ours.
    TooLarge,
    /// Something the page needs is not there at the moment.
    Busy { retry_seconds: u32 },
    /// Something broke.
    Broken,
}

impl Trouble {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Gone => StatusCode::NOT_FOUND,
            Self::OtherMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Foreign => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The trouble behind an answer of the layers around the pages, which speak to programs.
    pub(super) fn behind(response: &Response) -> Option<Self> {
        if let Some(trouble) = response.extensions().get::<Self>() {
            return Some(*trouble);
        }
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
        let status = response.status();
        if !kind.is_some_and(|kind| kind.starts_with("application/problem+json")) && status != 405 {
            return None;
        }
        let retry = response.headers().get(header::RETRY_AFTER).and_then(|it| it.to_str().ok());
        let retry_seconds = retry.and_then(|it| it.parse().ok()).unwrap_or(BUSY_SECONDS);
        Some(match status.as_u16() {
            405 => Self::OtherMethod,
            413 => Self::TooLarge,
            429 | 503 | 504 => Self::Busy { retry_seconds },
            500.. => Self::Broken,
            _ => Self::Gone,
        })
    }
}

/// After how many seconds trying again makes sense, where nobody said.
const BUSY_SECONDS: u32 = 10;

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        match &error {
            CallError::Problem(problem) => match problem.status {
                429 | 503 | 504 => Self::Busy {
                    retry_seconds: problem.retry_after_seconds.unwrap_or(BUSY_SECONDS).max(1),
                },
                status if status >= 500 => {
                    tracing::error!(%error, "a service failed under a page");
                    Self::Broken
                }
                _ if problem.code == codes::NOT_FOUND
                    || problem.status == 400
                    || problem.status == 422 =>
                {
                    Self::Gone
                }
                _ => {
                    tracing::error!(%error, "a service refused what a page asked for");
                    Self::Broken
                }
            },
            CallError::Unavailable { .. } => {
                tracing::warn!(%error, "a service did not answer a page");
                Self::Busy { retry_seconds: BUSY_SECONDS }
            }
        }
    }
}

impl IntoResponse for Trouble {
    /// Only a mark: the words are put in where the shopper's language is known.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Self::Busy { retry_seconds } = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}
