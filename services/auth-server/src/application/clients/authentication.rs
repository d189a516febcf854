//! Client authentication (RFC 6749, section 2.3; RFC 7523): who calls the token, introspection and revocation endpoints.

use super::{
    Clients,
    certificates::{CertificateVerifier, has_key_of},
    keys::ClientKeys,
};
use crate::{
    application::{
        error::AuthError, issuer::Issuer, keys::seal::digest, tokens::rules::accepted_algorithms,
    },
    domain::{
        client::Client,
        events::{ClientAuthentication, ClientId, Registration},
    },
};
use jose::{Algorithm, Claims, Expected, JwkSet, Jws};
use kernel::{Ids, Timestamp, security_checks::holds};
use std::{fmt, sync::Arc};
use storage::KeyValue;
use subtle::ConstantTimeEq;
use transport::ClientCertificate;

/// Most seconds for which an assertion is valid.
const ASSERTION_SECONDS_MAX: i64 = 600;
/// Seconds by which the clock of a client may differ.
const LEEWAY_SECONDS: i64 = 30;
/// Longest identifier of an assertion (`jti`), in bytes.
const JTI_BYTES_MAX: usize = 256;

/// Credentials of a request: of one method, and no other.
pub(crate) enum Credentials {
    /// Identifier alone: of a public client, or of one that presents a certificate.
    Public { id: String },
    /// Identifier and secret, from the header or the body.
    Secret { id: String, secret: String },
    /// Signed assertion; the identifier is optional beside it.
    Assertion { id: Option<String>, assertion: String },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Credentials")
    }
}

/// Client that proved who it is, or a public one, which cannot.
#[derive(Clone, Debug)]
pub(crate) struct AuthenticatedClient {
    pub(crate) id: ClientId,
    client: Arc<Client>,
}

impl AuthenticatedClient {
    /// Since when it is registered as it is.
    pub(crate) fn changed_at(&self) -> Timestamp {
        self.client.changed_at
    }

    pub(crate) fn registration(&self) -> &Registration {
        self.client.registration().expect("only registered clients are found")
    }
}

/// Client authentication.
#[derive(Debug)]
pub(crate) struct ClientAuthenticator {
    pub(crate) clients: Arc<Clients>,
    pub(crate) keys: Arc<ClientKeys>,
    pub(crate) certificates: CertificateVerifier,
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) ids: Ids,
    /// Where assertions that were used are remembered.
    pub(crate) values: Arc<dyn KeyValue>,
}

impl ClientAuthenticator {
    /// The client of these credentials; `None` if they prove nothing, for whatever reason.
    pub(crate) async fn authenticate(
        &self,
        credentials: &Credentials,
        certificate: Option<&ClientCertificate>,
    ) -> Result<Option<AuthenticatedClient>, AuthError> {
        let id = match credentials {
            Credentials::Public { id } | Credentials::Secret { id, .. } => ClientId::parse(id),
            Credentials::Assertion { id, assertion } => {
                let issuer = Jws::parse(assertion).and_then(|jws| jws.unverified_issuer()).ok();
                let agrees = |issuer: &String| id.as_ref().is_none_or(|id| id == issuer);
                issuer.filter(agrees).and_then(|issuer| ClientId::parse(&issuer))
            }
        };
        let client = match &id {
            Some(id) => self.clients.find(id).await?,
            None => None,
        };
        let registration = client.as_deref().and_then(Client::registration);
        let is_proven = match credentials {
            Credentials::Public { .. } => match (&id, &client, certificate) {
                (Some(id), Some(client), Some(certificate)) if is_certified(registration) => {
                    self.is_certificate_of(id, client, certificate).await
                }
                _ => registration.is_some_and(|it| {
                    holds("client_public", it.authentication == ClientAuthentication::Public)
                }),
            },
            Credentials::Secret { secret, .. } => is_secret_of(registration, secret),
            Credentials::Assertion { assertion, .. } => match (&id, &client) {
                (Some(id), Some(client)) => self.is_assertion_of(id, client, assertion).await?,
                _ => false,
            },
        };
        let authenticated = id.zip(client).filter(|_| is_proven);
        Ok(authenticated.map(|(id, client)| AuthenticatedClient { id, client }))
    }

    /// Whether a certificate is that of a client, as it is registered.
    async fn is_certificate_of(
        &self,
        id: &ClientId,
        client: &Client,
        certificate: &ClientCertificate,
    ) -> bool {
        let Some(registration) = client.registration() else { return false };
        match (&registration.authentication, &registration.policy.certificate_subject) {
            (ClientAuthentication::Certificate, Some(subject)) => {
                self.certificates.is_of_name(certificate, subject, self.ids.now())
            }
            (ClientAuthentication::SelfSignedCertificate, _) => {
                let keys = self.keys.of(id, client, None).await;
                keys.is_some_and(|keys| has_key_of(certificate, &keys))
            }
            _ => false,
        }
    }

    /// Whether an assertion is signed by the client's own key, for this issuer alone, and used for the first time.
    async fn is_assertion_of(
        &self,
        id: &ClientId,
        client: &Client,
        assertion: &str,
    ) -> Result<bool, AuthError> {
        let now = self.ids.now();
        let kid = Jws::parse(assertion).ok().and_then(|jws| jws.header().kid.clone());
        let Some(keys) = self.keys.of(id, client, kid.as_deref()).await else { return Ok(false) };
        let verified = self.verified_assertion(id, client, &keys, assertion, now);
        let Some((jti, expires)) = verified else { return Ok(false) };
        let key = format!("assertion-{}-{}", id.as_str(), digest(jti));
        let until = expires.saturating_add(LEEWAY_SECONDS);
        let until = Timestamp::from_second(until).unwrap_or(Timestamp::MAX);
        let uses = self.values.add(&key, 1, now, Some(until)).await?;
        Ok(holds("assertion_once", uses == 1))
    }

    /// Identifier and end of an assertion that is valid.
    fn verified_assertion(
        &self,
        id: &ClientId,
        client: &Client,
        keys: &JwkSet,
        assertion: &str,
        now: Timestamp,
    ) -> Option<(String, i64)> {
        let registration = client.registration()?;
        if registration.authentication != ClientAuthentication::PrivateKey {
            return None;
        }
        let jws = Jws::parse(assertion).ok()?;
        let header = jws.header();
        let is_typed = header.typ.is_none()
            || header.is_typed("jwt")
            || header.is_typed("client-authentication+jwt");
        let policy = &registration.policy;
        let named = policy.assertion_algorithm.as_deref().and_then(Algorithm::of_name);
        let allowed = named.as_ref().map_or(accepted_algorithms(policy), std::slice::from_ref);
        let payload = jws.clone().verify_by_set(keys, allowed).ok()?;
        let claims = Claims::parse(&payload).ok()?;
        let expected = Expected {
            issuer: id.as_str(),
            audience: self.issuer.as_str(),
            now,
            leeway_seconds: LEEWAY_SECONDS,
        };
        claims.validate(&expected).ok()?;
        // For this issuer and nobody else: an assertion that another server is meant to take as well could be passed on by it.
        let is_for_us_alone = claims.audiences().ok()? == [self.issuer.as_str()];
        let is_for_us_alone = holds("assertion_audience", is_for_us_alone);
        let is_about_itself = holds("assertion_subject", claims.text("sub") == Some(id.as_str()));
        let expires = claims.seconds("exp").ok()??;
        let is_short =
            holds("assertion_lifetime", expires <= now.as_second() + ASSERTION_SECONDS_MAX);
        let jti = claims.text("jti").filter(|jti| !jti.is_empty() && jti.len() <= JTI_BYTES_MAX)?;
        (is_typed && is_for_us_alone && is_about_itself && is_short)
            .then(|| (jti.to_owned(), expires))
    }
}

/// Whether a client proves who it is by a certificate.
fn is_certified(registration: Option<&Registration>) -> bool {
    registration.is_some_and(|it| match it.authentication {
        ClientAuthentication::Certificate | ClientAuthentication::SelfSignedCertificate => true,
        ClientAuthentication::Public
        | ClientAuthentication::Secret
        | ClientAuthentication::PrivateKey => false,
    })
}

/// Whether this is the secret of a client; the same work for one that does not exist.
fn is_secret_of(registration: Option<&Registration>, secret: &str) -> bool {
    let digest = digest(secret);
    let registration = registration.filter(|it| it.authentication == ClientAuthentication::Secret);
    let expected = registration.and_then(|it| it.secret_digest.as_deref());
    let is_equal = digest.as_bytes().ct_eq(expected.unwrap_or(&"-".repeat(43)).as_bytes());
    holds("client_secret", bool::from(is_equal) && expected.is_some())
}
