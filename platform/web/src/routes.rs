//! Routes with OpenAPI documentation that is generated on demand.
//!
//! Documentation needs the schemas of all request and response types, which takes milliseconds per service; a process that
//! only serves does not generate it.

pub mod routing;
mod table;

pub(crate) use table::{PathRoutes, RouteFacts, RouteTable};

use crate::openapi::name_path_parts;
use aide::{
    axum::routing::ApiMethodDocs,
    openapi::{OpenApi, Operation},
};
use axum::Router;
use routing::ApiMethodRouter;
use std::{fmt, sync::Arc};

/// Router of a service's public API: routes of axum handlers, with their OpenAPI documentation. [`routes!`](crate::routes!) declares one,
/// a line for each operation.
///
/// ```
/// use schemars::JsonSchema;
/// use serde::Serialize;
/// use web::{ApiResult, ApiRouter, Json, Path, routing::get};
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
/// let route = get(letter).describe(|it| it.id("getLetter").summary("A letter").tag("Letters"));
/// let _routes: ApiRouter = ApiRouter::new().api_route("/letters/{number}", route);
/// ```
#[must_use]
#[derive(Clone, Debug)]
pub struct ApiRouter<S = ()> {
    routes: Vec<(String, ApiMethodRouter<S>)>,
    /// Undocumented routes.
    pages: Router<S>,
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

/// Declaration of routes: expands to an [`ApiRouter`], with a line for each operation: method, path, handler, operation id
/// and, where a route needs one, a function of routes such as [`body_limit`](crate::body_limit()). The doc comment is the
/// operation's documentation (its first paragraph the summary, the rest the description); `tag` groups operations.
///
/// ```
/// use web::{ApiResult, ApiRouter, Json, NoContent, Path, requires_idempotency_key, routes};
///
/// async fn letter(Path(number): Path<u32>) -> Json<u32> {
///     Json(number)
/// }
///
/// async fn send(Json(_): Json<String>) -> ApiResult<NoContent> {
///     Ok(NoContent)
/// }
///
/// let routes: ApiRouter = routes! {
///     tag "Letters";
///     /// Get a letter
///     get "/letters/{number}" => letter as getLetter;
///     /// Send a letter
///     ///
///     /// It cannot be taken back.
///     post "/letters" => send as sendLetter, requires_idempotency_key;
/// };
/// # let (clock, randomness) = (kernel::SystemClock, kernel::SeededRandomness::new(1));
/// # let ids = kernel::Ids::new(std::sync::Arc::new(clock), std::sync::Arc::new(randomness));
/// # let (metrics, limits) = (telemetry::Metrics::new(), web::Limits::default());
/// # let parts = web::ServiceParts { metrics, ids, idempotency: None, limits };
/// let service = web::service("letter-service", routes, parts);
/// let document = web::openapi_document("Letters", vec![service.description.openapi()]);
/// let send = &document["paths"]["/letters"]["post"];
/// assert_eq!(send["operationId"], "sendLetter");
/// assert_eq!(send["tags"], serde_json::json!(["Letters"]));
/// assert_eq!(send["summary"], "Send a letter");
/// assert_eq!(send["description"], "It cannot be taken back.");
/// ```
#[macro_export]
macro_rules! routes {
    ($(
        tag $tag:literal;
        $(
            $(#[doc = $line:literal])+
            $method:ident $path:expr => $handler:path as $id:ident $(, $with:expr)?;
        )+
    )+) => {
        $crate::ApiRouter::new()
            $($(
                .api_route(
                    $path,
                    $crate::routing::$method($handler)
                        .describe($crate::routing::documentation(
                            stringify!($id),
                            $tag,
                            &[$($line),+],
                        ))
                        $(.with($with))?,
                )
            )+)+
    };
}

impl<S: Clone + Send + Sync + 'static> ApiRouter<S> {
    /// A router without routes.
    pub fn new() -> Self {
        Self::from(Router::new())
    }

    /// Adds a route; `path` is a template such as `/letters/{number}`.
    pub fn api_route(mut self, path: &str, route: ApiMethodRouter<S>) -> Self {
        self.routes.push((path.to_owned(), route));
        self
    }

    /// Adds all routes of another router.
    pub fn merge(mut self, other: Self) -> Self {
        self.routes.extend(other.routes);
        self.pages = self.pages.merge(other.pages);
        self
    }

    /// Provides the state of the handlers.
    pub fn with_state<T>(self, state: S) -> ApiRouter<T> {
        let routes = self.routes.into_iter();
        let routes = routes.map(|(path, route)| (path, route.with_state(&state))).collect();
        ApiRouter { routes, pages: self.pages.with_state(state) }
    }
}

impl ApiRouter {
    /// The table and the description of the routes.
    pub(crate) fn into_parts(self, title: &'static str) -> (RouteTable, ApiDescription) {
        let documented = |(path, route): &(String, ApiMethodRouter)| {
            let operations = route.operations.iter();
            operations
                .map(|it| DocumentedRoute { path: path.clone(), docs: it.docs.clone() })
                .collect::<Vec<_>>()
        };
        let routes = self.routes.iter().flat_map(documented).collect();
        (RouteTable::new(self), ApiDescription { title, routes })
    }
}

impl<S: Clone + Send + Sync + 'static> Default for ApiRouter<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> From<Router<S>> for ApiRouter<S> {
    /// Undocumented routes.
    fn from(pages: Router<S>) -> Self {
        Self { routes: Vec::new(), pages }
    }
}

impl ApiDescription {
    /// The templates of all paths, once per method.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|route| &*route.path)
    }

    /// The method and the template of each operation.
    pub fn operations(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.routes.iter().map(|route| (route.docs.method, &*route.path))
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
