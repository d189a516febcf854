//! Extractor of path parameters.

use crate::{ProblemResponse, response::document_default_problem};
use aide::{
    OperationInput,
    generate::GenContext,
    openapi::Operation,
    operation::{ParamLocation, add_parameters, parameters_from_schema},
};
use axum::extract::{
    FromRequestParts, RawPathParams,
    path::ErrorKind,
    rejection::{PathRejection, RawPathParamsRejection},
};
use http::request::Parts;
use kernel::{Problem, codes};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// Extension by which an operation carries the schema of unnamed path parameters until its template is known; see
/// `openapi`.
pub(crate) const UNNAMED_PARTS: &str = "x-unnamed-path-parts";

/// Path parameters: a single value, a tuple in the order of the template, or a struct with its names. A parameter that does
/// not parse is refused with 400 `invalid_path`, which names it.
///
/// ```
/// use axum::{Router, body::Body, routing::get};
/// use tower::ServiceExt;
/// use web::{Json, Path};
///
/// let half = async |Path(number): Path<u32>| Json(number / 2);
/// let router: Router = Router::new().route("/half/{number}", get(half));
/// let request = |path| http::Request::get(path).body(Body::empty()).unwrap();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert_eq!(router.clone().oneshot(request("/half/8")).await.unwrap().status(), 200);
/// assert_eq!(router.oneshot(request("/half/eight")).await.unwrap().status(), 400);
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemResponse> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => {
                let names = RawPathParams::from_request_parts(parts, state).await;
                Err(refused(rejection, &names).into())
            }
        }
    }
}

fn refused(
    rejection: PathRejection,
    names: &Result<RawPathParams, RawPathParamsRejection>,
) -> Problem {
    let nth = |index: usize| {
        let found = names.as_ref().ok().and_then(|names| names.iter().nth(index));
        found.map_or_else(|| "path".to_owned(), |(name, _)| name.to_owned())
    };
    let PathRejection::FailedToDeserializePathParams(failure) = rejection else {
        tracing::error!(%rejection, "a handler takes path parameters that its template does not have");
        return Problem::internal();
    };
    let (field, message) = match failure.into_kind() {
        ErrorKind::ParseErrorAtKey { key, expected_type, .. } => {
            (key, format!("is not a {expected_type}"))
        }
        ErrorKind::ParseErrorAtIndex { index, expected_type, .. } => {
            (nth(index), format!("is not a {expected_type}"))
        }
        ErrorKind::ParseError { expected_type, .. } => {
            (nth(0), format!("is not a {expected_type}"))
        }
        ErrorKind::InvalidUtf8InPathParam { key } => (key, "is not UTF-8".to_owned()),
        ErrorKind::DeserializeError { key, message, .. } => (key, message),
        ErrorKind::Message(message) => (nth(0), message),
        kind => {
            tracing::error!(%kind, "a handler takes path parameters that its template does not have");
            return Problem::internal();
        }
    };
    Problem::input(codes::INVALID_PATH, &field, message)
}

impl<T: JsonSchema> OperationInput for Path<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let schema = context.schema.subschema_for::<T>();
        let parameters = parameters_from_schema(context, schema.clone(), ParamLocation::Path);
        if parameters.is_empty() {
            // A single value or a tuple: only the template, which is not known here, has the names.
            operation.extensions.insert(UNNAMED_PARTS.to_owned(), schema.to_value());
        } else {
            add_parameters(context, operation, parameters);
        }
        document_default_problem(context, operation);
    }
}
