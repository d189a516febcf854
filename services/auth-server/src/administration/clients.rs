//! Clients of the provider.

use super::{Administration, AdministrationError};
use crate::{
    application::clients::registration_request::RegistrationRequest,
    domain::events::{ClientAuthentication, ClientId},
};
use contracts::auth::{CUSTOMER_SCOPE, READ_SCOPE, WRITE_SCOPE};
use std::fmt;

/// Scopes that mean something to this shop. Others are granted as they are, for whoever reads them.
const KNOWN_SCOPES: &[&str] = &[
    "openid",
    "email",
    "profile",
    "address",
    "phone",
    "offline_access",
    READ_SCOPE,
    WRITE_SCOPE,
    CUSTOMER_SCOPE,
    "introspect",
    "scim.read",
    "scim.write",
    "uaa.resource",
    "clients.read",
    "clients.admin",
];

/// Client that was registered.
#[derive(Clone)]
pub struct NewClient {
    /// Identifier.
    pub id: String,
    /// Secret, which is shown once and kept nowhere.
    pub secret: Option<String>,
    /// Address at which it gets tokens.
    pub token_endpoint: String,
    /// Scopes that mean nothing to this shop.
    pub foreign_scopes: Vec<String>,
}

impl fmt::Debug for NewClient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NewClient").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Client in a list.
#[derive(Clone, Debug)]
pub struct ListedClient {
    /// Identifier.
    pub id: String,
    /// Name that people read.
    pub name: String,
    /// `public`, `secret` or `private_key`.
    pub authentication: &'static str,
    /// Scopes that it may have.
    pub scopes: Vec<String>,
    /// Addresses to which its answers go.
    pub redirect_uris: Vec<String>,
}

impl Administration {
    /// Registers a client.
    ///
    /// # Errors
    ///
    /// A part of the request is refused, or there is such a client.
    pub async fn add_client(
        &self,
        request: &RegistrationRequest,
    ) -> Result<NewClient, AdministrationError> {
        let id = parsed_client(&request.id)?;
        let (registration, secret) = request.registration(&**self.0.ids.randomness())?;
        self.0.clients.register(&id, registration).await?;
        let token_endpoint = self.0.issuer.at("/token");
        let is_foreign = |scope: &&String| !KNOWN_SCOPES.contains(&scope.as_str());
        let foreign_scopes = request.scopes.iter().filter(is_foreign).cloned().collect();
        Ok(NewClient { id: request.id.clone(), secret, token_endpoint, foreign_scopes })
    }

    /// All clients.
    ///
    /// # Errors
    ///
    /// The storage cannot be used.
    pub async fn clients(&self) -> Result<Vec<ListedClient>, AdministrationError> {
        let clients = self.0.clients.list().await?;
        let listed = clients.into_iter().filter_map(|(id, client)| {
            let registration = client.registration()?;
            Some(ListedClient {
                id: id.as_str().to_owned(),
                name: registration.name.clone(),
                authentication: match registration.authentication {
                    ClientAuthentication::Public => "public",
                    ClientAuthentication::Secret => "secret",
                    ClientAuthentication::PrivateKey => "private_key",
                    ClientAuthentication::Certificate => "certificate",
                    ClientAuthentication::SelfSignedCertificate => "self_signed_certificate",
                },
                scopes: registration.scopes.clone(),
                redirect_uris: registration.redirect_uris.clone(),
            })
        });
        Ok(listed.collect())
    }

    /// Removes a client; what it was granted is void.
    ///
    /// # Errors
    ///
    /// There is no such client.
    pub async fn remove_client(&self, id: &str) -> Result<(), AdministrationError> {
        self.0.clients.remove(&parsed_client(id)?).await.map_err(Into::into)
    }
}

pub(super) fn parsed_client(id: &str) -> Result<ClientId, AdministrationError> {
    let expected =
        "the identifier of a client has at most 64 letters, digits and -._~, and is no UUID";
    ClientId::parse(id).ok_or_else(|| AdministrationError::invalid(expected))
}
