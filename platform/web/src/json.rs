//! JSON bodies of requests and responses.

use crate::{
    ProblemResponse, body, field,
    response::{document_default_problem, documented},
};
use aide::{
    OperationInput, OperationOutput,
    generate::GenContext,
    openapi::{MediaType, Operation, RequestBody, Response as Documented, SchemaObject},
    operation::set_body,
};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use kernel::{Problem, codes, json};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use std::marker::PhantomData;

/// JSON body: extractor of a request body, and 200 OK with a response body.
///
/// Refused are a body without a JSON media type (415 `unsupported_media_type`), an empty one (400 `missing_body`), one over
/// the limit (413 `body_too_large`), malformed JSON or an array where an object is wanted (400 `malformed_json`), and a value
/// of the wrong type, a missing or an unknown field (422 `invalid_field`, with the path of the field, such as
/// `parts[1].size`).
///
/// ```
/// use axum::{Router, body::Body, routing::post};
/// use serde::Deserialize;
/// use tower::ServiceExt;
/// use web::Json;
///
/// #[derive(Deserialize)]
/// struct Line {
///     size: u32,
/// }
///
/// let double = async |Json(line): Json<Line>| Json(line.size * 2);
/// let router: Router = Router::new().route("/double", post(double));
/// let request = |body: &'static str| {
///     let request = http::Request::post("/double").header("content-type", "application/json");
///     request.body(Body::from(body)).unwrap()
/// };
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let response = router.clone().oneshot(request(r#"{"size": 2}"#)).await.unwrap();
/// assert_eq!(response.status(), 200);
/// let response = router.oneshot(request(r#"{"size": "two"}"#)).await.unwrap();
/// assert_eq!(response.status(), 422);
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ProblemResponse;

    async fn from_request(request: Request, _: &S) -> Result<Self, ProblemResponse> {
        let declared = declares_json(request.headers());
        let body = body::read_body(request).await?;
        // An empty body need not declare a type; that it is missing is the more useful message.
        if body.is_empty() {
            return Err(Problem::of(codes::MISSING_BODY, "send a JSON body").into());
        }
        if !declared {
            let title = "send the body as application/json and say so in Content-Type";
            return Err(Problem::of(codes::UNSUPPORTED_MEDIA_TYPE, title).into());
        }
        Ok(Self(parse(&body)?))
    }
}

/// Parses a whole JSON text, with the path of the offending field in the error.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // Tracking paths costs a copy of each name, so it is left to a second parse after an error.
    if let Ok(value) = json::from_slice(body) {
        return Ok(value);
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(json::Strict(&mut reader)).map_err(|error| {
        let path = error.path().to_string();
        refused(&path, error.inner())
    })?;
    reader.end().map_err(|error| refused("", &error))?;
    Ok(value)
}

fn refused(path: &str, error: &serde_json::Error) -> Problem {
    let message = json::in_words_of_json(&field::without_position(error));
    if message == json::OBJECT_WANTED {
        return field::problem(400, codes::MALFORMED_JSON, path, &message);
    }
    // A number beyond every type is well-formed JSON; serde_json calls it a syntax error all the same.
    if error.is_data() || message.starts_with("number out of range") {
        return field::problem(422, codes::INVALID_FIELD, path, &message);
    }
    Problem::of(codes::MALFORMED_JSON, "the body is not well-formed JSON").detail(error.to_string())
}

fn declares_json(headers: &HeaderMap) -> bool {
    let Some(declared) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = declared.split(';').next().unwrap_or_default().trim();
    let Some((kind, subtype)) = essence.split_once('/') else { return false };
    let subtype_end = subtype.len().saturating_sub("+json".len());
    kind.eq_ignore_ascii_case("application")
        && (subtype.eq_ignore_ascii_case("json")
            || subtype.get(subtype_end..).is_some_and(|end| end.eq_ignore_ascii_case("+json")))
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match json::to_vec(&self.0) {
            Ok(body) => json_response(body),
            Err(error) => {
                tracing::error!(%error, "a response could not be written as JSON");
                ProblemResponse(Problem::internal()).into_response()
            }
        }
    }
}

/// 200 OK with a body that was rendered before, and is the JSON of a `T`: for what is read far more often than it changes.
///
/// ```
/// use axum::response::IntoResponse;
/// use web::RenderedJson;
///
/// let kept = bytes::Bytes::from_static(b"[1,2]");
/// let response = RenderedJson::<Vec<u32>>::new(kept.clone()).into_response();
/// assert_eq!(response.headers()["content-type"], "application/json");
/// ```
#[derive(Clone, Debug)]
pub struct RenderedJson<T> {
    body: Bytes,
    rendered: PhantomData<fn() -> T>,
}

impl<T> RenderedJson<T> {
    /// A response with this body, which must be the JSON of a `T`.
    pub fn new(body: Bytes) -> Self {
        Self { body, rendered: PhantomData }
    }
}

impl<T> IntoResponse for RenderedJson<T> {
    fn into_response(self) -> Response {
        json_response(self.body)
    }
}

impl<T: JsonSchema> OperationOutput for RenderedJson<T> {
    type Inner = T;

    fn operation_response(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Option<Documented> {
        Json::<T>::operation_response(context, operation)
    }

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Documented)> {
        Json::<T>::inferred_responses(context, operation)
    }
}

fn json_response(body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

impl<T: JsonSchema> OperationInput for Json<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let json_schema = context.schema.subschema_for::<T>();
        let resolved = context.resolve_schema(&json_schema);
        let description = resolved.get("description").and_then(|it| it.as_str()).map(str::to_owned);
        let schema = SchemaObject { json_schema, example: None, external_docs: None };
        let media = MediaType { schema: Some(schema), ..MediaType::default() };
        let mut body = RequestBody { description, required: true, ..RequestBody::default() };
        body.content.insert("application/json".to_owned(), media);
        set_body(context, operation, body);
        document_default_problem(context, operation);
    }
}

impl<T: JsonSchema> OperationOutput for Json<T> {
    type Inner = T;

    fn operation_response(context: &mut GenContext, _: &mut Operation) -> Option<Documented> {
        Some(documented::<T>(context, "The answer", "application/json"))
    }

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Documented)> {
        Self::operation_response(context, operation)
            .map(|response| (Some(200), response))
            .into_iter()
            .collect()
    }
}
