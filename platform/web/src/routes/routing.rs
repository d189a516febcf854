//! Method routing of one path: `get(handler)`, or `get(handler).describe(|it| it.summary("…"))` with documentation.

use super::OperationDocs;
use aide::{
    OperationInput, OperationOutput,
    generate::in_context,
    openapi::{Operation, ReferenceOr, Response, StatusCode},
    operation::OperationHandler,
    transform::TransformOperation,
};
use axum::{extract::Request, handler::Handler};
use http::Method;
use std::{fmt, sync::Arc};
use transport::ResponseFuture;

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
    pub(super) operations: Vec<ApiOperation<S>>,
}

/// Operation: a method with its handler, what the request layer has to know of it, and its documentation.
#[derive(Clone)]
pub(crate) struct ApiOperation<S = ()> {
    pub(crate) method: Method,
    /// Maximum size of a body, in bytes, if the operation has a limit of its own.
    pub(crate) body_bytes_max: Option<usize>,
    /// Whether a request needs an idempotency key.
    pub(crate) requires_key: bool,
    pub(super) docs: OperationDocs,
    handler: Arc<dyn Fn(Request, S) -> ResponseFuture + Send + Sync>,
}

/// Generates the free functions and the methods of the same names.
macro_rules! methods {
    ($($name:ident),*) => {
        $(
            #[doc = concat!("Routes `", stringify!($name), "` requests to a handler.")]
            pub fn $name<H, I, O, T, S>(handler: H) -> ApiMethodRouter<S>
            where
                H: Handler<T, S, Future = ResponseFuture> + Sync + OperationHandler<I, O>,
                I: OperationInput + 'static,
                O: OperationOutput + 'static,
                T: 'static,
                S: Clone + Send + Sync + 'static,
            {
                ApiMethodRouter { operations: Vec::new() }.$name(handler)
            }
        )*

        impl<S: Clone + Send + Sync + 'static> ApiMethodRouter<S> {
            $(
                #[doc = concat!("Also routes `", stringify!($name), "` requests to a handler.")]
                pub fn $name<H, I, O, T>(mut self, handler: H) -> Self
                where
                    H: Handler<T, S, Future = ResponseFuture> + Sync + OperationHandler<I, O>,
                    I: OperationInput + 'static,
                    O: OperationOutput + 'static,
                    T: 'static,
                {
                    let docs = OperationDocs::of::<I, O>(stringify!($name));
                    self.operations.push(ApiOperation::new(handler, docs));
                    self
                }
            )*
        }
    };
}

methods!(delete, get, patch, post, put);

impl<S: Clone + Send + Sync + 'static> ApiMethodRouter<S> {
    /// Adds documentation to the present handlers.
    pub fn describe<F>(self, describe: F) -> Self
    where
        F: Fn(TransformOperation<'_>) -> TransformOperation<'_> + Send + Sync + 'static,
    {
        let describe = Arc::new(describe);
        self.each(|it| it.docs = it.docs.clone().described(Arc::clone(&describe)))
    }

    /// The result of a function of routes, such as [`body_limit`](crate::body_limit()) returns.
    pub fn with(self, change: impl FnOnce(Self) -> Self) -> Self {
        change(self)
    }

    /// Changes the present operations.
    pub(crate) fn each(mut self, change: impl FnMut(&mut ApiOperation<S>)) -> Self {
        self.operations.iter_mut().for_each(change);
        self
    }

    /// Provides the state of the handlers.
    pub(super) fn with_state<T>(self, state: &S) -> ApiMethodRouter<T> {
        let operations = self.operations.into_iter();
        ApiMethodRouter { operations: operations.map(|it| it.with_state(state.clone())).collect() }
    }
}

impl<S: Clone + Send + Sync + 'static> ApiOperation<S> {
    fn new<H, T>(handler: H, docs: OperationDocs) -> Self
    where
        H: Handler<T, S, Future = ResponseFuture> + Sync,
        T: 'static,
    {
        let method = docs.method.to_ascii_uppercase();
        let method = Method::from_bytes(method.as_bytes()).expect("a method of HTTP");
        let handler = Arc::new(move |request, state| handler.clone().call(request, state));
        Self { method, body_bytes_max: None, requires_key: false, docs, handler }
    }

    /// The same operation with the state of its handler.
    fn with_state<T>(self, state: S) -> ApiOperation<T> {
        let Self { method, body_bytes_max, requires_key, docs, handler } = self;
        let handler = Arc::new(move |request, _| handler(request, state.clone()));
        ApiOperation { method, body_bytes_max, requires_key, docs, handler }
    }
}

impl ApiOperation {
    /// Calls the handler.
    pub(crate) fn call(&self, request: Request) -> ResponseFuture {
        (self.handler)(request, ())
    }
}

impl<S> fmt::Debug for ApiOperation<S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.method.as_str())
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
