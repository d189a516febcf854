//! Routes with OpenAPI documentation that is generated on demand.
//!
//! Documentation needs the schemas of all request and response types, which takes milliseconds per service; a process that
//! only serves does not generate it.

pub mod routing;

use crate::openapi::name_path_parts;
use aide::{
    axum::routing::ApiMethodDocs,
    openapi::{OpenApi, Operation},
};
use axum::Router;
use routing::ApiMethodRouter;
use std::{fmt, sync::Arc};

/// Router of a service's public API: axum routes with their OpenAPI documentation.
///
/// ```
/// use schemars::JsonSchema;
/// use serde::Serialize;
/// use web::{ApiResult, ApiRouter, Json, Path, routing::{get_with, operation}};
///
/// #[derive(Serialize, JsonSchema)]
/// struct Letter {
///     number: u32,
/// }
///
/// async fn letter(Path(number): Path<u32>) -> ApiResult<Json<Letter>> {
///     Ok(Json(Letter { number }))
/// }
///
/// let docs = operation("getLetter", "A letter", "Letters");
/// let _routes: ApiRouter = ApiRouter::new().api_route("/letters/{number}", get_with(letter, docs));
/// ```
#[must_use]
#[derive(Clone, Debug)]
pub struct ApiRouter<S = ()> {
    router: Router<S>,
    documented: Vec<DocumentedRoute>,
}

/// OpenAPI description of a service's routes, generated on demand.
#[derive(Clone, Debug, Default)]
pub struct ApiDescription {
    title: &'static str,
    routes: Vec<DocumentedRoute>,
}

/// Path and method with their documentation.
#[derive(Clone, Debug)]
struct DocumentedRoute {
    path: String,
    docs: OperationDocs,
}

/// Documentation of one method of a route, built on demand.
#[derive(Clone)]
struct OperationDocs {
    method: &'static str,
    build: Arc<dyn Fn() -> Operation + Send + Sync>,
}

impl<S: Clone + Send + Sync + 'static> ApiRouter<S> {
    /// A router without routes.
    pub fn new() -> Self {
        Self::from(Router::new())
    }

    /// Adds a route; `path` is a template such as `/letters/{number}`.
    pub fn api_route(mut self, path: &str, route: ApiMethodRouter<S>) -> Self {
        let ApiMethodRouter { router, docs } = route;
        self.router = self.router.route(path, router);
        let documented = |docs| DocumentedRoute { path: path.to_owned(), docs };
        self.documented.extend(docs.into_iter().map(documented));
        self
    }

    /// Adds all routes of another router.
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.documented.extend(other.documented);
        self
    }

    /// Provides the state of the handlers.
    pub fn with_state<T>(self, state: S) -> ApiRouter<T> {
        ApiRouter { router: self.router.with_state(state), documented: self.documented }
    }

    /// The axum router and the description of its routes.
    pub(crate) fn into_parts(self, title: &'static str) -> (Router<S>, ApiDescription) {
        (self.router, ApiDescription { title, routes: self.documented })
    }
}

impl<S: Clone + Send + Sync + 'static> Default for ApiRouter<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> From<Router<S>> for ApiRouter<S> {
    /// Undocumented routes.
    fn from(router: Router<S>) -> Self {
        Self { router, documented: Vec::new() }
    }
}

impl ApiDescription {
    /// The templates of all paths, once per method.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|route| &*route.path)
    }

    /// Generates the OpenAPI document.
    pub fn openapi(&self) -> OpenApi {
        let mut document = OpenApi::default();
        self.title.clone_into(&mut document.info.title);
        let mut routes = aide::axum::ApiRouter::<()>::new();
        for DocumentedRoute { path, docs: OperationDocs { method, build } } in &self.routes {
            routes = routes.api_route_docs(path, ApiMethodDocs::new(method, build()));
        }
        // This router has no handlers; only its documentation counts.
        let _: Router = routes.finish_api(&mut document);
        name_path_parts(&mut document);
        document
    }
}

impl fmt::Debug for OperationDocs {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.method)
    }
}
