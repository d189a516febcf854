//! Customers at the shop edge: their sign-in in the browser, and in the name of which account a request is made.

use crate::{
    own_issuer,
    registrar::{self, SHOP_EDGE},
    sign_in::{SignInStep, see_other},
};
use axum::{
    http::{HeaderMap, request::Parts},
    response::Response,
};
use contracts::auth::{CUSTOMER_SCOPE, TokenIssuer};
use identifiers::{AccountId, CustomerActor};
use relying_party::{Redirect, RelyingParty, SignInError, WebOrigin};
use resource_server::{Principal, TokenError, TokenVerifier, presented_token};
use runtime::{BuildContext, BuildError};
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};
use transport::Context;

/// Names of the session's cookie, over HTTP and over HTTPS.
const SESSION_COOKIES: [&str; 2] = ["shop", "__Host-shop"];
/// Page of the storefront that says why nobody was signed in.
const NOT_SIGNED_IN: &str = "/account?sign_in=";

/// Customers of the shop.
#[derive(Debug)]
pub(crate) struct Customers {
    /// Verifier that trusts the shop's own issuer alone: a subject of another one is no account here.
    verifier: TokenVerifier,
    /// Sign-in in the browser, and where; none where the address of the shop edge is not known.
    sign_in: Option<(RelyingParty, WebOrigin)>,
}

impl Customers {
    /// Customers of a shop at this address; without one nobody can sign in.
    pub(crate) fn new(context: &BuildContext, address: &str) -> Result<Self, BuildError> {
        let own = context.contract::<dyn TokenIssuer>()?;
        let issuers = vec![own_issuer::trusted(context, |_, subject| subject.into())?];
        Ok(Self {
            verifier: TokenVerifier::new(issuers, Arc::clone(context.ids.clock())),
            sign_in: registrar::sign_in(context, SHOP_EDGE, address, own)?,
        })
    }

    /// Whether a request may be that of a browser with a session. Nothing more is done for a guest.
    pub(crate) fn may_have_session(headers: &HeaderMap) -> bool {
        web::cookies(headers).any(|(name, _)| SESSION_COOKIES.contains(&name))
    }

    /// Notes in the context of a request which customer has the session of the browser, if that is known in time.
    pub(crate) async fn recognise(&self, context: &mut Context, head: &Parts, deadline: Instant) {
        let customer = context.clone().scope(self.of_session(&head.headers));
        if let Ok(Some(customer)) = timeout_at(deadline, customer).await {
            context.actor = Some(customer);
        }
    }

    /// Customer of the browser's session; none for a guest. When nobody can say who it is, the shop serves the shopper as a guest.
    async fn of_session(&self, headers: &HeaderMap) -> Option<Arc<str>> {
        let (relying_party, site) = self.sign_in.as_ref()?;
        let session = relying_party.session(site, headers).await;
        let session = session.inspect_err(
            |error| tracing::warn!(%error, "the session of a customer could not be looked at"),
        );
        self.of_access_token(&session.ok().flatten()?.access_token).await
    }

    /// Customer of the token of a request. Whether it was presented as it must be was checked before.
    pub(crate) async fn of_token(&self, headers: &HeaderMap) -> Option<Arc<str>> {
        let (_, token) = presented_token(headers).ok().flatten()?;
        Self::of_principal(self.verifier.verify_confirmed(token).await)
    }

    async fn of_access_token(&self, token: &str) -> Option<Arc<str>> {
        Self::of_principal(self.verifier.verify(token).await)
    }

    fn of_principal(principal: Result<Arc<Principal>, TokenError>) -> Option<Arc<str>> {
        let principal = principal.ok()?;
        if !principal.has_scope(CUSTOMER_SCOPE) {
            return None;
        }
        let account: AccountId = principal.subject.parse().ok()?;
        Some(CustomerActor(account).to_string().into())
    }

    /// Response to a step of signing in or out. What is wrong is said by a page of the shop.
    pub(crate) async fn respond(&self, step: SignInStep, head: &Parts) -> Response {
        let result = match &self.sign_in {
            Some((relying_party, site)) => {
                let redirect = step.execute(relying_party, site, head).await;
                redirect.map(|redirect| step.response(site, redirect))
            }
            None => Err(SignInError::Unavailable),
        };
        result.unwrap_or_else(|error| {
            tracing::warn!(%error, "a customer could not sign in or out");
            let reason = match error {
                SignInError::UnknownState | SignInError::Invalid(_) => "expired",
                SignInError::Refused(_) => "refused",
                SignInError::Unavailable | SignInError::Storage(_) => "unavailable",
            };
            let location = [NOT_SIGNED_IN, reason].concat();
            see_other(Redirect { location, cookies: Vec::new() })
        })
    }
}
