//! Demonstrating proof of possession (DPoP, RFC 9449): a token signed for one request by the key to which tokens are bound.
//!
//! The verification is a pure function. Whether the proof was seen before is a question of state: a [`ReplayCache`], or whatever the
//! processes of a service share.
//!
//! ```
//! use jose::{DpopError, DpopProof, ExpectedProof};
//!
//! let expected = ExpectedProof {
//!     method: "POST",
//!     uri: "https://shop.example/auth/token",
//!     now: kernel::Timestamp::UNIX_EPOCH,
//!     access_token: None,
//!     nonces: &[],
//! };
//! assert!(matches!(DpopProof::verify("no proof", &expected), Err(DpopError::Token(_))));
//! ```

mod replay;

pub use replay::{ReplayCache, ReplayCacheFull};

use crate::{Algorithm, Claims, JoseError, Jwk, Jws, base64url, jws::header_members};
use kernel::{Timestamp, security_checks::holds};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

/// Oldest proof that is accepted, in seconds.
pub const PROOF_AGE_SECONDS_MAX: i64 = 60;
/// Seconds by which a proof may be ahead of the clock of the server.
pub const PROOF_AHEAD_SECONDS_MAX: i64 = 30;
/// Longest proof that is parsed, in bytes.
const PROOF_BYTES_MAX: usize = 8 * 1024;
/// Longest identifier (`jti`) of a proof, in bytes.
const JTI_BYTES_MAX: usize = 256;
/// Type of proofs.
const TYP: &str = "dpop+jwt";

/// Request for which a proof must have been made.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedProof<'a> {
    /// Method, such as `POST`.
    pub method: &'a str,
    /// Address of the resource as clients know it. Query and fragment make no difference.
    pub uri: &'a str,
    /// Present time.
    pub now: Timestamp,
    /// Access token that is presented with the proof, if there is one.
    pub access_token: Option<&'a str>,
    /// Nonces of the server that are accepted at present. Without any none is demanded, and one that is sent makes no difference.
    pub nonces: &'a [String],
}

/// Proof that is valid for a request. It counts once: who accepts it remembers its [`DpopProof::replay_key`] until
/// [`DpopProof::remembered_until`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DpopProof {
    thumbprint: String,
    replay_key: [u8; 32],
    issued_at: Timestamp,
}

/// Reason why a proof is not accepted. None of them repeats what was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DpopError {
    /// Not a signed token, or not signed with its own key.
    #[error(transparent)]
    Token(#[from] JoseError),
    /// A token of another type.
    #[error("the proof is not of the type dpop+jwt")]
    Type,
    /// A claim that is missing, of another type, or too long.
    #[error("the claim {0} of the proof is missing or malformed")]
    Malformed(&'static str),
    /// Made for another method.
    #[error("the proof is for another method")]
    Method,
    /// Made for another address.
    #[error("the proof is for another address")]
    Uri,
    /// Too old, or too far in the future.
    #[error("the proof was not issued just now")]
    Time,
    /// Made for another access token, or for none.
    #[error("the proof is for another access token")]
    AccessToken,
    /// Without a nonce of the server, or with an outdated one.
    #[error("the proof needs a nonce of the server")]
    Nonce,
}

impl DpopProof {
    /// Proof in the value of a `DPoP` header, if it was made for this request.
    ///
    /// # Errors
    ///
    /// See [`DpopError`]. [`DpopError::Nonce`] comes last: the proof is right but for its nonce.
    pub fn verify(proof: &str, expected: &ExpectedProof<'_>) -> Result<Self, DpopError> {
        if proof.len() > PROOF_BYTES_MAX {
            return Err(JoseError::TooLarge.into());
        }
        let jws = Jws::parse(proof)?;
        if !holds("dpop_type", jws.header().is_typed(TYP)) {
            return Err(DpopError::Type);
        }
        if !holds("dpop_algorithm", Algorithm::STRONG.contains(&jws.algorithm())) {
            return Err(JoseError::Algorithm.into());
        }
        let header = header_members(proof)?;
        let jwk = header.get("jwk").and_then(Value::as_object).ok_or(JoseError::Key)?;
        let jwk = Jwk::of_members(jwk)?;
        let key = jwk.verifying_key_for(jws.algorithm()).ok_or(JoseError::Algorithm)?;
        let claims = Claims::parse(&jws.verify(&key)?)?;
        let (jti, issued_at) = validated(&claims, expected)?;
        let thumbprint = jwk.thumbprint();
        let replay_key = Sha256::digest([thumbprint.as_bytes(), b".", jti.as_bytes()].concat());
        Ok(Self { thumbprint, replay_key: replay_key.into(), issued_at })
    }

    /// Thumbprint of the key that made the proof (RFC 7638): what tokens are bound to (`jkt`).
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Digest of key and identifier, by which a repetition is noticed.
    pub fn replay_key(&self) -> &[u8; 32] {
        &self.replay_key
    }

    /// Time from which the proof is too old in any case.
    pub fn remembered_until(&self) -> Timestamp {
        let seconds = self.issued_at.as_second().saturating_add(PROOF_AGE_SECONDS_MAX + 1);
        Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
    }
}

/// Identifier and time of claims that are right for a request.
fn validated<'a>(
    claims: &'a Claims,
    expected: &ExpectedProof<'_>,
) -> Result<(&'a str, Timestamp), DpopError> {
    let text = |name: &'static str| claims.text(name).ok_or(DpopError::Malformed(name));
    let jti = text("jti")?;
    if !holds("dpop_identifier", !jti.is_empty() && jti.len() <= JTI_BYTES_MAX) {
        return Err(DpopError::Malformed("jti"));
    }
    if !holds("dpop_method", text("htm")? == expected.method) {
        return Err(DpopError::Method);
    }
    let uri = target(text("htu")?).ok_or(DpopError::Malformed("htu"))?;
    if !holds("dpop_uri", Some(uri) == target(expected.uri)) {
        return Err(DpopError::Uri);
    }
    let malformed = DpopError::Malformed("iat");
    let issued = claims.seconds("iat").map_err(|_| malformed)?.ok_or(malformed)?;
    let age = expected.now.as_second().saturating_sub(issued);
    let is_recent = (-PROOF_AHEAD_SECONDS_MAX..=PROOF_AGE_SECONDS_MAX).contains(&age);
    if !holds("dpop_time", is_recent) {
        return Err(DpopError::Time);
    }
    if let Some(token) = expected.access_token {
        let digest = base64url::encode(Sha256::digest(token));
        if !holds("dpop_access_token", text("ath")? == digest) {
            return Err(DpopError::AccessToken);
        }
    }
    let nonce = claims.text("nonce").unwrap_or_default();
    let is_known = expected.nonces.is_empty() || expected.nonces.iter().any(|it| it == nonce);
    if !holds("dpop_nonce", is_known) {
        return Err(DpopError::Nonce);
    }
    Ok((jti, Timestamp::from_second(issued).map_err(|_| malformed)?))
}

/// Address in its normal form (RFC 3986, sections 6.2.2 and 6.2.3), without query and fragment.
fn target(uri: &str) -> Option<Url> {
    let mut url = Url::parse(uri).ok().filter(Url::has_host)?;
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}
