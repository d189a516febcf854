//! Relying parties of the shop itself: clients that its own parts register when they need them, with a secret that follows from the root
//! key, so that it is kept nowhere and is the same for every process.

use super::Clients;
use crate::{
    application::{error::AuthError, keys::seal::digest},
    domain::{
        Rejection,
        events::{ClientAuthentication, ClientId, ClientPolicy, GrantType, Registration},
    },
};
use jose::base64url_encode;
use ring::hmac;
use std::{fmt, sync::Arc};

/// Relying parties of the shop.
pub(crate) struct RelyingParties {
    pub(crate) clients: Arc<Clients>,
    /// Key of their secrets.
    pub(crate) key: hmac::Key,
}

/// What a part of the shop wants to be registered as.
#[derive(Clone, Debug)]
pub(crate) struct RelyingParty {
    pub(crate) name: String,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) post_logout_redirect_uris: Vec<String>,
    pub(crate) scopes: Vec<String>,
}

impl RelyingParties {
    /// Registers a relying party, or brings its registration up to date; its secret. A client that an operator registered under this
    /// identifier is none of the shop's, and stays as it is.
    pub(crate) async fn register(
        &self,
        id: &ClientId,
        request: RelyingParty,
    ) -> Result<String, AuthError> {
        let secret = base64url_encode(hmac::sign(&self.key, id.as_str().as_bytes()));
        let registration = registration(request, &secret);
        let present = self.clients.find(id).await?;
        let present = present.as_deref().and_then(|client| client.registration());
        match present {
            Some(present) if *present == registration => return Ok(secret),
            Some(present) if present.secret_digest != registration.secret_digest => {
                return Err(Rejection::ClientExists.into());
            }
            Some(_) => return self.clients.update(id, registration).await.map(|()| secret),
            None => {}
        }
        match self.clients.register(id, registration).await {
            // Another process was faster.
            Ok(()) | Err(AuthError::Rejected(Rejection::ClientExists)) => Ok(secret),
            Err(error) => Err(error),
        }
    }
}

fn registration(request: RelyingParty, secret: &str) -> Registration {
    Registration {
        name: request.name,
        authentication: ClientAuthentication::Secret,
        secret_digest: Some(digest(secret)),
        keys: None,
        redirect_uris: request.redirect_uris,
        post_logout_redirect_uris: request.post_logout_redirect_uris,
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        scopes: request.scopes,
        is_trusted: true,
        requires_pkce: true,
        id_token_algorithm: None,
        policy: ClientPolicy::default(),
    }
}

impl fmt::Debug for RelyingParties {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RelyingParties")
    }
}
