//! JWK sets (RFC 7517, section 5).

use crate::{JoseError, Jwk, strict_json};
use serde_json::{Value, json};

/// Most keys of a set that are looked at.
pub const KEYS_MAX: usize = 100;
/// Largest set that is parsed, in bytes.
const SET_BYTES_MAX: usize = 512 * 1024;

/// Set of public keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JwkSet(Vec<Jwk>);

impl JwkSet {
    /// Set of these keys.
    pub fn new(keys: Vec<Jwk>) -> Self {
        Self(keys)
    }

    /// Parses a set. Keys that cannot be used for signatures here are left out, as RFC 7517 wants it (section 5): a set may have
    /// keys for encryption, or of algorithms that are not known here.
    ///
    /// # Errors
    ///
    /// [`JoseError::Json`] for what is no set, and [`JoseError::TooLarge`].
    pub fn parse(bytes: &[u8]) -> Result<Self, JoseError> {
        if bytes.len() > SET_BYTES_MAX {
            return Err(JoseError::TooLarge);
        }
        let members = strict_json::object(bytes)?;
        let keys = members.get("keys").and_then(Value::as_array).ok_or(JoseError::Json)?;
        if keys.len() > KEYS_MAX {
            return Err(JoseError::TooLarge);
        }
        let keys = keys.iter().filter_map(Value::as_object);
        Ok(Self(keys.filter_map(|members| Jwk::of_members(members).ok()).collect()))
    }

    /// Keys of the set.
    pub fn keys(&self) -> &[Jwk] {
        &self.0
    }

    /// The set as JSON.
    pub fn to_json(&self) -> Value {
        json!({"keys": self.0.iter().map(Jwk::to_json).collect::<Vec<_>>()})
    }
}
