//! Tokens: access tokens (RFC 9068), ID tokens (OpenID Connect Core, section 2), and what an access token still is worth.

use super::{
    accounts::Accounts,
    client_authentication::AuthenticatedClient,
    error::AuthError,
    grants::{GrantId, Granted, Grants},
    issuer::Issuer,
    keyring::Keyring,
};
use crate::domain::{events::Role, grant::Grant};
use jose::{Algorithm, Claims, Expected, Jws, base64url_decode, base64url_encode};
use kernel::{Ids, Timestamp, Uuid};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use storage::{KeyValue, StorageError};

/// Lifetime of an access token and of an ID token.
pub(crate) const LIFETIME: Duration = Duration::from_mins(10);
/// Type of access tokens.
const ACCESS_TOKEN: &str = "at+jwt";
/// Algorithm of access tokens: short, and fast to sign.
const ACCESS_ALGORITHM: Algorithm = Algorithm::Es256;
/// Algorithm of ID tokens, the one that every client of OpenID Connect knows.
const ID_ALGORITHM: Algorithm = Algorithm::Rs256;
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

    /// ID token that goes with an access token. The nonce is that of the authorization request; a refreshed one has none.
    pub(crate) fn id_token(
        &self,
        grant: &Grant,
        access_token: &str,
        nonce: Option<&str>,
    ) -> Result<String, AuthError> {
        let authorization = &grant.authorization;
        let hash = Sha256::digest(access_token);
        let mut claims = self.timed_claims(&authorization.account.to_string());
        claims.insert("aud".to_owned(), authorization.client.as_str().into());
        claims.insert("auth_time".to_owned(), authorization.authenticated_at.as_second().into());
        claims.insert("amr".to_owned(), json!(["pwd"]));
        claims.insert("at_hash".to_owned(), base64url_encode(&hash[..hash.len() / 2]).into());
        claims.insert("sid".to_owned(), authorization.session.as_str().into());
        if let Some(nonce) = nonce {
            claims.insert("nonce".to_owned(), nonce.into());
        }
        self.signed(ID_ALGORITHM, "JWT", claims)
    }

    /// Access token that counts now, whoever presents it.
    pub(crate) async fn active(&self, token: &str) -> Result<Option<ActiveToken>, AuthError> {
        let Some(claims) = self.verified(token, ACCESS_TOKEN) else { return Ok(None) };
        let now = self.ids.now();
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
        let Some(id) = grant_of(jti) else { return Ok(Some(ActiveToken { claims, grant: None })) };
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

    /// Claims of an ID token of this issuer that somebody gives as a hint; it may have expired.
    pub(crate) fn hinted(&self, token: &str) -> Option<Claims> {
        let claims = self.verified(token, "jwt")?;
        (claims.text("iss") == Some(self.issuer.as_str())).then_some(claims)
    }

    fn verified(&self, token: &str, typ: &str) -> Option<Claims> {
        let jws = Jws::parse(token).ok().filter(|jws| jws.header().is_typed(typ))?;
        let algorithm = if typ == ACCESS_TOKEN { ACCESS_ALGORITHM } else { ID_ALGORITHM };
        let payload = jws.verify_by_set(&self.keyring.all(), &[algorithm]).ok()?;
        Claims::parse(&payload).ok()
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
