//! Route table of a service: its paths with their operations, and the pages behind all other paths.

use super::{ApiRouter, routing::ApiOperation};
use crate::ProblemResponse;
use axum::{
    extract::{MatchedPath, Request},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use http::{HeaderValue, Method};
use kernel::{Problem, codes};
use std::{collections::BTreeMap, fmt, panic::AssertUnwindSafe, sync::Arc};
use transport::RequestHandler;

/// Compiled routes of a service.
pub(crate) struct RouteTable {
    paths: matchit::Router<Arc<PathRoutes>>,
    /// Handler of all other paths.
    pub(crate) pages: RequestHandler,
}

/// Operations of one path.
#[derive(Debug)]
pub(crate) struct PathRoutes {
    /// Template such as `/letters/{number}`.
    pub(crate) template: Arc<str>,
    /// Whether the template has parameters.
    pub(crate) has_parameters: bool,
    /// Accepted methods, as the value of `Allow`.
    pub(crate) allow: HeaderValue,
    operations: Vec<ApiOperation>,
}

/// Facts about the route of a request, for the extractors of its handler.
#[derive(Clone, Debug)]
pub(crate) struct RouteFacts {
    /// Template of the path.
    pub(crate) template: Arc<str>,
    /// Maximum size of the body.
    pub(crate) body_bytes_max: usize,
}

impl RouteTable {
    /// Table of these routes.
    ///
    /// # Panics
    ///
    /// Two routes conflict.
    pub(super) fn new(api: ApiRouter) -> Self {
        let mut by_path: BTreeMap<String, Vec<ApiOperation>> = BTreeMap::new();
        for (path, route) in api.routes {
            by_path.entry(path).or_default().extend(route.operations);
        }
        let mut paths = matchit::Router::new();
        for (path, operations) in by_path {
            let routes = Arc::new(PathRoutes::new(&path, operations));
            paths.insert(path, routes).expect("the paths of a service do not conflict");
        }
        let pages = api.pages.layer(from_fn(name_route));
        let pages = pages.fallback(|| async { ProblemResponse(not_found()) });
        let pages = pages.method_not_allowed_fallback(|| async { ProblemResponse(not_allowed()) });
        Self { paths, pages: RequestHandler::from(pages) }
    }

    /// Operations of a path.
    pub(crate) fn path(&self, path: &str) -> Option<Arc<PathRoutes>> {
        self.paths.at(path).ok().map(|found| Arc::clone(found.value))
    }
}

impl PathRoutes {
    fn new(path: &str, operations: Vec<ApiOperation>) -> Self {
        let mut methods: Vec<&str> = operations.iter().map(|it| it.method.as_str()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.sort_unstable();
        let distinct = methods.windows(2).all(|pair| pair[0] != pair[1]);
        assert!(distinct, "{path} has two operations of one method");
        let allow = HeaderValue::from_str(&methods.join(", ")).expect("methods are printable");
        let (template, has_parameters) = (path.into(), path.contains('{'));
        Self { template, has_parameters, allow, operations }
    }

    /// Operation of a method. One that accepts `GET` also accepts `HEAD`.
    pub(crate) fn operation(&self, method: &Method) -> Option<&ApiOperation> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.operations.iter().find(|operation| operation.method == *method)
    }
}

/// Names the route of a page on its response, for metrics.
async fn name_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    // A panic is caught here and not further out, where the route is not known.
    let run = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = run.unwrap_or_else(|_| ProblemResponse(Problem::internal()).into_response());
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

fn not_found() -> Problem {
    Problem::of(codes::NOT_FOUND, "nothing is at this address")
}

fn not_allowed() -> Problem {
    let title = "this address exists, but not with this method; see Allow";
    Problem::of(codes::METHOD_NOT_ALLOWED, title)
}

impl fmt::Debug for RouteTable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RouteTable")
    }
}
