//! Tokens: access tokens (RFC 9068), ID tokens (OpenID Connect Core, section 2), and what an access token still is worth.

pub(crate) mod active;
pub(crate) mod binding;
pub(crate) mod dpop;
pub(crate) mod exchange;
pub(crate) mod revision;
pub(crate) mod rules;
pub(crate) mod subjects;

use super::{
    accounts::{
        Accounts,
        standard_claims::{claims_of, verify_email},
    },
    clients::authentication::AuthenticatedClient,
    error::AuthError,
    grants::{Granted, Grants},
    issuer::Issuer,
    keys::keyring::Keyring,
};
use crate::domain::{
    events::{Authorization, ClientId, Registration},
    grant::Grant,
};
use active::ActiveToken;
use binding::Binding;
use identifiers::GrantId;
use jose::{Algorithm, Claims, Expected, Jwk, JwkSet, Jws, base64url_decode, base64url_encode};
use kernel::{Ids, Timestamp, Uuid, security_checks::holds};
use rules::{LIFETIME, PASSWORD_ONLY, at_hash, id_token_algorithm, lifetime};
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};
use storage::KeyValue;
use subjects::Subjects;

/// Type of access tokens.
pub(crate) const ACCESS_TOKEN: &str = "at+jwt";
/// Algorithm of access tokens: short, and fast to sign.
pub(crate) const ACCESS_ALGORITHM: Algorithm = Algorithm::Es256;
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
    pub(crate) subjects: Arc<Subjects>,
    pub(crate) values: Arc<dyn KeyValue>,
    pub(crate) ids: Ids,
}

/// What an access token is about.
pub(crate) struct AccessToken<'a> {
    pub(crate) subject: &'a str,
    pub(crate) client: &'a ClientId,
    pub(crate) scopes: &'a [String],
    /// What it is bound to.
    pub(crate) binding: Binding<'a>,
}

impl Tokens {
    /// Access token of a grant, for these of its scopes, with this binding.
    pub(crate) async fn access_token(
        &self,
        granted: &Granted,
        client: &Registration,
        scopes: &[String],
        binding: Binding<'_>,
    ) -> Result<String, AuthError> {
        let authorization = &granted.grant.authorization;
        let account = self.accounts.load(authorization.account).await?;
        let role = account.and_then(|account| account.role);
        let subject = self.subjects.of(authorization.account, client);
        let client_id = &authorization.client;
        let token = AccessToken { subject: &subject, client: client_id, scopes, binding };
        let mut claims =
            self.access_claims(&token, &self.identifier_of(granted.id), lifetime(client));
        claims.insert("auth_time".to_owned(), authorization.authenticated_at.as_second().into());
        claims.insert("acr".to_owned(), PASSWORD_ONLY.into());
        claims.insert("amr".to_owned(), methods(authorization));
        if let Some(role) = role {
            claims.insert("roles".to_owned(), json!([role.name()]));
        }
        self.signed(ACCESS_ALGORITHM, ACCESS_TOKEN, claims)
    }

    /// Access token of a client for itself, with this binding.
    pub(crate) fn client_token(
        &self,
        client: &AuthenticatedClient,
        scopes: &[String],
        binding: Binding<'_>,
    ) -> Result<String, AuthError> {
        let subject = client.id.as_str();
        let token = AccessToken { subject, client: &client.id, scopes, binding };
        let id = self.identifier_alone();
        let mut claims = self.access_claims(&token, &id, lifetime(client.registration()));
        if let Some(role) = client.registration().policy.role {
            claims.insert("roles".to_owned(), json!([role.name()]));
        }
        self.signed(ACCESS_ALGORITHM, ACCESS_TOKEN, claims)
    }

    /// ID token that goes with an access token, in the algorithm of its client. The nonce is that of the authorization request; a
    /// refreshed one has none.
    pub(crate) async fn id_token(
        &self,
        grant: &Grant,
        client: &Registration,
        access_token: &str,
        nonce: Option<&str>,
    ) -> Result<String, AuthError> {
        let authorization = &grant.authorization;
        let algorithm = id_token_algorithm(client);
        let account = authorization.account;
        let mut claims = self.timed_claims(&self.subjects.of(account, client), LIFETIME);
        let asked_for = &authorization.extensions.id_token_claims;
        if !asked_for.is_empty()
            && let Some(person) = self.accounts.person(account).await?
        {
            let mut known = claims_of(&person, |scope| grant.has_scope(scope));
            verify_email(&mut known, self.accounts.load(account).await?.as_deref());
            claims.extend(known.into_iter().filter(|(name, _)| asked_for.contains(name)));
        }
        claims.insert("aud".to_owned(), authorization.client.as_str().into());
        claims.insert("auth_time".to_owned(), authorization.authenticated_at.as_second().into());
        claims.insert("acr".to_owned(), PASSWORD_ONLY.into());
        claims.insert("amr".to_owned(), methods(authorization));
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
        let denial = self.values.value(&denied_key(jti), now).await?;
        if !holds("token_denied", denial.is_none()) {
            return Ok(None);
        }
        let Some(id) = grant_of(jti) else {
            let is_valid = self.is_client_of(&claims).await?;
            return Ok(is_valid.then_some(ActiveToken { claims, grant: None }));
        };
        let Some(stream) = self.grants.load(id).await? else { return Ok(None) };
        match &stream.0 {
            // One that was exchanged counts as long as both clients are registered.
            Some(grant)
                if self.grants.is_valid(grant).await? && self.is_client_of(&claims).await? =>
            {
                Ok(Some(ActiveToken { claims, grant: Some((id, grant.clone())) }))
            }
            _ => Ok(None),
        }
    }

    /// Key by which access tokens are signed now.
    pub(crate) fn access_key(&self) -> Option<Jwk> {
        self.keyring.signing(ACCESS_ALGORITHM, self.ids.now())
    }

    /// Revokes an access token: with its grant, if that was given to the client of the token; or alone, if the client got it for itself
    /// or in exchange for a token of another.
    pub(crate) async fn revoke(&self, token: &ActiveToken) -> Result<(), AuthError> {
        if let Some((id, grant)) = &token.grant
            && token.client().as_ref() == Some(&grant.authorization.client)
        {
            return self.grants.revoke(*id).await;
        }
        let expires = token.claims.seconds("exp").ok().flatten().unwrap_or(i64::MAX);
        let expires = Timestamp::from_second(expires).unwrap_or(Timestamp::MAX);
        let key = denied_key(token.claims.text("jti").unwrap_or_default());
        drop(self.values.put(&key, "1".into(), Some(expires)).await?);
        self.grants.sessions.revision.advance();
        Ok(())
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
        let is_registered = client.is_some_and(|client| client.registered_at.as_second() <= issued);
        Ok(holds("token_client", is_registered))
    }

    /// New identifier of a token that belongs to a grant.
    pub(crate) fn identifier_of(&self, grant: GrantId) -> Vec<u8> {
        let mut id = Uuid::from(grant).as_bytes().to_vec();
        id.extend(self.random::<RANDOM_BYTES>());
        id
    }

    /// New identifier of a token that belongs to none.
    pub(crate) fn identifier_alone(&self) -> Vec<u8> {
        self.random::<ALONE_BYTES>().to_vec()
    }

    pub(crate) fn access_claims(
        &self,
        token: &AccessToken<'_>,
        id: &[u8],
        lifetime: Duration,
    ) -> Map<String, Value> {
        let mut claims = self.timed_claims(token.subject, lifetime);
        claims.insert("aud".to_owned(), self.issuer.origin().into());
        claims.insert("client_id".to_owned(), token.client.as_str().into());
        claims.insert("jti".to_owned(), base64url_encode(id).into());
        if !token.scopes.is_empty() {
            claims.insert("scope".to_owned(), token.scopes.join(" ").into());
        }
        if let Some(confirmation) = token.binding.confirmation() {
            claims.insert("cnf".to_owned(), confirmation);
        }
        claims
    }

    /// Issuer, subject and times.
    pub(crate) fn timed_claims(&self, subject: &str, lifetime: Duration) -> Map<String, Value> {
        let now = self.ids.now();
        let expires = now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), self.issuer.as_str().into());
        claims.insert("sub".to_owned(), subject.into());
        claims.insert("iat".to_owned(), now.as_second().into());
        claims.insert("exp".to_owned(), expires.as_second().into());
        claims
    }

    pub(crate) fn signed(
        &self,
        algorithm: Algorithm,
        typ: &str,
        claims: Map<String, Value>,
    ) -> Result<String, AuthError> {
        let payload = Value::Object(claims).to_string();
        self.keyring.sign(algorithm, self.ids.now(), typ, payload.as_bytes())
    }

    pub(crate) fn random<const BYTES: usize>(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        self.ids.randomness().fill(&mut bytes);
        bytes
    }
}

/// Claims of a token of this type that one of these keys signed.
fn verified(token: &str, typ: &str, keys: &JwkSet, algorithms: &[Algorithm]) -> Option<Claims> {
    let jws = Jws::parse(token).ok()?;
    if !holds("token_type", jws.header().is_typed(typ)) {
        return None;
    }
    let payload = jws.verify_by_set(keys, algorithms).ok()?;
    Claims::parse(&payload).ok()
}

/// Authentication methods (`amr`). An authorization of before there was a choice was by password.
fn methods(authorization: &Authorization) -> Value {
    match &*authorization.extensions.methods {
        [] => json!(["pwd"]),
        methods => json!(methods),
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

#[cfg(test)]
mod tests;
