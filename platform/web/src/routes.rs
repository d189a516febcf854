//! Routes that can describe what they take and answer, and do so only when somebody asks.
//!
//! A description needs the schemas of every type that is taken or answered: milliseconds for each service, of which a
//! process that only serves has no use.

pub mod routing;

use crate::openapi::name_path_parts;
use aide::{
    axum::routing::ApiMethodDocs,
    openapi::{OpenApi, Operation},
};
use axum::Router;
use routing::ApiMethodRouter;
use std::{fmt, sync::Arc};

/// The routes of a service, with what describes them.
#[must_use]
#[derive(Clone, Debug)]
pub struct ApiRouter<S = ()> {
    router: Router<S>,
    described: Vec<Described>,
}

/// What routes take and answer, told when somebody asks.
#[derive(Clone, Debug, Default)]
pub struct ApiDescription {
    title: &'static str,
    routes: Vec<Described>,
}

/// A path with one of its methods.
#[derive(Clone, Debug)]
struct Described {
    path: String,
    telling: OperationDocs,
}

/// Tells what one method of a route takes and answers.
#[derive(Clone)]
struct OperationDocs {
    method: &'static str,
    tell: Arc<dyn Fn() -> Operation + Send + Sync>,
}

impl<S: Clone + Send + Sync + 'static> ApiRouter<S> {
    /// No routes yet.
    pub fn new() -> Self {
        Self::from(Router::new())
    }

    /// Adds a route.
    pub fn api_route(mut self, path: &str, route: ApiMethodRouter<S>) -> Self {
        let ApiMethodRouter { router, tellings } = route;
        self.router = self.router.route(path, router);
        let described = |telling| Described { path: path.to_owned(), telling };
        self.described.extend(tellings.into_iter().map(described));
        self
    }

    /// Adds all routes of another router.
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.described.extend(other.described);
        self
    }

    /// Gives the handlers what they work with.
    pub fn with_state<T>(self, state: S) -> ApiRouter<T> {
        ApiRouter { router: self.router.with_state(state), described: self.described }
    }

    /// The bare routes, and what describes them.
    pub(crate) fn into_parts(self, title: &'static str) -> (Router<S>, ApiDescription) {
        (self.router, ApiDescription { title, routes: self.described })
    }
}

impl<S: Clone + Send + Sync + 'static> Default for ApiRouter<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> From<Router<S>> for ApiRouter<S> {
    /// Routes that nobody describes.
    fn from(router: Router<S>) -> Self {
        Self { router, described: Vec::new() }
    }
}

impl ApiDescription {
    /// The templates of all paths; one with several methods comes more than once.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|route| &*route.path)
    }

    /// Tells it all.
    pub fn openapi(&self) -> OpenApi {
        let mut document = OpenApi::default();
        self.title.clone_into(&mut document.info.title);
        let mut routes = aide::axum::ApiRouter::<()>::new();
        for Described { path, telling: OperationDocs { method, tell } } in &self.routes {
            routes = routes.api_route_docs(path, ApiMethodDocs::new(method, tell()));
        }
        // What is served was built long ago; this router has no handlers.
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
