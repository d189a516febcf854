//! Who calls.

use aide::OperationInput;
use axum::extract::FromRequestParts;
use http::request::Parts;
use std::{convert::Infallible, sync::Arc};
use transport::{Context, Edge};

/// Who calls, and by which door: told by the gateway, or nobody for a call between services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The door the request came in by.
    pub edge: Edge,
    /// Who acts, as the gateway knows it.
    pub actor: Option<Arc<str>>,
}

impl Caller {
    /// Who calls in the running request.
    pub fn current() -> Self {
        Self { edge: Context::current_edge(), actor: Context::current_actor() }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::current())
    }
}

impl OperationInput for Caller {}
