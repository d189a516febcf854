//! Registration of the edges as relying parties of the shop's own issuer.

use async_trait::async_trait;
use contracts::auth::{
    RelyingPartyOrder, RelyingPartyRegistration, SERVICE, SESSION_IDLE_MAX, SESSION_LIFETIME_MAX,
    TokenIssuer,
};
use jose::JwkSet;
use kernel::{Clock, Timestamp};
use parking_lot::Mutex;
use relying_party::{
    ClientRegistration, Provider, Registrar, RegistrationError, RelyingParty, RelyingPartyParts,
    WebOrigin,
};
use runtime::{BuildContext, BuildError};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use transport::CallError;

/// Time after which the issuer is asked again: an operator may have removed the client.
const REGISTRATION_AGE_MAX: Duration = Duration::from_mins(1);
/// Path of the redirect URI.
pub(crate) const CALLBACK: &str = "/sign-in/callback";

/// What an edge registers as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EdgeClient {
    /// Beginning of the client identifier.
    name: &'static str,
    /// Name that people read; empty for that of the shop.
    title: &'static str,
    /// Cookie of a session. The pages of the auth server have another one, too: ports do not separate cookies.
    cookie: &'static str,
    /// Scopes that are asked for.
    scope: &'static str,
    /// Path to which people return after they signed out.
    signed_out: &'static str,
}

/// Operator edge, where operators sign in.
pub(crate) const OPERATOR_EDGE: EdgeClient = EdgeClient {
    name: "operator-edge",
    title: "Operator edge",
    cookie: "operator",
    scope: "openid shop.read shop.write",
    signed_out: "/",
};

/// Shop edge, where customers sign in.
pub(crate) const SHOP_EDGE: EdgeClient = EdgeClient {
    name: "shop-edge",
    title: "",
    cookie: "shop",
    scope: "openid shop.account",
    signed_out: "/account/signed-out",
};

/// Registrar of an edge.
#[derive(Debug)]
struct EdgeRegistrar {
    issuer: Arc<dyn TokenIssuer>,
    clock: Arc<dyn Clock>,
    client: EdgeClient,
    /// Identifier of the client: one for each address, so that two gateways with different ones have a registration each.
    id: String,
    site: WebOrigin,
    /// The last registration, and until when it is taken to be there still.
    registered: Mutex<Option<(RelyingPartyRegistration, Timestamp)>>,
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
    let clock = Arc::clone(context.ids.clock());
    let registrar = EdgeRegistrar::new(issuer, clock, client, site.clone());
    let provider = Provider { registrar: Arc::new(registrar), channel: context.channel(SERVICE)? };
    let parts = RelyingPartyParts {
        provider,
        values: Arc::clone(&context.storage.key_value),
        ids: context.ids.clone(),
        cookie: client.cookie,
        scope: client.scope,
        redirect_path: CALLBACK,
        signed_out_path: client.signed_out,
        session_idle_max: SESSION_IDLE_MAX,
        session_lifetime_max: SESSION_LIFETIME_MAX,
    };
    Ok(Some((RelyingParty::new(parts), site)))
}

impl EdgeRegistrar {
    fn new(
        issuer: Arc<dyn TokenIssuer>,
        clock: Arc<dyn Clock>,
        client: EdgeClient,
        site: WebOrigin,
    ) -> Self {
        let digest = kernel::hex::encode(&Sha256::digest(site.at(""))[..8]);
        let id = [client.name, "-", &digest].concat();
        Self { issuer, clock, client, id, site, registered: Mutex::default() }
    }

    /// The registration of this edge at the issuer, which is brought up to date from time to time.
    async fn registered(&self) -> Result<RelyingPartyRegistration, CallError> {
        let now = self.clock.now();
        let known = self.registered.lock().clone().filter(|(_, until)| now < *until);
        if let Some((known, _)) = known {
            return Ok(known);
        }
        let EdgeClient { title, scope, signed_out, .. } = self.client;
        let order = RelyingPartyOrder {
            id: self.id.clone(),
            name: title.to_owned(),
            redirect_uris: vec![self.site.at(CALLBACK)],
            post_logout_redirect_uris: vec![self.site.at(signed_out)],
            scopes: scope.split(' ').map(ToOwned::to_owned).collect(),
        };
        let registered = self.issuer.register_relying_party(order).await?;
        let until = now.checked_add(REGISTRATION_AGE_MAX).unwrap_or(now);
        *self.registered.lock() = Some((registered.clone(), until));
        Ok(registered)
    }
}

#[async_trait]
impl Registrar for EdgeRegistrar {
    async fn registration(&self) -> Result<ClientRegistration, RegistrationError> {
        let failed = |error: &dyn std::fmt::Display| RegistrationError(error.to_string());
        let registered = self.registered().await.map_err(|it| failed(&it))?;
        let keys = self.issuer.keys().await.map_err(|it| failed(&it))?;
        let keys = JwkSet::parse(keys.keys.to_string().as_bytes()).map_err(|it| failed(&it))?;
        let issuer = registered.issuer;
        Ok(ClientRegistration {
            keys,
            client_id: self.id.clone(),
            client_secret: registered.secret,
            authorization_endpoint: format!("{issuer}/authorize"),
            end_session_endpoint: format!("{issuer}/logout"),
            token_path: "/auth/token".to_owned(),
            revocation_path: "/auth/revoke".to_owned(),
            issuer,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::auth::IssuerKeySet;
    use kernel::ManualClock;

    /// Issuer that notes who registers.
    #[derive(Debug, Default)]
    struct NotingIssuer(Mutex<Vec<RelyingPartyOrder>>);

    #[async_trait]
    impl TokenIssuer for NotingIssuer {
        async fn keys(&self) -> Result<IssuerKeySet, CallError> {
            let keys = JwkSet::new(Vec::new()).to_json();
            Ok(IssuerKeySet { issuer: String::new(), audience: String::new(), keys })
        }

        async fn is_active(&self, _: String) -> Result<bool, CallError> {
            Ok(true)
        }

        async fn revision(&self) -> Result<u64, CallError> {
            Ok(0)
        }

        async fn register_relying_party(
            &self,
            order: RelyingPartyOrder,
        ) -> Result<RelyingPartyRegistration, CallError> {
            self.0.lock().push(order);
            Ok(RelyingPartyRegistration { issuer: String::new(), secret: String::new() })
        }
    }

    #[tokio::test]
    async fn each_address_has_a_client_of_its_own_which_is_registered_once_in_a_while() {
        let issuer = Arc::new(NotingIssuer::default());
        let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()));
        let at = |address: &str| {
            let issuer = Arc::<NotingIssuer>::clone(&issuer);
            EdgeRegistrar::new(
                issuer,
                Arc::<ManualClock>::clone(&clock),
                OPERATOR_EDGE,
                WebOrigin::new(address),
            )
        };
        let (one, other) = (at("https://ops.example"), at("https://ops.example:8443"));
        let ids = [one.registration().await.unwrap(), other.registration().await.unwrap()];
        let ids = ids.map(|registration| registration.client_id);
        assert_ne!(ids[0], ids[1], "they do not take the registration from each other");
        assert_eq!(at("https://ops.example").registration().await.unwrap().client_id, ids[0]);
        let orders = || issuer.0.lock().len();
        assert_eq!(issuer.0.lock()[1].redirect_uris, ["https://ops.example:8443/sign-in/callback"]);
        let before = orders();
        one.registration().await.unwrap();
        assert_eq!(orders(), before);
        clock.advance(REGISTRATION_AGE_MAX);
        one.registration().await.unwrap();
        assert_eq!(orders(), before + 1);
    }
}
