//! Preconditions: `ETag` and `If-Match` (RFC 9110, sections 8.8.3 and 13.1.1) against lost updates.

use crate::ProblemResponse;
use aide::{OperationInput, generate::GenContext, openapi::Operation, operation::add_parameters};
use axum::extract::FromRequestParts;
use http::{HeaderValue, header, request::Parts};
use kernel::{FieldError, Problem, codes};

/// Version in `If-Match: "7"`, which the client believes to be current; a weak tag counts like a strong one. `None` if the
/// header is absent or `*`; anything else is refused with 400 `invalid_header`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IfMatch(pub Option<u64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(None)) };
        parse(value).ok_or_else(|| malformed().into())
    }
}

/// `None` for what is no tag that [`etag`] makes.
fn parse(value: &HeaderValue) -> Option<IfMatch> {
    let text = value.to_str().ok()?.trim();
    if text == "*" {
        return Some(IfMatch(None));
    }
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let version = quoted.strip_prefix('"')?.strip_suffix('"')?;
    Some(IfMatch(Some(version.parse().ok()?)))
}

fn malformed() -> Problem {
    let message = "is not one version as ETag gave it, such as \"7\"";
    let mut problem = Problem::of(codes::INVALID_HEADER, format!("If-Match {message}"));
    problem.errors.push(FieldError { field: "If-Match".to_owned(), message: message.to_owned() });
    problem
}

/// The strong entity tag of a version, such as `"7"`.
pub fn etag(version: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

impl OperationInput for IfMatch {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let about = "The version that is to be changed, as ETag gave it; 412 if it is not current any more.";
        let parameter = crate::openapi::header_parameter(
            context,
            "If-Match",
            about,
            crate::openapi::Presence::Optional,
        );
        add_parameters(context, operation, [parameter]);
    }
}
