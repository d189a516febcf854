//! Responses that need no service: documents, pages of the operator edge, and the admission to what the process serves itself.

use super::{
    Gateway, RequestInfo,
    authorization::{Requester, late},
    method_not_allowed, not_found,
};
use crate::{
    fleet_view,
    operator_page::{self, Visitor},
    own_path::OwnPath,
    routes::OPERATORS,
};
use axum::{
    http::{HeaderValue, Method, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use kernel::Problem;
use tokio::time::timeout_at;
use transport::{Context, Edge};

/// Mark of an empty response that says that a request may have what the process serves itself.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Context of the request, with who asks. It has no deadline: an erasure or a backup may take its time.
    pub context: Context,
    /// Whether an operator asks, where others are admitted as well.
    pub is_operator: bool,
}

impl Gateway {
    /// Response of the gateway itself.
    pub(super) async fn own_response(
        &self,
        info: &RequestInfo<'_>,
        context: Context,
        head: &Parts,
    ) -> Result<Response, Problem> {
        if let Some(asset) = info.asset {
            return Ok(read_only(&head.method, || asset.response(info.edge.edge)));
        }
        let Some(own) = info.own else { return Err(not_found()) };
        self.check_site(info, head)?;
        Ok(match own {
            OwnPath::FirstPage => {
                let visitor = self.visitor(info, &context, head).await;
                let members = if visitor.sees_state() {
                    fleet_view::look(&self.members).await
                } else {
                    Vec::new()
                };
                let health = self.health.readiness();
                let page = || operator_page::render(&health, &members, &visitor);
                read_only(&head.method, || operator_page::response(page()))
            }
            OwnPath::SignIn(step) if head.method == step.method() => {
                let response = context.scope(async {
                    match info.edge.edge {
                        Edge::Shop => self.customers.respond(step, head).await,
                        _ => step.respond(&self.authentication, head).await,
                    }
                });
                timeout_at(info.deadline, response).await.map_err(|_| late())?
            }
            OwnPath::SignIn(step) => method_not_allowed(&step.allow()),
            OwnPath::Process { access, .. } => {
                let authorized = self.authorize(info, access, context, head).await;
                authorized.map_or_else(
                    |refused| refused,
                    |(context, requester)| admitted(context, &requester),
                )
            }
        })
    }

    /// Who looks at the first page of the operator edge.
    async fn visitor(&self, info: &RequestInfo<'_>, context: &Context, head: &Parts) -> Visitor {
        match self.requester(info, context, head).await {
            Ok(Requester::Anybody) => Visitor::Anybody,
            Ok(Requester::Known(principal)) => Visitor::SignedIn {
                roles: principal.roles.clone(),
                is_operator: OPERATORS.check(Some(&principal)).is_ok(),
            },
            Ok(Requester::Stranger) | Err(_) => {
                Visitor::Stranger { can_sign_in: self.authentication.sign_in.is_some() }
            }
        }
    }
}

fn admitted(context: Context, requester: &Requester) -> Response {
    let is_operator = requester.check(OPERATORS).is_ok();
    let context = Context { deadline: None, ..context };
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.extensions_mut().insert(Admitted { context, is_operator });
    response
}

/// Response to a request that reads.
fn read_only(method: &Method, response: impl FnOnce() -> Response) -> Response {
    const READ_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD");
    match *method {
        Method::GET | Method::HEAD => response(),
        _ => method_not_allowed(&READ_METHODS),
    }
}
