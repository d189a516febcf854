//! Registration of the edges as relying parties of the shop's own issuer.

use async_trait::async_trait;
use contracts::auth::{RelyingPartyOrder, SERVICE, TokenIssuer};
use jose::JwkSet;
use relying_party::{
    ClientRegistration, Provider, Registrar, RegistrationError, RelyingParty, RelyingPartyParts,
    WebOrigin,
};
use runtime::{BuildContext, BuildError};
use std::sync::Arc;

/// Path of the redirect URI.
pub(crate) const CALLBACK: &str = "/sign-in/callback";

/// What an edge registers as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EdgeClient {
    /// Client identifier.
    id: &'static str,
    /// Name that people read.
    name: &'static str,
    /// Cookie of a session. The pages of the auth server have another one, too: ports do not separate cookies.
    cookie: &'static str,
    /// Scopes that are asked for.
    scope: &'static str,
    /// Path to which people return after they signed out.
    signed_out: &'static str,
}

/// Operator edge, where operators sign in.
pub(crate) const OPERATOR_EDGE: EdgeClient = EdgeClient {
    id: "operator-edge",
    name: "Operator edge",
    cookie: "operator",
    scope: "openid shop.read shop.write",
    signed_out: "/",
};

/// Shop edge, where customers sign in.
pub(crate) const SHOP_EDGE: EdgeClient = EdgeClient {
    id: "shop-edge",
    name: "Shop",
    cookie: "shop",
    scope: "openid shop.account",
    signed_out: "/account/signed-out",
};

/// Registrar of an edge.
#[derive(Debug)]
struct EdgeRegistrar {
    issuer: Arc<dyn TokenIssuer>,
    client: EdgeClient,
    site: WebOrigin,
}

/// Sign-in at the edge of this address; none without one.
pub(crate) fn sign_in(
    context: &BuildContext,
    client: EdgeClient,
    address: &str,
    issuer: Arc<dyn TokenIssuer>,
) -> Result<Option<(RelyingParty, WebOrigin)>, BuildError> {
    if address.is_empty() {
        return Ok(None);
    }
    let site = WebOrigin::new(address.trim_end_matches('/'));
    let registrar = EdgeRegistrar { issuer, client, site: site.clone() };
    let provider = Provider { registrar: Arc::new(registrar), channel: context.channel(SERVICE)? };
    let parts = RelyingPartyParts {
        provider,
        values: Arc::clone(&context.storage.key_value),
        ids: context.ids.clone(),
        cookie: client.cookie,
        scope: client.scope,
        redirect_path: CALLBACK,
        signed_out_path: client.signed_out,
    };
    Ok(Some((RelyingParty::new(parts), site)))
}

#[async_trait]
impl Registrar for EdgeRegistrar {
    async fn registration(&self) -> Result<ClientRegistration, RegistrationError> {
        let failed = |error: &dyn std::fmt::Display| RegistrationError(error.to_string());
        let EdgeClient { id, name, scope, signed_out, .. } = self.client;
        let order = RelyingPartyOrder {
            id: id.to_owned(),
            name: name.to_owned(),
            redirect_uris: vec![self.site.at(CALLBACK)],
            post_logout_redirect_uris: vec![self.site.at(signed_out)],
            scopes: scope.split(' ').map(ToOwned::to_owned).collect(),
        };
        let registered =
            self.issuer.register_relying_party(order).await.map_err(|it| failed(&it))?;
        let keys = self.issuer.keys().await.map_err(|it| failed(&it))?;
        let keys = JwkSet::parse(keys.keys.to_string().as_bytes()).map_err(|it| failed(&it))?;
        let issuer = registered.issuer;
        Ok(ClientRegistration {
            keys,
            client_id: id.to_owned(),
            client_secret: registered.secret,
            authorization_endpoint: format!("{issuer}/authorize"),
            end_session_endpoint: format!("{issuer}/logout"),
            token_path: "/auth/token".to_owned(),
            revocation_path: "/auth/revoke".to_owned(),
            issuer,
        })
    }
}
