//! Extractor that keeps shoppers out.

use aide::OperationInput;
use axum::{extract::FromRequestParts, http::request::Parts};
use kernel::{Problem, codes};
use transport::{Context, Edge};
use web::ProblemResponse;

/// Extractor that rejects requests from the shop edge with 403; the product service tells shoppers what they may know.
#[derive(Clone, Copy, Debug)]
pub(super) struct DenyShopEdge;

impl<S: Send + Sync> FromRequestParts<S> for DenyShopEdge {
    type Rejection = ProblemResponse;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        match Context::current_edge() {
            Edge::Shop => {
                Err(Problem::new(403, codes::FORBIDDEN, "only operators may read stock").into())
            }
            Edge::Operator | Edge::Internal => Ok(Self),
        }
    }
}

impl OperationInput for DenyShopEdge {}
