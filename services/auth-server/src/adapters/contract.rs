//! Provider of the contract of the shop's issuer, for its resource servers and relying parties.

use crate::{
    administration::Administration,
    application::{clients::relying_parties::RelyingParty, error::AuthError},
    domain::{Rejection, events::ClientId, redirect_uri},
    provider::Provider,
};
use async_trait::async_trait;
use contracts::auth::{
    IssuerKeySet, RelyingPartyOrder, RelyingPartyRegistration, SERVICE, TokenIssuer,
    administration::{AccountAdministration, AccountAnswer, AccountCommand},
};
use kernel::{Problem, codes};
use rpc::CallError;
use std::sync::Arc;

/// Provider of [`AccountAdministration`], for the command line.
#[derive(Debug)]
pub(crate) struct AccountAdministrationProvider(pub(crate) Administration);

#[async_trait]
impl AccountAdministration for AccountAdministrationProvider {
    async fn administer(&self, command: AccountCommand) -> Result<AccountAnswer, CallError> {
        Ok(self.0.execute(command).await?)
    }
}

/// Provider of [`TokenIssuer`].
#[derive(Debug)]
pub(crate) struct TokenIssuerProvider(pub(crate) Arc<Provider>);

#[async_trait]
impl TokenIssuer for TokenIssuerProvider {
    async fn keys(&self) -> Result<IssuerKeySet, CallError> {
        let Provider { issuer, keyring, ids, .. } = &*self.0;
        Ok(IssuerKeySet {
            issuer: issuer.as_str().to_owned(),
            audience: issuer.origin().to_owned(),
            keys: keyring.published(ids.now()).to_json(),
        })
    }

    async fn is_active(&self, token: String) -> Result<bool, CallError> {
        let active = self.0.tokens.active(&token).await.map_err(|error| problem(&error))?;
        Ok(active.is_some())
    }

    async fn revision(&self) -> Result<u64, CallError> {
        Ok(self.0.revision.present())
    }

    async fn register_relying_party(
        &self,
        order: RelyingPartyOrder,
    ) -> Result<RelyingPartyRegistration, CallError> {
        let invalid = |field: &str, message: &str| Problem::field(field, message);
        let id = ClientId::parse(&order.id)
            .ok_or_else(|| invalid("order.id", "expected at most 64 letters, digits and -._~"))?;
        let uris = order.redirect_uris.iter().chain(&order.post_logout_redirect_uris);
        if !uris.into_iter().all(|uri| redirect_uri::can_be_registered(uri)) {
            let expected = "expected addresses over https, or http on a loopback address";
            return Err(invalid("order.redirect_uris", expected).into());
        }
        let relying_party = RelyingParty {
            name: if order.name.is_empty() { self.0.name.clone() } else { order.name },
            redirect_uris: order.redirect_uris,
            post_logout_redirect_uris: order.post_logout_redirect_uris,
            scopes: order.scopes,
        };
        let secret = self.0.relying_parties.register(&id, relying_party).await;
        let secret = secret.map_err(|error| problem(&error))?;
        Ok(RelyingPartyRegistration { issuer: self.0.issuer.as_str().to_owned(), secret })
    }
}

fn problem(error: &AuthError) -> CallError {
    if let AuthError::Rejected(Rejection::ClientExists) = error {
        let title = "an operator registered another client under this identifier";
        return Problem::of(codes::FORBIDDEN, title).into();
    }
    tracing::error!(%error, "the issuer could not do what another service asks");
    Problem::unavailable(SERVICE).into()
}
