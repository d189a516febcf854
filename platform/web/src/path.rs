//! Extractor of path parameters.

mod parameters;

use crate::{ProblemResponse, response::document_default_problem, routes::RouteFacts};
use aide::{
    OperationInput,
    generate::GenContext,
    openapi::Operation,
    operation::{ParamLocation, add_parameters, parameters_from_schema},
};
use axum::extract::{FromRequestParts, MatchedPath};
use http::request::Parts;
use kernel::{Problem, codes};
use parameters::{ParameterError, Parameters};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// Extension by which an operation carries the schema of unnamed path parameters until its template is known; see
/// `openapi`.
pub(crate) const UNNAMED_PARTS: &str = "x-unnamed-path-parts";

/// Path parameters: a single value, or a tuple in the order of the template; each is read from a text or a whole number. A
/// parameter that does not parse is refused with 400 `invalid_path`, which names it.
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

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        let route = parts.extensions.get::<RouteFacts>().map(|route| &*route.template);
        // The template of a page's route is known to its router.
        let page = || parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
        let template = route.or_else(page).unwrap_or_default();
        let value = Parameters::of(template, parts.uri.path()).and_then(T::deserialize);
        Ok(Self(value.map_err(|error| refused(error, template))?))
    }
}

fn refused(error: ParameterError, template: &str) -> Problem {
    match error {
        ParameterError::Invalid { name, message } => {
            let name = name.as_deref().unwrap_or_else(|| Parameters::first_name(template));
            Problem::input(codes::INVALID_PATH, name, message)
        }
        ParameterError::OtherTemplate => {
            tracing::error!(
                template,
                "a handler takes path parameters that its template does not have"
            );
            Problem::internal()
        }
    }
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
