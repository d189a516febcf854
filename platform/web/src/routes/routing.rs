//! Method routing of one path: `get(handler)`, or `get(handler).describe(|it| it.summary("…"))` with documentation.

use super::OperationDocs;
use aide::{
    OperationInput, OperationOutput,
    generate::in_context,
    openapi::{Operation, ReferenceOr, Response, StatusCode},
    operation::OperationHandler,
    transform::TransformOperation,
};
use axum::{
    extract::Request,
    handler::Handler,
    response::IntoResponse,
    routing::{MethodRouter, Route},
};
use std::{convert::Infallible, sync::Arc};
use tower::{Layer, Service};

/// Documentation of an operation, as [`routes!`](crate::routes!) declares it: its id, the tag of its group, and the lines of
/// its doc comment. Its first paragraph is the summary, the rest the description.
pub fn documentation(
    id: &'static str,
    tag: &'static str,
    lines: &'static [&'static str],
) -> impl Fn(TransformOperation<'_>) -> TransformOperation<'_> + Send + Sync + 'static {
    let joined =
        |lines: &[&str]| lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    move |operation| {
        let end = lines.iter().position(|line| line.trim().is_empty()).unwrap_or(lines.len());
        let operation = operation.id(id).summary(&joined(&lines[..end])).tag(tag);
        match lines.get(end + 1..) {
            Some(rest) if !rest.is_empty() => operation.description(&joined(rest)),
            _ => operation,
        }
    }
}

/// Method router: the handlers of one path by method, with their documentation.
#[must_use]
#[derive(Clone, Debug)]
pub struct ApiMethodRouter<S = ()> {
    pub(super) router: MethodRouter<S>,
    pub(super) docs: Vec<OperationDocs>,
}

/// Generates the free functions and the methods of the same names.
macro_rules! methods {
    ($($name:ident),*) => {
        $(
            #[doc = concat!("Routes `", stringify!($name), "` requests to a handler.")]
            pub fn $name<H, I, O, T, S>(handler: H) -> ApiMethodRouter<S>
            where
                H: Handler<T, S> + OperationHandler<I, O>,
                I: OperationInput + 'static,
                O: OperationOutput + 'static,
                T: 'static,
                S: Clone + Send + Sync + 'static,
            {
                ApiMethodRouter::none().$name(handler)
            }
        )*

        impl<S: Clone + Send + Sync + 'static> ApiMethodRouter<S> {
            $(
                #[doc = concat!("Also routes `", stringify!($name), "` requests to a handler.")]
                pub fn $name<H, I, O, T>(mut self, handler: H) -> Self
                where
                    H: Handler<T, S> + OperationHandler<I, O>,
                    I: OperationInput + 'static,
                    O: OperationOutput + 'static,
                    T: 'static,
                {
                    self.router = self.router.$name(handler);
                    self.docs.push(OperationDocs::of::<I, O>(stringify!($name)));
                    self
                }
            )*
        }
    };
}

methods!(delete, get, patch, post, put);

impl<S: Clone + Send + Sync + 'static> ApiMethodRouter<S> {
    fn none() -> Self {
        Self { router: MethodRouter::new(), docs: Vec::new() }
    }

    /// Adds documentation to the present handlers.
    pub fn describe<F>(mut self, describe: F) -> Self
    where
        F: Fn(TransformOperation<'_>) -> TransformOperation<'_> + Send + Sync + 'static,
    {
        let describe = Arc::new(describe);
        let described = |docs: OperationDocs| docs.described(Arc::clone(&describe));
        self.docs = self.docs.into_iter().map(described).collect();
        self
    }

    /// The result of a function of routes, such as [`body_limit`](crate::body_limit()) returns.
    pub fn with(self, change: impl FnOnce(Self) -> Self) -> Self {
        change(self)
    }

    /// Wraps the present handlers in a layer. Their documentation stays as it is.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.router = self.router.layer(layer);
        self
    }
}

impl<S> From<MethodRouter<S>> for ApiMethodRouter<S> {
    /// Undocumented handlers.
    fn from(router: MethodRouter<S>) -> Self {
        Self { router, docs: Vec::new() }
    }
}

impl OperationDocs {
    fn of<I: OperationInput + 'static, O: OperationOutput + 'static>(method: &'static str) -> Self {
        Self { method, build: Arc::new(inferred::<I, O>) }
    }

    fn described<F>(self, describe: Arc<F>) -> Self
    where
        F: Fn(TransformOperation<'_>) -> TransformOperation<'_> + Send + Sync + 'static,
    {
        let Self { method, build } = self;
        let build = move || {
            let mut operation = build();
            let _ = describe(TransformOperation::new(&mut operation));
            operation
        };
        Self { method, build: Arc::new(build) }
    }
}

/// Documentation inferred from the types of a handler.
fn inferred<I: OperationInput, O: OperationOutput>() -> Operation {
    let mut operation = Operation::default();
    in_context(|context| {
        I::operation_input(context, &mut operation);
        for (status, response) in O::inferred_responses(context, &mut operation) {
            note_response(&mut operation, status, response);
        }
        for (status, response) in I::inferred_early_responses(context, &mut operation) {
            note_response(&mut operation, status, response);
        }
    });
    operation
}

/// Adds the documentation of a status, unless it has one already.
fn note_response(operation: &mut Operation, status: Option<u16>, response: Response) {
    let responses = operation.responses.get_or_insert_default();
    let response = ReferenceOr::Item(response);
    match status {
        Some(status) => {
            responses.responses.entry(StatusCode::Code(status)).or_insert(response);
        }
        None => {
            responses.default.get_or_insert(response);
        }
    }
}
