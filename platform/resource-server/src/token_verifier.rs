//! Verification of access tokens (RFC 9068, section 4), in the order in which it costs least and gives nothing away: form, issuer, key,
//! signature, type, claims, proof of possession, revocation.

use crate::{
    Audience, DpopVerifier, PresentedToken, Principal, TokenError, TokenTypes, TrustedIssuer,
    claim_mapping,
    introspection::IntrospectionCache,
    key_cache::{CachedKeys, KeyCache},
    sender_constraint::Confirmation,
    verified_tokens::{TokenDigest, VerifiedToken, VerifiedTokens, digest},
};
use jose::{ClaimError, Claims, Expected, JoseError, Jws, TOKEN_BYTES_MAX};
use kernel::{Clock, Timestamp, security_checks::holds};
use std::{sync::Arc, time::Duration};

/// Type of access tokens (RFC 9068, section 2.1).
const ACCESS_TOKEN: &str = "at+jwt";
/// Clocks of issuers that differ from ours, in seconds.
const LEEWAY_SECONDS: i64 = 60;
/// Time after which an issuer without a revision, which runs in another process, is asked again whether a token was revoked.
const STATUS_AGE_MAX: Duration = Duration::from_secs(5);

/// Verifier of access tokens.
#[derive(Debug)]
pub struct TokenVerifier {
    issuers: Vec<KnownIssuer>,
    verified: VerifiedTokens,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct KnownIssuer {
    issuer: TrustedIssuer,
    keys: KeyCache,
    introspection: Option<IntrospectionCache>,
}

impl TokenVerifier {
    /// Verifier of the tokens of these issuers.
    pub fn new(issuers: Vec<TrustedIssuer>, clock: Arc<dyn Clock>) -> Self {
        let known = |issuer: TrustedIssuer| {
            let introspection = issuer.introspection.clone();
            KnownIssuer {
                keys: KeyCache::new(Arc::clone(&issuer.keys), Arc::clone(&clock)),
                introspection: introspection.map(|introspection| {
                    IntrospectionCache::new(introspection, Arc::clone(&clock))
                }),
                issuer,
            }
        };
        let issuers = issuers.into_iter().map(known).collect();
        Self { issuers, verified: VerifiedTokens::default(), clock }
    }

    /// For whom a token was issued, if it counts now and may come alone: one that is bound to a key or a certificate does not.
    ///
    /// # Errors
    ///
    /// [`TokenError`].
    pub async fn verify(&self, token: &str) -> Result<Arc<Principal>, TokenError> {
        let verified = self.verified(token).await?;
        verified.confirmation.check_alone()?;
        Ok(verified.principal)
    }

    /// For whom a token was issued, if it counts now, and is presented with the key or the certificate that it is bound to.
    ///
    /// # Errors
    ///
    /// [`TokenError`].
    pub async fn verify_presented(
        &self,
        presented: &PresentedToken<'_>,
        proofs: &DpopVerifier,
    ) -> Result<Arc<Principal>, TokenError> {
        let verified = self.verified(presented.token).await?;
        let principal = verified.principal;
        let client = principal.client.as_deref().unwrap_or(&principal.subject);
        verified.confirmation.check(presented, client, proofs)?;
        Ok(principal)
    }

    /// For whom a token was issued, if it counts now. How it was presented was checked before, for the same request.
    ///
    /// # Errors
    ///
    /// [`TokenError`].
    pub async fn verify_confirmed(&self, token: &str) -> Result<Arc<Principal>, TokenError> {
        Ok(self.verified(token).await?.principal)
    }

    async fn verified(&self, token: &str) -> Result<VerifiedToken, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(JoseError::TooLarge.into());
        }
        let digest = digest(token);
        match self.remembered(&digest).await {
            Some(verified) => self.still_active(token, &digest, verified).await,
            // Rare, and not to be a part of the future of every request.
            None => Box::pin(self.verify_anew(token, digest)).await,
        }
    }

    /// Token that was verified before, by keys that are still those of its issuer.
    async fn remembered(&self, digest: &TokenDigest) -> Option<VerifiedToken> {
        let verified = self.verified.find(digest, self.clock.now())?;
        let Some(generation) = verified.generation else { return Some(verified) };
        let keys = self.issuers[verified.issuer].keys.current().await?;
        holds("verified_by_present_keys", keys.generation == generation).then_some(verified)
    }

    /// Asks the issuer from time to time whether a token was revoked. Where it cannot be asked, the token counts: it ends soon in any
    /// case, and the shop goes on without its issuer.
    async fn still_active(
        &self,
        token: &str,
        digest: &TokenDigest,
        verified: VerifiedToken,
    ) -> Result<VerifiedToken, TokenError> {
        let now = self.clock.now();
        let status = self.issuers[verified.issuer].issuer.status.as_ref();
        let Some(status) = status else { return Ok(verified) };
        let revision = status.revision().await;
        let is_due = if revision.is_some() {
            // Everybody asks until the answer is known: nobody passes because another request is asking.
            revision != verified.revision
        } else {
            let due = verified.checked_at.checked_add(STATUS_AGE_MAX).unwrap_or(Timestamp::MAX);
            now >= due && self.verified.begin_check(digest, verified.checked_at, now)
        };
        if !is_due {
            return Ok(verified);
        }
        let is_active = status.is_active(token).await;
        if is_active == Some(false) {
            self.verified.remove(digest);
            return Err(TokenError::Revoked);
        }
        if is_active.is_some() && revision.is_some() {
            self.verified.note_revision(digest, revision);
        }
        Ok(verified)
    }

    async fn verify_anew(
        &self,
        token: &str,
        digest: TokenDigest,
    ) -> Result<VerifiedToken, TokenError> {
        let jws = match Jws::parse(token) {
            Ok(jws) => jws,
            Err(refusal @ (JoseError::Structure | JoseError::Encoding | JoseError::Json)) => {
                return self.verify_opaque(token, digest, refusal).await;
            }
            Err(refusal) => return Err(refusal.into()),
        };
        let named = jws.unverified_issuer()?;
        if let Some(position) = self.introspecting(&named) {
            return self.verify_by_introspection(position, token, digest).await;
        }
        let (position, keys) = self.keys_of(&named).await?;
        let KnownIssuer { issuer, keys: cache, .. } = &self.issuers[position];
        let is_typed = is_access_token(&jws, issuer.types)?;
        let (payload, keys) = verified_payload(jws, issuer, cache, keys).await?;
        let claims = Claims::parse(&payload)?;
        if !is_typed {
            claim_mapping::refuse_other_types(&claims)?;
        }
        let now = self.clock.now();
        validate(&claims, issuer, &keys, now)?;
        let expires = end(&claims, issuer, now)?;
        // Before the status: what changes in between is asked for again.
        let revision = match &issuer.status {
            Some(status) => status.revision().await,
            None => None,
        };
        let subject = claims.text("sub");
        let principal = claim_mapping::principal(issuer, &named, &claims, subject)?;
        let verified = VerifiedToken {
            principal: Arc::new(principal),
            confirmation: Arc::new(Confirmation::of(&claims)?),
            issuer: position,
            generation: Some(keys.generation),
            expires,
            checked_at: now,
            revision,
        };
        if let Some(status) = &issuer.status
            && status.is_active(token).await == Some(false)
        {
            return Err(TokenError::Revoked);
        }
        self.verified.insert(digest, verified.clone());
        Ok(verified)
    }

    /// Position of the issuer with exactly this name, if it is asked about its JWTs.
    fn introspecting(&self, named: &str) -> Option<usize> {
        self.issuers.iter().position(|known| {
            let introspection = known.introspection.as_ref();
            known.issuer.name.as_deref() == Some(named)
                && introspection.is_some_and(|it| it.introspection.of_jwts)
        })
    }

    /// Token that cannot be read: each issuer that can be asked is asked, until one knows it.
    async fn verify_opaque(
        &self,
        token: &str,
        digest: TokenDigest,
        refusal: JoseError,
    ) -> Result<VerifiedToken, TokenError> {
        let mut refusal = refusal.into();
        for position in 0..self.issuers.len() {
            if self.issuers[position].introspection.is_none() {
                continue;
            }
            match self.verify_by_introspection(position, token, digest).await {
                Err(TokenError::Inactive) if refusal != TokenError::Unavailable => {
                    refusal = TokenError::Inactive;
                }
                Err(TokenError::Inactive) => {}
                Err(TokenError::Unavailable) => refusal = TokenError::Unavailable,
                verified => return verified,
            }
        }
        Err(refusal)
    }

    /// Token of an issuer that is asked about it.
    async fn verify_by_introspection(
        &self,
        position: usize,
        token: &str,
        digest: TokenDigest,
    ) -> Result<VerifiedToken, TokenError> {
        let KnownIssuer { issuer, introspection, .. } = &self.issuers[position];
        let (Some(introspection), Some(name)) = (introspection, &issuer.name) else {
            return Err(TokenError::Issuer);
        };
        let claims = introspection.claims(token, digest).await?;
        claim_mapping::refuse_other_types(&claims)?;
        let is_its_own = claims.get("iss").is_none_or(|issuer| issuer == name.as_str());
        if !holds("introspected_issuer", is_its_own) {
            return Err(ClaimError::Issuer.into());
        }
        if let Audience::Named(audience) = &issuer.audience
            && !holds("introspected_audience", claims.audiences()?.contains(&&**audience))
        {
            return Err(ClaimError::Audience.into());
        }
        let now = self.clock.now();
        let believed_until = now.checked_add(introspection.introspection.max_age);
        let mut expires = believed_until.unwrap_or(Timestamp::MAX);
        if claims.get("exp").is_some() {
            claims.validate_times(now, LEEWAY_SECONDS)?;
            expires = expires.min(end(&claims, issuer, now)?);
        }
        // A client that acts for itself has no subject at some issuers.
        let subject = claims.text("sub").or_else(|| claim_mapping::client(&claims));
        let verified = VerifiedToken {
            principal: Arc::new(claim_mapping::principal(issuer, name, &claims, subject)?),
            confirmation: Arc::new(Confirmation::of(&claims)?),
            issuer: position,
            generation: None,
            expires,
            checked_at: now,
            revision: None,
        };
        self.verified.insert(digest, verified.clone());
        Ok(verified)
    }

    /// Position and keys of the issuer with exactly this name. Nothing is fetched for a name that nobody knows, but for the keys of an
    /// issuer that says itself what it is called.
    async fn keys_of(&self, named: &str) -> Result<(usize, Arc<CachedKeys>), TokenError> {
        let mut is_unavailable = false;
        for (position, known) in self.issuers.iter().enumerate() {
            let is_named = known.issuer.name.as_deref().is_none_or(|name| name == named);
            if !is_named {
                continue;
            }
            match known.keys.current().await {
                Some(keys) if keys.issuer.issuer == named => return Ok((position, keys)),
                Some(_) => {}
                None => is_unavailable = true,
            }
        }
        Err(if is_unavailable { TokenError::Unavailable } else { TokenError::Issuer })
    }
}

/// Whether the header says that this is an access token; refused if it says that it is something else, or has to say it and does not.
fn is_access_token(jws: &Jws<'_>, types: TokenTypes) -> Result<bool, TokenError> {
    let header = jws.header();
    if header.is_typed(ACCESS_TOKEN) {
        return Ok(true);
    }
    let is_untyped = header.typ.is_none() || header.is_typed("jwt");
    match types {
        TokenTypes::AlsoUntyped if is_untyped => Ok(false),
        _ if holds("access_token_type", false) => Ok(true),
        TokenTypes::AlsoUntyped | TokenTypes::AccessTokenOnly => Err(TokenError::Type),
    }
}

/// Payload whose signature is that of a key of the issuer. Keys that may have changed are fetched again, for a key that is unknown, or
/// a token that names none and fits none.
async fn verified_payload(
    jws: Jws<'_>,
    issuer: &TrustedIssuer,
    cache: &KeyCache,
    keys: Arc<CachedKeys>,
) -> Result<(Vec<u8>, Arc<CachedKeys>), TokenError> {
    let refusal = match jws.clone().verify_by_set(&keys.issuer.keys, &issuer.algorithms) {
        Ok(payload) => return Ok((payload, keys)),
        Err(refusal) => refusal,
    };
    let may_have_changed = refusal == JoseError::UnknownKey || jws.header().kid.is_none();
    if may_have_changed && let Some(newer) = cache.newer(keys.generation).await {
        let payload = jws.verify_by_set(&newer.issuer.keys, &issuer.algorithms)?;
        return Ok((payload, newer));
    }
    Err(refusal.into())
}

/// Issuer, audience and times.
fn validate(
    claims: &Claims,
    issuer: &TrustedIssuer,
    keys: &CachedKeys,
    now: Timestamp,
) -> Result<(), ClaimError> {
    let audience = match &issuer.audience {
        Audience::Named(audience) => audience,
        Audience::OfIssuer => keys.issuer.audience.as_ref().ok_or(ClaimError::Audience)?,
        Audience::Any => return claims.validate_times(now, LEEWAY_SECONDS),
    };
    let expected =
        Expected { issuer: &keys.issuer.issuer, audience, now, leeway_seconds: LEEWAY_SECONDS };
    claims.validate(&expected)
}

/// When a token ends: as it says, and no later than its issuer may let it.
fn end(claims: &Claims, issuer: &TrustedIssuer, now: Timestamp) -> Result<Timestamp, ClaimError> {
    let mut end = claims.seconds("exp")?.ok_or(ClaimError::Malformed("exp"))?;
    if let Some(lifetime) = issuer.lifetime_max {
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let last = |from: i64| from.saturating_add(lifetime);
        end = match claims.seconds("iat")? {
            Some(issued_at) => end.min(last(issued_at)),
            None if end > last(now.as_second()) => return Err(ClaimError::Malformed("iat")),
            None => end,
        };
    }
    if !holds("access_token_lifetime", now.as_second() < end.saturating_add(LEEWAY_SECONDS)) {
        return Err(ClaimError::Expired);
    }
    Timestamp::from_second(end).map_err(|_| ClaimError::Malformed("exp"))
}
