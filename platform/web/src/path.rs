//! Parts of the path.

use crate::{ProblemResponse, answer::document_default_refusal};
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
use kernel::{FieldError, Problem, codes};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// What an operation remembers about a path of unnamed parts until its template is known; see `openapi`.
pub(crate) const UNNAMED_PARTS: &str = "x-unnamed-path-parts";

/// Parts of the path: one value, a tuple in the order of the template, or a struct with its names.
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
        tracing::error!(%rejection, "a handler takes parts of a path that its template does not have");
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
            tracing::error!(%kind, "a handler takes parts of a path that its template does not have");
            return Problem::internal();
        }
    };
    let mut problem = Problem::new(400, codes::INVALID_PATH, format!("{field}: {message}"));
    problem.errors.push(FieldError { field, message });
    problem
}

impl<T: JsonSchema> OperationInput for Path<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let schema = context.schema.subschema_for::<T>();
        let parameters = parameters_from_schema(context, schema.clone(), ParamLocation::Path);
        if parameters.is_empty() {
            // One value or a tuple: the names stand in the template, which is not known here.
            operation.extensions.insert(UNNAMED_PARTS.to_owned(), schema.to_value());
        } else {
            add_parameters(context, operation, parameters);
        }
        document_default_refusal(context, operation);
    }
}
