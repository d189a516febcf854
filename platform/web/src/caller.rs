//! Extractor of the caller's identity.

use aide::OperationInput;
use axum::extract::FromRequestParts;
use http::request::Parts;
use std::{convert::Infallible, sync::Arc};
use transport::{Context, Edge};

/// Caller of the running request: edge and actor, as the gateway determined them. A call between services has no actor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The edge by which the request entered.
    pub edge: Edge,
    /// The authenticated actor.
    pub actor: Option<Arc<str>>,
}

impl Caller {
    /// The caller of the running request.
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
