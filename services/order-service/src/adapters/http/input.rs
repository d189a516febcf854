//! Extractor of optional reasons.

use aide::{OperationInput, generate::GenContext, openapi::Operation};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
};
use contracts::order::Because;
use kernel::{Problem, codes};
use web::{Json, ProblemResponse};

/// Limit of a reason, in characters.
pub(super) const REASON_CHARACTERS_MAX: usize = 500;

/// Extractor of an optional [`Because`] body.
pub(super) struct OptionalReason(pub(super) Option<String>);

impl<S: Send + Sync> FromRequest<S> for OptionalReason {
    type Rejection = ProblemResponse;

    async fn from_request(request: Request, state: &S) -> Result<Self, ProblemResponse> {
        let (head, body) = request.into_parts();
        let body = Bytes::from_request(Request::from_parts(head.clone(), body), state).await;
        let body = match body {
            Ok(body) if body.is_empty() => return Ok(Self(None)),
            Ok(body) => body,
            Err(_) => {
                let title = "the body could not be read, or is larger than this address takes";
                return Err(Problem::of(codes::BODY_TOO_LARGE, title).into());
            }
        };
        let request = Request::from_parts(head, Body::from(body));
        let Json(because) = Json::<Because>::from_request(request, state).await?;
        let reason = because.reason.map(|reason| check_reason(reason.trim())).transpose()?;
        Ok(Self(reason.filter(|reason| !reason.is_empty())))
    }
}

impl OperationInput for OptionalReason {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        Json::<Because>::operation_input(context, operation);
    }
}

pub(super) fn check_reason(reason: &str) -> Result<String, Problem> {
    if reason.chars().count() > REASON_CHARACTERS_MAX {
        let message = format!("is at most {REASON_CHARACTERS_MAX} characters long");
        return Err(Problem::field("reason", message));
    }
    Ok(reason.to_owned())
}
