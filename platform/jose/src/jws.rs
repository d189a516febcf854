//! Compact JWS (RFC 7515, section 3.1): parsing and verification.

use crate::{Algorithm, JoseError, JwkSet, VerifyingKey, base64url, strict_json};
use kernel::security_checks::holds;
use serde_json::{Map, Value};
use std::fmt;

/// Longest token that is parsed, in bytes.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// Longest identifier of a key, in bytes.
pub const KID_BYTES_MAX: usize = 256;
/// Longest header, in bytes as they are sent.
const HEADER_BYTES_MAX: usize = 4 * 1024;
/// Most keys that are tried for a token that does not name one.
const TRIED_KEYS_MAX: usize = 10;

/// Header of a JWS, as far as it is believed: what it says about where keys are found (`jku`, `x5u`, `jwk`, `x5c`) is ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Type of the token (`typ`).
    pub typ: Option<String>,
    /// Identifier of the key (`kid`); when signing, that of the key is taken.
    pub kid: Option<String>,
}

impl Header {
    /// Header of a token of this type.
    pub fn typed(typ: &str) -> Self {
        Self { typ: Some(typ.to_owned()), kid: None }
    }

    /// The header as JSON.
    pub(crate) fn written(&self, algorithm: Algorithm, kid: &str) -> String {
        let mut members = Map::new();
        members.insert("alg".to_owned(), algorithm.name().into());
        members.insert("kid".to_owned(), kid.into());
        if let Some(typ) = &self.typ {
            members.insert("typ".to_owned(), typ.as_str().into());
        }
        Value::Object(members).to_string()
    }

    /// Whether the type is this one; `application/` before it makes no difference (RFC 7515, section 4.1.9).
    pub fn is_typed(&self, typ: &str) -> bool {
        let own = self.typ.as_deref().unwrap_or_default().to_ascii_lowercase();
        own.strip_prefix("application/").unwrap_or(&own) == typ
    }
}

/// Parsed JWS, whose signature nobody has verified yet: its payload is not to be had before.
#[derive(Clone)]
pub struct Jws<'a> {
    algorithm: Algorithm,
    header: Header,
    message: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Parses a token.
    ///
    /// # Errors
    ///
    /// See [`JoseError`].
    pub fn parse(token: &'a str) -> Result<Self, JoseError> {
        if !holds("jws_length", token.len() <= TOKEN_BYTES_MAX) {
            return Err(JoseError::TooLarge);
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JoseError::Structure);
        };
        let members = header_members(token)?;
        let (algorithm, header_members) = parsed_header(&members)?;
        Ok(Self {
            algorithm,
            header: header_members,
            message: &token[..header.len() + 1 + payload.len()],
            payload: base64url::decode(payload)?,
            signature: base64url::decode(signature)?,
        })
    }

    /// Header, of which nothing is proven yet.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Algorithm that the token claims to be signed with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Issuer that the token claims to be from, to choose the keys by which it is verified and for nothing else.
    ///
    /// # Errors
    ///
    /// [`JoseError::Json`] when the payload has no issuer.
    pub fn unverified_issuer(&self) -> Result<String, JoseError> {
        let claims = strict_json::object(&self.payload)?;
        let issuer = claims.get("iss").and_then(Value::as_str);
        issuer.map(ToOwned::to_owned).ok_or(JoseError::Json)
    }

    /// Payload, if the signature is that of this key. The key decides on the algorithm.
    ///
    /// # Errors
    ///
    /// [`JoseError::Algorithm`] when the token names another algorithm, and [`JoseError::Signature`].
    pub fn verify(self, key: &VerifyingKey) -> Result<Vec<u8>, JoseError> {
        if !holds("jws_algorithm_of_key", self.algorithm == key.algorithm()) {
            return Err(JoseError::Algorithm);
        }
        key.verify(self.message.as_bytes(), &self.signature)?;
        Ok(self.payload)
    }

    /// Payload, if the signature is that of a key of the set, by one of these algorithms: the key that the token names, or, if it
    /// names none, one of the first ten that fit the algorithm.
    ///
    /// # Errors
    ///
    /// [`JoseError::Algorithm`], [`JoseError::UnknownKey`] and [`JoseError::Signature`].
    pub fn verify_by_set(self, set: &JwkSet, allowed: &[Algorithm]) -> Result<Vec<u8>, JoseError> {
        if !holds("jws_algorithm_allowed", allowed.contains(&self.algorithm)) {
            return Err(JoseError::Algorithm);
        }
        let named = set.keys().iter().filter(|key| match &self.header.kid {
            Some(kid) => holds("jws_key_named", key.kid() == Some(kid)),
            None => true,
        });
        let fitting = named.filter_map(|key| key.verifying_key_for(self.algorithm));
        let mut refusal = JoseError::UnknownKey;
        for key in fitting.take(TRIED_KEYS_MAX) {
            refusal = match key.verify(self.message.as_bytes(), &self.signature) {
                Ok(()) => return Ok(self.payload),
                Err(error) => error,
            };
        }
        Err(refusal)
    }
}

impl fmt::Debug for Jws<'_> {
    /// Without payload and signature, which together are the token.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Jws").field("header", &self.header).finish_non_exhaustive()
    }
}

/// Members of the header of a token, of which nothing is proven.
pub(crate) fn header_members(token: &str) -> Result<Map<String, Value>, JoseError> {
    let header = token.split('.').next().unwrap_or_default();
    if header.len() > HEADER_BYTES_MAX {
        return Err(JoseError::TooLarge);
    }
    strict_json::object(&base64url::decode(header)?)
}

fn parsed_header(members: &Map<String, Value>) -> Result<(Algorithm, Header), JoseError> {
    let has_extension = members.contains_key("crit") || members.contains_key("b64");
    if !holds("jws_extension", !has_extension) {
        return Err(JoseError::Extension);
    }
    let name = members.get("alg").and_then(Value::as_str).ok_or(JoseError::Algorithm)?;
    let algorithm = Algorithm::of_name(name).ok_or(JoseError::Algorithm)?;
    let text = |name: &str| match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if text.len() <= KID_BYTES_MAX => Ok(Some(text.clone())),
        Some(_) => Err(JoseError::Json),
    };
    Ok((algorithm, Header { typ: text("typ")?, kid: text("kid")? }))
}
