//! Extractors of the caller's identity, and of the right of operators.

use crate::ProblemResponse;
use aide::OperationInput;
use axum::extract::FromRequestParts;
use http::request::Parts;
use kernel::{Problem, codes};
use std::{convert::Infallible, str::FromStr, sync::Arc};
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

    /// The actor, if it is of this kind.
    pub fn actor_as<T: FromStr>(&self) -> Option<T> {
        self.actor.as_deref()?.parse().ok()
    }

    /// The actor of this kind; everybody else is refused with 401 `unauthenticated`.
    pub fn require_actor<T: FromStr>(&self) -> Result<T, Problem> {
        let title = "sign in to the shop first";
        self.actor_as().ok_or_else(|| Problem::of(codes::UNAUTHENTICATED, title))
    }

    /// Refuses callers of the shop edge with 403 `forbidden`.
    pub fn require_operator(&self) -> Result<(), Problem> {
        match self.edge {
            Edge::Operator | Edge::Internal => Ok(()),
            Edge::Shop => Err(Problem::of(codes::FORBIDDEN, "only operators may do this")),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::current())
    }
}

impl OperationInput for Caller {}

/// Extractor that refuses callers of the shop edge with 403 `forbidden`, as a second line of defence behind the gateway. As the first
/// argument of a handler, it does so before anything else of the request is looked at.
///
/// ```
/// use axum::{Router, body::Body, routing::get};
/// use tower::ServiceExt;
/// use transport::{Context, Edge};
/// use web::{NoContent, OperatorsOnly};
///
/// let router: Router = Router::new().route("/ledger", get(async |_: OperatorsOnly| NoContent));
/// let answer = |edge| {
///     let request = http::Request::get("/ledger").body(Body::empty()).unwrap();
///     Context { edge, ..Context::default() }.scope(router.clone().oneshot(request))
/// };
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert_eq!(answer(Edge::Operator).await.unwrap().status(), 204);
/// assert_eq!(answer(Edge::Shop).await.unwrap().status(), 403);
/// # });
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OperatorsOnly;

impl<S: Send + Sync> FromRequestParts<S> for OperatorsOnly {
    type Rejection = ProblemResponse;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        Caller::current().require_operator()?;
        Ok(Self)
    }
}

impl OperationInput for OperatorsOnly {}
