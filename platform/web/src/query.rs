//! Query strings.

use crate::{ProblemResponse, answer::document_default_refusal, field};
use aide::{
    OperationInput,
    generate::GenContext,
    openapi::Operation,
    operation::{ParamLocation, add_parameters, parameters_from_schema},
};
use axum::extract::FromRequestParts;
use http::request::Parts;
use kernel::{FieldError, Problem, codes};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// A query string. Parameters that are unknown (where `T` denies unknown fields), repeated, of a wrong type or not
/// UTF-8 are refused by name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        Ok(Self(parse(parts.uri.query().unwrap_or_default())?))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    if let Some(name) = parameter_not_utf8(query) {
        let message = "is not UTF-8";
        let title = format!("{name} {message}");
        let mut problem = Problem::new(400, codes::INVALID_QUERY, title);
        problem.errors.push(FieldError { field: name, message: message.to_owned() });
        return Err(problem);
    }
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let path = error.path().to_string();
        field::problem(400, codes::INVALID_QUERY, &path, &error.inner().to_string())
    })
}

/// The first parameter whose name or value is not UTF-8 once its `%` are taken out. Decoding puts a replacement
/// character in its place and says nothing, so that a search would run for something nobody asked for.
fn parameter_not_utf8(query: &str) -> Option<String> {
    if !query.contains('%') {
        return None;
    }
    let pair = query.split('&').find(|pair| std::str::from_utf8(&unescaped(pair)).is_err())?;
    let name = pair.split('=').next().unwrap_or_default();
    Some(String::from_utf8_lossy(&unescaped(name)).into_owned())
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().iter();
    let mut out = Vec::with_capacity(text.len());
    while let Some(&byte) = bytes.next() {
        let rest = bytes.as_slice();
        let escaped = (byte == b'%').then(|| rest.get(..2)).flatten();
        let escaped = escaped.and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                bytes.nth(1);
            }
            None => out.push(byte),
        }
    }
    out
}

impl<T: JsonSchema> OperationInput for Query<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let schema = context.schema.subschema_for::<T>();
        let parameters = parameters_from_schema(context, schema, ParamLocation::Query);
        add_parameters(context, operation, parameters);
        document_default_refusal(context, operation);
    }
}
