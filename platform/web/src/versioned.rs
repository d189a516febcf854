//! Response with the version of its resource as entity tag.

use aide::{
    OperationOutput,
    generate::GenContext,
    openapi::{Operation, Response as Documented},
};
use axum::response::{IntoResponse, Response};

/// Response with an `ETag`: the version of its resource, for later changes with `If-Match`.
#[derive(Debug)]
pub struct Versioned<T> {
    /// The version of the resource.
    pub version: u64,
    /// The response.
    pub answer: T,
}

impl<T: IntoResponse> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        response.headers_mut().insert(http::header::ETAG, crate::etag(self.version));
        response
    }
}

impl<T: OperationOutput> OperationOutput for Versioned<T> {
    type Inner = T::Inner;

    fn operation_response(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Option<Documented> {
        T::operation_response(context, operation)
    }

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Documented)> {
        T::inferred_responses(context, operation)
    }
}
