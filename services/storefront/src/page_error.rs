//! Page errors: the ways in which a page can fail, as far as its reader needs to tell them apart.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kernel::{Problem, codes};
use transport::CallError;

/// Result of a page handler.
pub(crate) type PageResult = Result<Response, PageError>;

/// Error of a page handler or of the layers around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageError {
    /// 404: nothing is at this address.
    NotFound,
    /// 405: the address exists, for other methods.
    MethodNotAllowed,
    /// 403: the form was sent by another site.
    CrossOrigin,
    /// 413: the form is larger than any of ours.
    PayloadTooLarge,
    /// 429: the shopper, or somebody with the same address, did this too often.
    RateLimited { retry_seconds: u32 },
    /// 503: a service the page needs cannot be reached at the moment.
    Unavailable { retry_seconds: u32 },
    /// 503: the shop or a service has more to do than it can.
    Busy { retry_seconds: u32 },
    /// 500: a service or the page itself failed.
    Internal,
}

impl PageError {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::CrossOrigin => StatusCode::FORBIDDEN,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable { .. } | Self::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Error behind a response: of a page handler, or a problem document of the layers around the pages.
    pub(crate) fn from_response(response: &Response) -> Option<Self> {
        if let Some(error) = response.extensions().get::<Self>() {
            return Some(*error);
        }
        let content_type =
            response.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
        // What an extractor refuses is a plain text.
        let is_problem = content_type.is_some_and(|it| {
            it.starts_with("application/problem+json") || it.starts_with("text/plain")
        });
        let status = response.status();
        if !(is_problem && status.as_u16() >= 400) && status != 405 {
            return None;
        }
        let retry = response.headers().get(header::RETRY_AFTER).and_then(|it| it.to_str().ok());
        let retry_seconds = retry.and_then(|it| it.parse().ok()).unwrap_or(RETRY_SECONDS);
        Some(match status.as_u16() {
            405 => Self::MethodNotAllowed,
            413 => Self::PayloadTooLarge,
            429 => Self::RateLimited { retry_seconds },
            503 => Self::Busy { retry_seconds },
            504 => Self::Unavailable { retry_seconds },
            500.. => Self::Internal,
            _ => Self::NotFound,
        })
    }
}

/// Default of `Retry-After`, in seconds.
const RETRY_SECONDS: u32 = 10;

fn retry_seconds(problem: &Problem) -> u32 {
    problem.retry_after_seconds.unwrap_or(RETRY_SECONDS).max(1)
}

impl From<CallError> for PageError {
    fn from(error: CallError) -> Self {
        match &error {
            CallError::Problem(problem) => match problem.status {
                429 => Self::RateLimited { retry_seconds: retry_seconds(problem) },
                503 if problem.code == codes::OVERLOADED => {
                    Self::Busy { retry_seconds: retry_seconds(problem) }
                }
                503 | 504 => Self::Unavailable { retry_seconds: retry_seconds(problem) },
                status if status >= 500 => {
                    tracing::error!(%error, "a service call of a page failed");
                    Self::Internal
                }
                _ if problem.code == codes::NOT_FOUND
                    || problem.status == 400
                    || problem.status == 422 =>
                {
                    Self::NotFound
                }
                _ => {
                    tracing::error!(%error, "a service rejected the request of a page");
                    Self::Internal
                }
            },
            CallError::Unavailable { .. } => {
                tracing::warn!(%error, "a service that a page needs is unavailable");
                Self::Unavailable { retry_seconds: RETRY_SECONDS }
            }
        }
    }
}

impl IntoResponse for PageError {
    /// A response without a body that carries the error as an extension: the error page is rendered where the shopper's
    /// language is known.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Self::Unavailable { retry_seconds }
        | Self::Busy { retry_seconds }
        | Self::RateLimited { retry_seconds } = self
        {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}
