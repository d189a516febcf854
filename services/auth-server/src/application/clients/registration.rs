//! Dynamic client registration (RFC 7591) and its management (RFC 7592): strangers register clients, within limits, and look after them
//! with a token that only they have.

use super::{
    Clients, SELF_REGISTERED_PREFIX,
    metadata::{MetadataRefusal, RequestedClient, described, requested},
};
use crate::{
    application::{attempt_limit::AttemptLimit, error::AuthError, keys::seal::digest},
    domain::{
        client::Client,
        events::{ClientAuthentication, ClientId, Registration},
    },
};
use jose::base64url_encode;
use kernel::{Ids, security_checks::holds};
use outbound::Fetcher;
use serde_json::{Map, Value};
use std::{fmt, sync::Arc};
use storage::{QUERY_DOCUMENTS_MAX, StorageError};
use subtle::ConstantTimeEq;
use tokio::sync::Mutex;

/// Random bytes of a secret, and of a registration access token.
const SECRET_BYTES: usize = 32;
/// Random bytes of an identifier.
const ID_BYTES: usize = 16;

/// Who may register clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum RegistrationAccess {
    /// Operators alone, on the command line.
    #[default]
    Closed,
    /// Who has the initial access token, whose digest this is.
    Token(String),
    Open,
}

/// Reason why a client is not registered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistrationRefusal {
    #[error("the token is not valid")]
    Token,
    #[error("the metadata is refused")]
    Metadata(MetadataRefusal),
    #[error("as many clients are registered as may be")]
    TooMany,
    #[error("one network asks more often than it may")]
    TooOften,
    #[error(transparent)]
    Auth(#[from] AuthError),
}

/// Client that registered itself.
#[derive(Clone)]
pub(crate) struct RegisteredClient {
    pub(crate) id: ClientId,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) registered_at: i64,
    /// Secret, which is told once and kept nowhere.
    pub(crate) secret: Option<String>,
    /// Token with which the registration is managed.
    pub(crate) token: String,
}

/// Registration of clients by themselves.
pub(crate) struct ClientRegistrations {
    pub(crate) access: RegistrationAccess,
    pub(crate) clients_max: u32,
    pub(crate) clients: Arc<Clients>,
    /// Registrations, and fetches for changes of them, by address on the network.
    pub(crate) attempts: AttemptLimit,
    pub(crate) fetcher: Fetcher,
    pub(crate) ids: Ids,
    /// Held by the one client that takes a place, so that no two take the last one.
    pub(crate) taking_place: Mutex<()>,
}

impl ClientRegistrations {
    /// Registers a client, at the wish of somebody at this address on the network.
    pub(crate) async fn register(
        &self,
        token: Option<&str>,
        body: &[u8],
        network: &str,
    ) -> Result<RegisteredClient, RegistrationRefusal> {
        self.check_access(token)?;
        let requested = requested(body).map_err(RegistrationRefusal::Metadata)?;
        self.check_attempts(network).await?;
        // Nothing is fetched for a client that has no place.
        self.check_places().await?;
        self.check_sector(&requested).await?;
        let _taking_place = self.taking_place.lock().await;
        self.check_places().await?;
        let now = self.ids.now();
        let id = base64url_encode(self.random::<ID_BYTES>());
        let id = ClientId::parse(&[SELF_REGISTERED_PREFIX, &id].concat());
        let id = id.ok_or_else(|| StorageError::Corrupt("an identifier".to_owned()))?;
        let mut registration = requested.registration;
        let secret = self.secret_for(&mut registration);
        let token = base64url_encode(self.random::<SECRET_BYTES>());
        registration.policy.registration_token_digest = Some(digest(&token));
        let metadata = described(&id, &registration);
        self.clients.register(&id, registration).await?;
        Ok(RegisteredClient { id, metadata, registered_at: now.as_second(), secret, token })
    }

    /// Registration of a client that manages itself with this token.
    pub(crate) async fn read(
        &self,
        id: &str,
        token: Option<&str>,
    ) -> Result<RegisteredClient, RegistrationRefusal> {
        let (id, client, token) = self.managed(id, token).await?;
        let registration = client.registration().ok_or(RegistrationRefusal::Token)?;
        let metadata = described(&id, registration);
        let registered_at = client.registered_at.as_second();
        Ok(RegisteredClient { id, metadata, registered_at, secret: None, token })
    }

    /// Replaces the metadata of a client. How it proves who it is stays, unless it asks for another method.
    pub(crate) async fn update(
        &self,
        id: &str,
        token: Option<&str>,
        body: &[u8],
        network: &str,
    ) -> Result<RegisteredClient, RegistrationRefusal> {
        let (id, client, token) = self.managed(id, token).await?;
        let present = client.registration().ok_or(RegistrationRefusal::Token)?;
        let named: Option<Value> = serde_json::from_slice(body).ok();
        let named = named.as_ref().and_then(|it| it.get("client_id")).and_then(Value::as_str);
        if named != Some(id.as_str()) {
            let refused = MetadataRefusal::Metadata("the client_id is missing, or another");
            return Err(RegistrationRefusal::Metadata(refused));
        }
        let requested = requested(body).map_err(RegistrationRefusal::Metadata)?;
        if requested.sector_identifier_uri.is_some() {
            self.check_attempts(network).await?;
        }
        self.check_sector(&requested).await?;
        let mut registration = requested.registration;
        let mut secret = None;
        if registration.authentication == present.authentication {
            registration.secret_digest.clone_from(&present.secret_digest);
        } else {
            secret = self.secret_for(&mut registration);
        }
        let digest = present.policy.registration_token_digest.clone();
        registration.policy.registration_token_digest = digest;
        let metadata = described(&id, &registration);
        self.clients.update(&id, registration).await?;
        let registered_at = client.registered_at.as_second();
        Ok(RegisteredClient { id, metadata, registered_at, secret, token })
    }

    /// Removes a client; what it was granted is void.
    pub(crate) async fn remove(
        &self,
        id: &str,
        token: Option<&str>,
    ) -> Result<(), RegistrationRefusal> {
        let (id, ..) = self.managed(id, token).await?;
        Ok(self.clients.remove(&id).await?)
    }

    async fn check_attempts(&self, network: &str) -> Result<(), RegistrationRefusal> {
        if self.attempts.begin(network).await? {
            return Ok(());
        }
        Err(RegistrationRefusal::TooOften)
    }

    /// Whether one more client may register itself, counted from those that there are.
    async fn check_places(&self) -> Result<(), RegistrationRefusal> {
        let (mut count, mut last) = (0, None);
        let max = usize::try_from(self.clients_max).unwrap_or(usize::MAX);
        while count < max {
            let page = self.clients.self_registered(last.as_ref(), QUERY_DOCUMENTS_MAX).await?;
            count += page.len();
            last = page.into_iter().last();
            if last.is_none() {
                return Ok(());
            }
        }
        Err(RegistrationRefusal::TooMany)
    }

    fn check_access(&self, token: Option<&str>) -> Result<(), RegistrationRefusal> {
        match &self.access {
            RegistrationAccess::Open => Ok(()),
            RegistrationAccess::Token(expected) if is_token(token, Some(expected)) => Ok(()),
            RegistrationAccess::Token(_) | RegistrationAccess::Closed => {
                Err(RegistrationRefusal::Token)
            }
        }
    }

    /// Client that registered itself and whose token this is.
    async fn managed(
        &self,
        id: &str,
        token: Option<&str>,
    ) -> Result<(ClientId, Arc<Client>, String), RegistrationRefusal> {
        let id = ClientId::parse(id);
        let client = match &id {
            Some(id) => self.clients.find(id).await?,
            None => None,
        };
        let registration = client.as_deref().and_then(Client::registration);
        let expected = registration.and_then(|it| it.policy.registration_token_digest.as_deref());
        let is_its_own = is_token(token, expected);
        match (id, client, token) {
            (Some(id), Some(client), Some(token)) if is_its_own => {
                Ok((id, client, token.to_owned()))
            }
            _ => Err(RegistrationRefusal::Token),
        }
    }

    /// Checks that the list of a sector has every redirect URI of the client (OpenID Connect Core, section 8.1).
    async fn check_sector(&self, requested: &RequestedClient) -> Result<(), RegistrationRefusal> {
        let Some(uri) = &requested.sector_identifier_uri else { return Ok(()) };
        let body = self.fetcher.get(uri).await.unwrap_or_default();
        let listed: Vec<String> = serde_json::from_slice(&body).unwrap_or_default();
        if requested.registration.redirect_uris.iter().all(|uri| listed.contains(uri)) {
            return Ok(());
        }
        let refused = "the list at the sector_identifier_uri lacks a redirect_uri";
        Err(RegistrationRefusal::Metadata(MetadataRefusal::Metadata(refused)))
    }

    /// New secret of a client that needs one.
    fn secret_for(&self, registration: &mut Registration) -> Option<String> {
        let needs_secret = registration.authentication == ClientAuthentication::Secret;
        let secret = needs_secret.then(|| base64url_encode(self.random::<SECRET_BYTES>()));
        registration.secret_digest = secret.as_ref().map(digest);
        secret
    }

    fn random<const BYTES: usize>(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        self.ids.randomness().fill(&mut bytes);
        bytes
    }
}

/// Whether a token has this digest; the same work without one.
fn is_token(token: Option<&str>, expected: Option<&str>) -> bool {
    let presented = digest(token.unwrap_or_default());
    let is_equal = presented.as_bytes().ct_eq(expected.unwrap_or(&"-".repeat(43)).as_bytes());
    holds("registration_token", bool::from(is_equal) && token.is_some() && expected.is_some())
}

impl From<StorageError> for RegistrationRefusal {
    fn from(error: StorageError) -> Self {
        Self::Auth(error.into())
    }
}

impl fmt::Debug for ClientRegistrations {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ClientRegistrations")
    }
}

impl fmt::Debug for RegisteredClient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RegisteredClient").field("id", &self.id).finish_non_exhaustive()
    }
}
