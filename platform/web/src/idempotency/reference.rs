//! Replay without a copy: a response that can be rendered again is kept as what it is rendered from, and one without an
//! effect not at all.

use aide::{
    OperationOutput,
    generate::GenContext,
    openapi::{Operation, Response as Documented},
};
use async_trait::async_trait;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kernel::{Problem, Uuid};
use std::fmt::Debug;

/// Reference to the thing that a response shows, and to its version: what the idempotency layer keeps in place of a copy of
/// the response, so that a change of a large document does not cost a large record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayReference {
    /// Id of the thing.
    pub id: Uuid,
    /// Its version.
    pub version: u64,
}

impl ReplayReference {
    /// Encoded form, without the leading zeros of the version.
    pub(super) fn encode(self) -> Vec<u8> {
        let Self { id, version } = self;
        let version = version.to_be_bytes();
        let zeros = version.iter().take_while(|byte| **byte == 0).count();
        [id.as_bytes(), &version[zeros..]].concat()
    }

    pub(super) fn decode(encoded: &[u8]) -> Option<Self> {
        let (id, version) = encoded.split_first_chunk()?;
        let mut whole = [0; size_of::<u64>()];
        let zeros = whole.len().checked_sub(version.len())?;
        whole[zeros..].copy_from_slice(version);
        Some(Self { id: Uuid::from_bytes(*id), version: u64::from_be_bytes(whole) })
    }
}

/// Renders the responses of a service again that its handlers answered [`ByReference`].
#[async_trait]
pub trait ReplayRenderer: Debug + Send + Sync {
    /// The response with this reference; it had this status. A reference that this renderer did not make is a problem.
    async fn render(
        &self,
        reference: ReplayReference,
        status: StatusCode,
    ) -> Result<Response, Problem>;
}

/// Response of an operation without an effect: it is not kept, since a repeated request computes it again.
#[derive(Debug)]
pub struct Recomputed<T>(pub T);

/// Mark of a response that is not kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotKept;

impl<T: IntoResponse> IntoResponse for Recomputed<T> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.extensions_mut().insert(NotKept);
        response
    }
}

impl<T: OperationOutput> OperationOutput for Recomputed<T> {
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

/// Response that is kept by reference.
#[derive(Debug)]
pub struct ByReference<T> {
    /// What it is rendered from.
    pub reference: ReplayReference,
    /// The response.
    pub answer: T,
}

impl<T: IntoResponse> IntoResponse for ByReference<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        response.extensions_mut().insert(self.reference);
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
