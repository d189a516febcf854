//! Responses of handlers: problems (RFC 9457), 201 with `Location`, 204.

use crate::Json;
use aide::{
    OperationOutput,
    generate::GenContext,
    openapi::{MediaType, Operation, ReferenceOr, Response as Documented, SchemaObject},
};
use axum::{
    body::{Body, HttpBody},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use kernel::{Problem, codes};
use schemars::JsonSchema;
use serde::Serialize;

/// Result of a handler: `T`, or a problem.
pub type ApiResult<T> = Result<T, ProblemResponse>;

/// Media type of problem details (RFC 9457, section 6.1).
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Problem response: problem details (RFC 9457) as `application/problem+json`, with the problem's status and, where it has
/// one, `Retry-After` (RFC 9110, section 10.2.3).
///
/// Every error that converts into a [`Problem`] converts into this with `?`.
///
/// ```
/// use axum::response::IntoResponse;
/// use kernel::Problem;
/// use web::{ApiResult, NoContent, ProblemResponse};
///
/// fn delete(number: u32) -> ApiResult<NoContent> {
///     if number == 0 { Err(Problem::not_found("line", number))? } else { Ok(NoContent) }
/// }
///
/// let ProblemResponse(problem) = delete(0).unwrap_err();
/// assert_eq!(problem.status, 404);
/// let response = ProblemResponse(problem).into_response();
/// assert_eq!(response.headers()["content-type"], "application/problem+json");
/// ```
#[derive(Clone, Debug)]
pub struct ProblemResponse(pub Problem);

impl<E: Into<Problem>> From<E> for ProblemResponse {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ProblemResponse {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let body = kernel::json::to_vec(&problem).expect("a problem has texts for keys");
        let mut response = Response::new(Body::from(body));
        // One that another process sent may have any number for a status.
        *response.status_mut() =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = problem.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl OperationOutput for ProblemResponse {
    type Inner = Problem;

    fn operation_response(context: &mut GenContext, _: &mut Operation) -> Option<Documented> {
        Some(documented::<Problem>(context, "Why not", PROBLEM_JSON))
    }

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Documented)> {
        // Without a status: the default response.
        Self::operation_response(context, operation)
            .map(|response| (None, response))
            .into_iter()
            .collect()
    }
}

/// Answer of a process that stands by for the owner of its services, to whatever only the owner may do. Its mark tells the callers of the
/// fleet that nothing was done, and another process may be asked.
///
/// ```
/// let response = web::standing_by();
/// assert_eq!(response.status(), 503);
/// assert!(response.headers().contains_key(transport::headers::STANDBY));
/// ```
pub fn standing_by() -> Response {
    let title =
        "this process stands by for the owner of its services; ask that one, or again shortly";
    let problem = Problem::of(codes::UNAVAILABLE, title).retry_after(1);
    let mut response = ProblemResponse(problem).into_response();
    let mark = HeaderName::from_static(transport::headers::STANDBY);
    response.headers_mut().insert(mark, HeaderValue::from_static("true"));
    response
}

/// 201 Created with the new resource as JSON.
#[derive(Clone, Debug)]
pub struct Created<T> {
    location: Option<HeaderValue>,
    body: T,
}

/// 201 Created without a `Location`.
#[expect(non_snake_case, reason = "reads like the constructor of `struct Created<T>(T)`")]
pub fn Created<T>(body: T) -> Created<T> {
    Created { location: None, body }
}

impl<T> Created<T> {
    /// 201 Created with the URI of the new resource in `Location`; a URI that is no valid header value is left out.
    pub fn at(location: impl AsRef<str>, body: T) -> Self {
        Self { location: HeaderValue::from_str(location.as_ref()).ok(), body }
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.body).into_response();
        if response.status() == StatusCode::OK {
            *response.status_mut() = StatusCode::CREATED;
            if let Some(location) = self.location {
                response.headers_mut().insert(header::LOCATION, location);
            }
        }
        response
    }
}

impl<T: JsonSchema> OperationOutput for Created<T> {
    type Inner = T;

    fn operation_response(context: &mut GenContext, _: &mut Operation) -> Option<Documented> {
        Some(documented::<T>(context, "Made", "application/json"))
    }

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Documented)> {
        Self::operation_response(context, operation)
            .map(|response| (Some(201), response))
            .into_iter()
            .collect()
    }
}

/// Response to `HEAD`: the headers of the response, with the length of its body, and no body.
pub fn without_body(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(head, Body::empty())
}

/// 204 No Content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl OperationOutput for NoContent {
    type Inner = ();

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<Documented> {
        Some(Documented { description: "Done".to_owned(), ..Documented::default() })
    }

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Documented)> {
        Self::operation_response(context, operation)
            .map(|response| (Some(204), response))
            .into_iter()
            .collect()
    }
}

/// OpenAPI documentation of a response with a body of `T`: described as the schema is, `otherwise` without one.
pub(crate) fn documented<T: JsonSchema>(
    context: &mut GenContext,
    otherwise: &str,
    media_type: &str,
) -> Documented {
    let json_schema = context.schema.subschema_for::<T>();
    let described =
        context.resolve_schema(&json_schema).get("description").and_then(|it| it.as_str());
    let description = described.unwrap_or(otherwise).to_owned();
    let schema = SchemaObject { json_schema, example: None, external_docs: None };
    let media = MediaType { schema: Some(schema), ..MediaType::default() };
    Documented {
        description,
        content: [(media_type.to_owned(), media)].into_iter().collect(),
        ..Documented::default()
    }
}

/// Documents the problem as the default response of an operation, unless it has a default response already.
pub(crate) fn document_default_problem(context: &mut GenContext, operation: &mut Operation) {
    let Some(problem) = ProblemResponse::operation_response(context, operation) else { return };
    operation.responses.get_or_insert_default().default.get_or_insert(ReferenceOr::Item(problem));
}
