//! The methods of one path: `get(handler)`, or `get_with(handler, |it| it.summary("…"))` with words of its own.

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

/// The handlers of one path, by method.
#[must_use]
#[derive(Clone, Debug)]
pub struct ApiMethodRouter<S = ()> {
    pub(super) router: MethodRouter<S>,
    pub(super) tellings: Vec<OperationDocs>,
}

/// Makes the free functions and the methods of the same names.
macro_rules! methods {
    ($($name:ident, $name_with:ident;)*) => {
        $(
            #[doc = concat!("Has `", stringify!($name), "` requests answered by a handler.")]
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

            #[doc = concat!("Has `", stringify!($name), "` requests answered by a handler, and says more about it.")]
            pub fn $name_with<H, I, O, T, S, F>(handler: H, say: F) -> ApiMethodRouter<S>
            where
                H: Handler<T, S> + OperationHandler<I, O>,
                I: OperationInput,
                O: OperationOutput,
                T: 'static,
                S: Clone + Send + Sync + 'static,
                F: Fn(TransformOperation<'_>) -> TransformOperation<'_> + Send + Sync + 'static,
            {
                ApiMethodRouter::none().$name_with(handler, say)
            }
        )*

        impl<S: Clone + Send + Sync + 'static> ApiMethodRouter<S> {
            $(
                #[doc = concat!("Has `", stringify!($name), "` requests answered by a handler, too.")]
                pub fn $name<H, I, O, T>(self, handler: H) -> Self
                where
                    H: Handler<T, S> + OperationHandler<I, O>,
                    I: OperationInput,
                    O: OperationOutput,
                    T: 'static,
                {
                    self.$name_with(handler, |it| it)
                }

                #[doc = concat!("Has `", stringify!($name), "` requests answered by a handler, too, and says more about it.")]
                pub fn $name_with<H, I, O, T, F>(mut self, handler: H, say: F) -> Self
                where
                    H: Handler<T, S> + OperationHandler<I, O>,
                    I: OperationInput,
                    O: OperationOutput,
                    T: 'static,
                    F: Fn(TransformOperation<'_>) -> TransformOperation<'_> + Send + Sync + 'static,
                {
                    self.router = self.router.$name(handler);
                    self.tellings.push(OperationDocs::of::<I, O>(stringify!($name), say));
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
        Self { router: MethodRouter::new(), tellings: Vec::new() }
    }

    /// Puts a layer around the handlers there are. It changes nothing of their description.
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
    /// Handlers that nobody describes.
    fn from(router: MethodRouter<S>) -> Self {
        Self { router, tellings: Vec::new() }
    }
}

impl OperationDocs {
    fn of<I: OperationInput, O: OperationOutput>(
        method: &'static str,
        say: impl Fn(TransformOperation<'_>) -> TransformOperation<'_> + Send + Sync + 'static,
    ) -> Self {
        let tell = move || {
            let mut operation = inferred::<I, O>();
            let _ = say(TransformOperation::new(&mut operation));
            operation
        };
        Self { method, tell: Arc::new(tell) }
    }
}

/// What the types of a handler tell by themselves.
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

/// Notes what a status means; the first word on it stands.
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
