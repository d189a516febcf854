//! Registration of the operator edge as a relying party of the shop's own issuer.

use async_trait::async_trait;
use contracts::auth::{READ_SCOPE, RelyingPartyOrder, SERVICE, TokenIssuer, WRITE_SCOPE};
use jose::JwkSet;
use relying_party::{
    ClientRegistration, Provider, Registrar, RegistrationError, RelyingParty, RelyingPartyParts,
    WebOrigin,
};
use runtime::{BuildContext, BuildError};
use std::sync::Arc;

/// Client identifier of the operator edge.
const CLIENT: &str = "operator-edge";
/// Cookie of an operator's session. The pages of the shop and of the auth server have others.
const COOKIE: &str = "operator";
/// Path of the redirect URI.
pub(crate) const CALLBACK: &str = "/sign-in/callback";
/// Path to which operators return after they signed out.
const SIGNED_OUT: &str = "/";
const SCOPE: &str = "openid shop.read shop.write";

/// Registrar of the operator edge.
#[derive(Debug)]
struct OperatorRegistrar {
    issuer: Arc<dyn TokenIssuer>,
    site: WebOrigin,
}

/// Sign-in at the operator edge of this address; none without one.
pub(crate) fn sign_in(
    context: &BuildContext,
    address: &str,
    issuer: Arc<dyn TokenIssuer>,
) -> Result<Option<(RelyingParty, WebOrigin)>, BuildError> {
    if address.is_empty() {
        return Ok(None);
    }
    let site = WebOrigin::new(address.trim_end_matches('/'));
    let registrar = OperatorRegistrar { issuer, site: site.clone() };
    let provider = Provider { registrar: Arc::new(registrar), channel: context.channel(SERVICE)? };
    let parts = RelyingPartyParts {
        provider,
        values: Arc::clone(&context.storage.key_value),
        ids: context.ids.clone(),
        cookie: COOKIE,
        scope: SCOPE,
        redirect_path: CALLBACK,
        signed_out_path: SIGNED_OUT,
    };
    Ok(Some((RelyingParty::new(parts), site)))
}

#[async_trait]
impl Registrar for OperatorRegistrar {
    async fn registration(&self) -> Result<ClientRegistration, RegistrationError> {
        let failed = |error: &dyn std::fmt::Display| RegistrationError(error.to_string());
        let order = RelyingPartyOrder {
            id: CLIENT.to_owned(),
            name: "Operator edge".to_owned(),
            redirect_uris: vec![self.site.at(CALLBACK)],
            post_logout_redirect_uris: vec![self.site.at(SIGNED_OUT)],
            scopes: vec!["openid".to_owned(), READ_SCOPE.to_owned(), WRITE_SCOPE.to_owned()],
        };
        let registered =
            self.issuer.register_relying_party(order).await.map_err(|it| failed(&it))?;
        let keys = self.issuer.keys().await.map_err(|it| failed(&it))?;
        let keys = JwkSet::parse(keys.keys.to_string().as_bytes()).map_err(|it| failed(&it))?;
        let issuer = registered.issuer;
        Ok(ClientRegistration {
            keys,
            client_id: CLIENT.to_owned(),
            client_secret: registered.secret,
            authorization_endpoint: format!("{issuer}/authorize"),
            end_session_endpoint: format!("{issuer}/logout"),
            token_path: "/auth/token".to_owned(),
            revocation_path: "/auth/revoke".to_owned(),
            issuer,
        })
    }
}
