//! Replay by reference: a response that can be rendered again is kept as what it is rendered from.

use aide::{
    OperationOutput,
    generate::GenContext,
    openapi::{Operation, Response as Documented},
};
use async_trait::async_trait;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kernel::Problem;
use std::fmt::Debug;

/// Maximum length of a reference, in bytes.
pub const REFERENCE_BYTES_MAX: usize = 80;

/// Reference to the thing that a response shows, and to its version: what the idempotency layer keeps in place of a copy of
/// the response, so that a change of a large document does not cost a large record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayReference(pub(super) String);

impl ReplayReference {
    /// A reference with this text; `None` beyond [`REFERENCE_BYTES_MAX`].
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (text.len() <= REFERENCE_BYTES_MAX).then_some(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Renders the responses of a service again that its handlers answered [`ByReference`].
#[async_trait]
pub trait ReplayRenderer: Debug + Send + Sync {
    /// The response with this reference; it had this status. A reference that this renderer did not make is a problem.
    async fn render(
        &self,
        reference: &ReplayReference,
        status: StatusCode,
    ) -> Result<Response, Problem>;
}

/// Response that is kept by reference; without a reference, as a copy.
#[derive(Debug)]
pub struct ByReference<T> {
    /// What it is rendered from.
    pub reference: Option<ReplayReference>,
    /// The response.
    pub answer: T,
}

impl<T: IntoResponse> IntoResponse for ByReference<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if let Some(reference) = self.reference {
            response.extensions_mut().insert(reference);
        }
        response
    }
}

impl<T: OperationOutput> OperationOutput for ByReference<T> {
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
