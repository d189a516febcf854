//! Authorization: who asks, and whether they may have what they ask for.

use super::{Gateway, RequestInfo};
use crate::{
    access::{Access, Refusal},
    authentication::Sender,
    client_identity::{self, ClientRoute},
    customers::Customers,
    sign_in,
};
use axum::{
    http::{header, request::Parts},
    response::{IntoResponse, Response},
};
use kernel::{Problem, codes};
use resource_server::Principal;
use std::sync::Arc;
use tokio::time::timeout_at;
use transport::{ClientCertificate, Context, Edge};
use web::HostName;

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
        head: &Parts,
    ) -> Result<Requester, Refusal> {
        let (edge, headers) = (info.edge.edge, &head.headers);
        if self.is_open(info) {
            return Ok(Requester::Anybody);
        }
        if edge == Edge::Shop && !headers.contains_key(header::AUTHORIZATION) {
            return Ok(Requester::Stranger);
        }
        let sender = self.sender(info, head);
        let principal = context.clone().scope(self.authentication.principal(edge, head, &sender));
        let principal = timeout_at(info.deadline, principal).await;
        let principal = principal.map_err(|_| Refusal::from(late()))??;
        Ok(principal.map_or(Requester::Stranger, Requester::Known))
    }

    /// What is known of the sender: the addresses by which it may know what it asks for are that of the settings, or without one
    /// that which a trusted proxy or the request itself names; and on this machine also the latter.
    fn sender(&self, info: &RequestInfo<'_>, head: &Parts) -> Sender {
        let headers = &head.headers;
        if !headers.contains_key(header::AUTHORIZATION) {
            return Sender::default();
        }
        let path = head.uri.path();
        let configured = match info.edge.edge {
            Edge::Shop => &self.shop_url,
            Edge::Operator | Edge::Internal => &self.operator_url,
        };
        let configured = configured.trim_end_matches('/');
        let mut uris = Vec::new();
        if !configured.is_empty() {
            uris.push([configured, path].concat());
        }
        let is_local = info.client.is_local(HostName::of(headers, &self.front.hosts));
        if configured.is_empty() || is_local {
            let named = info.client.forwarded_origin().or_else(|| {
                let (scheme, host) = (info.client.scheme(), headers.get(header::HOST)?);
                Some(format!("{}://{}", scheme.to_str().ok()?, host.to_str().ok()?))
            });
            uris.extend(named.map(|origin| [&*origin, path].concat()));
        }
        let certificate = info.certificate.as_ref().map(ClientCertificate::thumbprint);
        Sender { uris, certificate }
    }

    /// Context with the one who asks, if they may use a route; otherwise the refusal, or for a browser the way to the sign-in.
    pub(super) async fn authorize(
        &self,
        info: &RequestInfo<'_>,
        access: Access,
        mut context: Context,
        head: &Parts,
    ) -> Result<(Context, Requester), Response> {
        let requester = self.requester(info, &context, head).await;
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
