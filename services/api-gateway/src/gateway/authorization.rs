//! Authorization: who asks, and whether they may have what they ask for.

use super::{Gateway, RequestInfo};
use crate::{
    access::{Access, Refusal},
    client_identity::{self, ClientRoute},
    customers::Customers,
    sign_in,
};
use axum::{
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse, Response},
};
use kernel::{Problem, codes};
use resource_server::Principal;
use std::sync::Arc;
use tokio::time::timeout_at;
use transport::{Context, Edge};

/// Who asks.
#[derive(Clone, Debug)]
pub(super) enum Requester {
    /// Anybody on this machine, where the edge is open.
    Anybody,
    /// Somebody who does not say who they are.
    Stranger,
    /// Somebody whose token or session was verified.
    Known(Arc<Principal>),
}

impl Requester {
    /// Refuses what they may not have.
    pub(super) fn check(&self, access: Access) -> Result<(), Refusal> {
        match self {
            Self::Anybody => Ok(()),
            Self::Stranger => access.check(None),
            Self::Known(principal) => access.check(Some(principal)),
        }
    }
}

impl Gateway {
    /// Who asks. It is found out within the deadline of the request and as a part of its trace: a token may be verified elsewhere.
    pub(super) async fn requester(
        &self,
        info: &RequestInfo<'_>,
        context: &Context,
        headers: &HeaderMap,
    ) -> Result<Requester, Refusal> {
        let edge = info.edge.edge;
        if self.is_open(info) {
            return Ok(Requester::Anybody);
        }
        if edge == Edge::Shop && !headers.contains_key(header::AUTHORIZATION) {
            return Ok(Requester::Stranger);
        }
        let principal = context.clone().scope(self.authentication.principal(edge, headers));
        let principal = timeout_at(info.deadline, principal).await;
        let principal = principal.map_err(|_| Refusal::from(late()))??;
        Ok(principal.map_or(Requester::Stranger, Requester::Known))
    }

    /// Context with the one who asks, if they may use a route; otherwise the refusal, or for a browser the way to the sign-in.
    pub(super) async fn authorize(
        &self,
        info: &RequestInfo<'_>,
        access: Access,
        mut context: Context,
        head: &Parts,
    ) -> Result<(Context, Requester), Response> {
        let requester = self.requester(info, &context, &head.headers).await;
        let requester = requester.map_err(IntoResponse::into_response)?;
        requester.check(access).map_err(|refusal| {
            let is_stranger = matches!(requester, Requester::Stranger);
            let sign_in = || sign_in::redirect_of_browser(&self.authentication, head);
            let sign_in = is_stranger.then(sign_in).flatten();
            sign_in.unwrap_or_else(|| refusal.into_response())
        })?;
        if info.edge.edge == Edge::Shop && matches!(requester, Requester::Known(_)) {
            let customer = self.customers.of_token(&head.headers);
            let customer = timeout_at(info.deadline, context.clone().scope(customer)).await;
            context.actor = customer.ok().flatten().or(context.actor);
        }
        if info.edge.edge == Edge::Operator {
            context.actor = match &requester {
                Requester::Anybody => Some(Arc::clone(&self.authentication.operator)),
                Requester::Stranger => None,
                Requester::Known(principal) => Some(Arc::clone(&principal.actor)),
            };
            let actor = context.actor.as_deref();
            context.origin = Some(client_identity::operator_origin(actor, &info.client, head));
        }
        Ok((context, requester))
    }

    /// Context with the customer whose session the browser has, at a page of the shop.
    pub(super) async fn recognise_customer(
        &self,
        info: &RequestInfo<'_>,
        mut context: Context,
        head: &Parts,
    ) -> Context {
        if Customers::may_have_session(&head.headers) {
            // Rare, and not to be a part of the future of every request.
            Box::pin(self.customers.recognise(&mut context, head, info.deadline)).await;
        }
        context
    }

    /// Whether the edge asks this client for nothing: a program on this machine that reaches it itself. Behind a proxy on this machine is
    /// everybody whom the proxy lets in.
    fn is_open(&self, info: &RequestInfo<'_>) -> bool {
        info.edge.edge == Edge::Operator
            && !self.authentication.asks_operators
            && info.client.route == ClientRoute::Direct
            && info.client.address.is_loopback()
    }
}

/// Problem of a request whose deadline passed before anything was done for it.
pub(super) fn late() -> Problem {
    let title = "who asks could not be found out in time; nothing was done, so try again shortly";
    Problem::of(codes::DEADLINE_EXCEEDED, title).retry_after(1)
}
