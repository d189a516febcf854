//! Method routing of one path: `get(handler)`, or `get_with(handler, |it| it.summary("…"))` with documentation.

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

/// Documentation of an operation: its id, its summary, and the tag of its group.
pub fn operation(
    id: &'static str,
    summary: &'static str,
    tag: &'static str,
) -> impl Fn(TransformOperation<'_>) -> TransformOperation<'_> + Send + Sync + 'static {
    move |it| it.id(id).summary(summary).tag(tag)
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
    ($($name:ident, $name_with:ident;)*) => {
        $(
            #[doc = concat!("Routes `", stringify!($name), "` requests to a handler.")]
            pub fn $name<H, I, O, T, S>(handler: H) -> ApiMethodRouter<S>
            where
                H: Handler<T, S> + OperationHandler<I, O>,
                I: OperationInput,
                O: OperationOutput,
                T: 'static,
                S: Clone + Send + Sync + 'static,
            {
                ApiMethodRouter::none().$name(handler)
            }

            #[doc = concat!("Routes `", stringify!($name), "` requests to a handler, with documentation.")]
            pub fn $name_with<H, I, O, T, S, F>(handler: H, describe: F) -> ApiMethodRouter<S>
            where
                H: Handler<T, S> + OperationHandler<I, O>,
                I: OperationInput,
                O: OperationOutput,
                T: 'static,
                S: Clone + Send + Sync + 'static,
                F: Fn(TransformOperation<'_>) -> TransformOperation<'_> + Send + Sync + 'static,
            {
                ApiMethodRouter::none().$name_with(handler, describe)
            }
        )*

        impl<S: Clone + Send + Sync + 'static> ApiMethodRouter<S> {
            $(
                #[doc = concat!("Also routes `", stringify!($name), "` requests to a handler.")]
                pub fn $name<H, I, O, T>(self, handler: H) -> Self
                where
                    H: Handler<T, S> + OperationHandler<I, O>,
                    I: OperationInput,
                    O: OperationOutput,
                    T: 'static,
                {
                    self.$name_with(handler, |it| it)
                }

                #[doc = concat!("Also routes `", stringify!($name), "` requests to a handler, with documentation.")]
                pub fn $name_with<H, I, O, T, F>(mut self, handler: H, describe: F) -> Self
                where
                    H: Handler<T, S> + OperationHandler<I, O>,
                    I: OperationInput,
                    O: OperationOutput,
                    T: 'static,
                    F: Fn(TransformOperation<'_>) -> TransformOperation<'_> + Send + Sync + 'static,
                {
                    self.router = self.router.$name(handler);
                    self.docs.push(OperationDocs::of::<I, O>(stringify!($name), describe));
                    self
                }
            )*
        }
    };
}

methods! {
    delete, delete_with;
    get, get_with;
    patch, patch_with;
    post, post_with;
    put, put_with;
}

impl<S: Clone + Send + Sync + 'static> ApiMethodRouter<S> {
    fn none() -> Self {
        Self { router: MethodRouter::new(), docs: Vec::new() }
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
    fn of<I: OperationInput, O: OperationOutput>(
        method: &'static str,
        describe: impl Fn(TransformOperation<'_>) -> TransformOperation<'_> + Send + Sync + 'static,
    ) -> Self {
        let build = move || {
            let mut operation = inferred::<I, O>();
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
