//! Extractor of query parameters.

use crate::{ProblemResponse, field, response::document_default_problem};
use aide::{
    OperationInput,
    generate::GenContext,
    openapi::{Operation, Parameter, ParameterSchemaOrContent},
    operation::{ParamLocation, add_parameters, parameters_from_schema},
};
use axum::extract::FromRequestParts;
use http::request::Parts;
use kernel::{FieldError, Problem, codes};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Query parameters. One that is unknown (where `T` denies unknown fields), repeated, of the wrong type or not UTF-8 is
/// refused with 400 `invalid_query`, which names it.
///
/// ```
/// use axum::{Router, body::Body, routing::get};
/// use serde::Deserialize;
/// use tower::ServiceExt;
/// use web::{Json, Query};
///
/// #[derive(Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Search {
///     q: String,
/// }
///
/// let search = async |Query(search): Query<Search>| Json(search.q);
/// let router: Router = Router::new().route("/search", get(search));
/// let request = |uri| http::Request::get(uri).body(Body::empty()).unwrap();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert_eq!(router.clone().oneshot(request("/search?q=moon")).await.unwrap().status(), 200);
/// assert_eq!(router.oneshot(request("/search?query=moon")).await.unwrap().status(), 400);
/// # });
/// ```
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
        let mut problem = Problem::of(codes::INVALID_QUERY, title);
        problem.errors.push(FieldError { field: name, message: message.to_owned() });
        return Err(problem);
    }
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let path = error.path().to_string();
        field::problem(400, codes::INVALID_QUERY, &path, &error.inner().to_string())
    })
}

/// The first parameter whose name or value is not UTF-8 after percent-decoding. The form decoder would silently insert a
/// replacement character, and a search would run for something else.
fn parameter_not_utf8(query: &str) -> Option<String> {
    if !query.contains('%') {
        return None;
    }
    let pair =
        query.split('&').find(|pair| std::str::from_utf8(&percent_decoded(pair)).is_err())?;
    let name = pair.split('=').next().unwrap_or_default();
    Some(String::from_utf8_lossy(&percent_decoded(name)).into_owned())
}

pub(crate) fn percent_decoded(text: &str) -> Vec<u8> {
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
        let mut parameters = parameters_from_schema(context, schema, ParamLocation::Query);
        parameters.iter_mut().for_each(remove_null);
        add_parameters(context, operation, parameters);
        document_default_problem(context, operation);
    }
}

/// Removal of `null` from the schema of a parameter: a query can leave a parameter out, and cannot send it as null.
fn remove_null(parameter: &mut Parameter) {
    let ParameterSchemaOrContent::Schema(schema) = &mut parameter.parameter_data_mut().format
    else {
        return;
    };
    let Some(schema) = schema.json_schema.as_object_mut() else { return };
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    for list in ["type", "enum", "anyOf"] {
        let Some(Value::Array(choices)) = schema.get_mut(list) else { continue };
        choices.retain(|it| {
            !(it.is_null() || it == "null" || it.get("type").is_some_and(|name| name == "null"))
        });
        match (list, choices.as_mut_slice()) {
            ("type", [only]) => {
                let only = only.take();
                schema.insert(list.to_owned(), only);
            }
            ("anyOf", [only]) => {
                let only = only.take();
                schema.remove(list);
                if let Value::Object(only) = only {
                    for (keyword, value) in only {
                        schema.entry(keyword).or_insert(value);
                    }
                }
            }
            _ => {}
        }
    }
}
