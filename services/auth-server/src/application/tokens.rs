//! Tokens: access tokens (RFC 9068), ID tokens (OpenID Connect Core, section 2), and what an access token still is worth.

use super::{
    accounts::Accounts,
    client_authentication::AuthenticatedClient,
    error::AuthError,
    grants::{GrantId, Granted, Grants},
    issuer::Issuer,
    keyring::Keyring,
};
use crate::domain::{
    events::{ClientId, Registration, Role, TokenAlgorithm},
    grant::Grant,
};
use jose::{Algorithm, Claims, Expected, JwkSet, Jws, base64url_decode, base64url_encode};
use kernel::{Ids, Timestamp, Uuid};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, Sha512};
use std::{sync::Arc, time::Duration};
use storage::{KeyValue, StorageError};

/// Lifetime of an access token and of an ID token.
pub(crate) const LIFETIME: Duration = Duration::from_mins(10);
/// Type of access tokens.
const ACCESS_TOKEN: &str = "at+jwt";
/// Algorithm of access tokens: short, and fast to sign.
const ACCESS_ALGORITHM: Algorithm = Algorithm::Es256;
/// Random bytes in the identifier of a token.
const RANDOM_BYTES: usize = 12;
/// Bytes of the identifier of a grant, which that of its tokens begins with.
const GRANT_BYTES: usize = 16;
/// Random bytes in the identifier of a token without a grant; together they are of another length.
const ALONE_BYTES: usize = 20;

/// Tokens of the provider.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) grants: Arc<Grants>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) values: Arc<dyn KeyValue>,
    pub(crate) ids: Ids,
}

/// Access token that was issued here, has not expired, and was not revoked.
#[derive(Debug)]
pub(crate) struct ActiveToken {
    pub(crate) claims: Claims,
    /// Grant that it belongs to, unless a client got it for itself.
    pub(crate) grant: Option<(GrantId, Grant)>,
}

impl ActiveToken {
    /// Whether the token has a scope.
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        let scopes = self.claims.text("scope").unwrap_or_default();
        scopes.split(' ').any(|granted| granted == scope)
    }
}

impl Tokens {
    /// Access token of a grant, for these of its scopes.
    pub(crate) async fn access_token(
        &self,
        granted: &Granted,
        scopes: &[String],
    ) -> Result<String, AuthError> {
        let authorization = &granted.grant.authorization;
        let account = self.accounts.load(authorization.account).await?;
        let role = account.and_then(|account| account.role);
        let mut id = Uuid::from(granted.id).as_bytes().to_vec();
        id.extend(self.random::<RANDOM_BYTES>());
        let subject = authorization.account.to_string();
        let mut claims = self.access_claims(&subject, authorization.client.as_str(), &id, scopes);
        claims.insert("auth_time".to_owned(), authorization.authenticated_at.as_second().into());
        claims.insert("amr".to_owned(), json!(["pwd"]));
        if let Some(role) = role {
            claims.insert("roles".to_owned(), json!([role_name(role)]));
        }
        self.signed(ACCESS_ALGORITHM, ACCESS_TOKEN, claims)
    }

    /// Access token of a client for itself.
    pub(crate) fn client_token(
        &self,
        client: &AuthenticatedClient,
        scopes: &[String],
    ) -> Result<String, AuthError> {
        let id = client.id.as_str();
        let claims = self.access_claims(id, id, &self.random::<ALONE_BYTES>(), scopes);
        self.signed(ACCESS_ALGORITHM, ACCESS_TOKEN, claims)
    }

    /// ID token that goes with an access token, in the algorithm of its client. The nonce is that of the authorization request; a
    /// refreshed one has none.
    pub(crate) fn id_token(
        &self,
        grant: &Grant,
        client: &Registration,
        access_token: &str,
        nonce: Option<&str>,
    ) -> Result<String, AuthError> {
        let authorization = &grant.authorization;
        let algorithm = id_token_algorithm(client);
        let mut claims = self.timed_claims(&authorization.account.to_string());
        claims.insert("aud".to_owned(), authorization.client.as_str().into());
        claims.insert("auth_time".to_owned(), authorization.authenticated_at.as_second().into());
        claims.insert("amr".to_owned(), json!(["pwd"]));
        claims.insert("at_hash".to_owned(), at_hash(algorithm, access_token).into());
        claims.insert("sid".to_owned(), authorization.session.as_str().into());
        if let Some(nonce) = nonce {
            claims.insert("nonce".to_owned(), nonce.into());
        }
        self.signed(algorithm, "JWT", claims)
    }

    /// Access token that counts now, whoever presents it.
    pub(crate) async fn active(&self, token: &str) -> Result<Option<ActiveToken>, AuthError> {
        let now = self.ids.now();
        // A key that is published no longer signed nothing that has not expired.
        let keys = self.keyring.published(now);
        let Some(claims) = verified(token, ACCESS_TOKEN, &keys, &[ACCESS_ALGORITHM]) else {
            return Ok(None);
        };
        let expected = Expected {
            issuer: self.issuer.as_str(),
            audience: self.issuer.origin(),
            now,
            leeway_seconds: 0,
        };
        let Some(jti) = claims.text("jti").filter(|_| claims.validate(&expected).is_ok()) else {
            return Ok(None);
        };
        if self.values.value(&denied_key(jti), now).await?.is_some() {
            return Ok(None);
        }
        let Some(id) = grant_of(jti) else {
            let is_valid = self.is_client_of(&claims).await?;
            return Ok(is_valid.then_some(ActiveToken { claims, grant: None }));
        };
        let Some(stream) = self.grants.load(id).await? else { return Ok(None) };
        match &stream.0 {
            Some(grant) if self.grants.is_valid(grant).await? => {
                Ok(Some(ActiveToken { claims, grant: Some((id, grant.clone())) }))
            }
            _ => Ok(None),
        }
    }

    /// Revokes an access token: with its grant, or alone.
    pub(crate) async fn revoke(&self, token: &ActiveToken) -> Result<(), AuthError> {
        if let Some((id, _)) = &token.grant {
            return self.grants.revoke(*id).await;
        }
        let expires = token.claims.seconds("exp").ok().flatten().unwrap_or(i64::MAX);
        let expires = Timestamp::from_second(expires).unwrap_or(Timestamp::MAX);
        let key = denied_key(token.claims.text("jti").unwrap_or_default());
        Ok(self.values.put(&key, "1".into(), Some(expires)).await.map(drop)?)
    }

    /// Claims of an ID token of this issuer that somebody gives as a hint; it may have expired, and its key may be published no longer.
    pub(crate) fn hinted(&self, token: &str) -> Option<Claims> {
        let claims = verified(token, "jwt", &self.keyring.all(), &Algorithm::ALL)?;
        (claims.text("iss") == Some(self.issuer.as_str())).then_some(claims)
    }

    /// Whether the client of a token without a grant is registered since before it got the token.
    async fn is_client_of(&self, claims: &Claims) -> Result<bool, AuthError> {
        let Some(id) = claims.text("client_id").and_then(ClientId::parse) else { return Ok(false) };
        let issued = claims.seconds("iat").ok().flatten().unwrap_or(i64::MIN);
        let client = self.grants.clients.find(&id).await?;
        Ok(client.is_some_and(|client| client.registered_at.as_second() <= issued))
    }

    fn access_claims(
        &self,
        subject: &str,
        client: &str,
        id: &[u8],
        scopes: &[String],
    ) -> Map<String, Value> {
        let mut claims = self.timed_claims(subject);
        claims.insert("aud".to_owned(), self.issuer.origin().into());
        claims.insert("client_id".to_owned(), client.into());
        claims.insert("jti".to_owned(), base64url_encode(id).into());
        if !scopes.is_empty() {
            claims.insert("scope".to_owned(), scopes.join(" ").into());
        }
        claims
    }

    /// Issuer, subject and times.
    fn timed_claims(&self, subject: &str) -> Map<String, Value> {
        let now = self.ids.now();
        let expires = now.checked_add(LIFETIME).unwrap_or(Timestamp::MAX);
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), self.issuer.as_str().into());
        claims.insert("sub".to_owned(), subject.into());
        claims.insert("iat".to_owned(), now.as_second().into());
        claims.insert("exp".to_owned(), expires.as_second().into());
        claims
    }

    fn signed(
        &self,
        algorithm: Algorithm,
        typ: &str,
        claims: Map<String, Value>,
    ) -> Result<String, AuthError> {
        let payload = Value::Object(claims).to_string();
        self.keyring.sign(algorithm, self.ids.now(), typ, payload.as_bytes())
    }

    fn random<const BYTES: usize>(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        self.ids.randomness().fill(&mut bytes);
        bytes
    }
}

/// Claims of a token of this type that one of these keys signed.
fn verified(token: &str, typ: &str, keys: &JwkSet, algorithms: &[Algorithm]) -> Option<Claims> {
    let jws = Jws::parse(token).ok().filter(|jws| jws.header().is_typed(typ))?;
    let payload = jws.verify_by_set(keys, algorithms).ok()?;
    Claims::parse(&payload).ok()
}

fn id_token_algorithm(client: &Registration) -> Algorithm {
    match client.id_token_algorithm {
        None | Some(TokenAlgorithm::Rs256) => Algorithm::Rs256,
        Some(TokenAlgorithm::Es256) => Algorithm::Es256,
        Some(TokenAlgorithm::EdDsa) => Algorithm::EdDsa,
    }
}

/// Left half of the hash of an access token (`at_hash`), by the hash function of the algorithm; that of Ed25519 is SHA-512.
fn at_hash(algorithm: Algorithm, access_token: &str) -> String {
    let hash = match algorithm {
        Algorithm::EdDsa => Sha512::digest(access_token).to_vec(),
        Algorithm::Es256 | Algorithm::Rs256 => Sha256::digest(access_token).to_vec(),
    };
    base64url_encode(&hash[..hash.len() / 2])
}

/// Name of a role in tokens and on the command line.
pub(crate) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Merchandiser => "merchandiser",
        Role::Fulfilment => "fulfilment",
        Role::Finance => "finance",
        Role::Admin => "admin",
    }
}

/// Grant that the identifier of a token names.
fn grant_of(jti: &str) -> Option<GrantId> {
    let bytes = base64url_decode(jti).ok()?;
    let (grant, random) = bytes.split_first_chunk::<GRANT_BYTES>()?;
    (random.len() == RANDOM_BYTES).then(|| GrantId(Uuid::from_bytes(*grant)))
}

fn denied_key(jti: &str) -> String {
    ["denied-", jti].concat()
}

/// Deletes values that have expired; how many.
pub(crate) async fn sweep(values: &dyn KeyValue, ids: &Ids) -> Result<usize, StorageError> {
    const SWEPT_MAX: usize = 1_000;
    values.sweep(ids.now(), SWEPT_MAX).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        adapters::settings::AuthSettings,
        application::{client_authentication::Credentials, client_order::ClientOrder},
        provider::Provider,
    };
    use engine_memory::MemoryEngine;
    use kernel::{ManualClock, SeededRandomness};

    #[tokio::test]
    async fn a_key_that_is_published_no_longer_signs_nothing_that_counts() {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
        let storage = MemoryEngine::new().service("auth-server");
        let settings = AuthSettings::default();
        let old = Provider::open(&settings, &storage, &ids).await.unwrap();
        old.key_store.rotate(false).await.unwrap();
        let new = Provider::open(&settings, &storage, &ids).await.unwrap();
        let order = ClientOrder {
            grant_types: vec!["client_credentials".to_owned()],
            ..ClientOrder::default()
        };
        let (registration, secret) = order.registration(&**ids.randomness()).unwrap();
        new.clients.register(&ClientId::parse("robot").unwrap(), registration).await.unwrap();
        let secret = Credentials::Secret { id: "robot".to_owned(), secret: secret.unwrap() };
        let client = new.authenticator.authenticate(&secret).await.unwrap().unwrap();
        let counts = async || {
            let token = old.tokens.client_token(&client, &[]).unwrap();
            new.tokens.active(&token).await.unwrap().is_some()
        };
        // Published for a day after the new key signs, which it does two hours later.
        clock.advance(Duration::from_hours(26).saturating_sub(Duration::from_secs(1)));
        assert!(counts().await);
        clock.advance(Duration::from_secs(1));
        assert!(!counts().await, "whoever found the old key cannot use it");
    }
}
