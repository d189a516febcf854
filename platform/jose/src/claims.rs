//! Claims of a JWT (RFC 7519): read strictly, and validated at a given time.

use crate::{JoseError, strict_json};
use kernel::{Timestamp, security_checks::holds};
use serde_json::{Map, Value};

/// Claims of a token whose signature was verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Map<String, Value>);

/// What the claims of a token have to say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Issuer, to the letter.
    pub issuer: &'a str,
    /// Audience that must be among those of the token.
    pub audience: &'a str,
    /// Present time.
    pub now: Timestamp,
    /// Clocks that differ: seconds by which a token may be early or late.
    pub leeway_seconds: i64,
}

/// Reason why claims are not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// A claim that is needed and missing, or has another type than it must have.
    #[error("the claim {0} is missing or of a wrong type")]
    Malformed(&'static str),
    /// Of another issuer.
    #[error("the token is of another issuer")]
    Issuer,
    /// For somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// No longer valid.
    #[error("the token has expired")]
    Expired,
    /// Not valid yet, or issued in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
}

impl Claims {
    /// Claims of a verified payload.
    ///
    /// # Errors
    ///
    /// [`JoseError::Json`].
    pub fn parse(payload: &[u8]) -> Result<Self, JoseError> {
        strict_json::object(payload).map(Self)
    }

    /// Claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Claim of any type.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All claims, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Claim that is a time in seconds since 1970; `None` when it is missing.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Malformed`] when it is anything but a number within the range of times. Fractions are cut off.
    pub fn seconds(&self, name: &'static str) -> Result<Option<i64>, ClaimError> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let whole = value.as_i64().or_else(|| whole_seconds(value.as_f64()?));
        let within = |seconds: &i64| Timestamp::from_second(*seconds).is_ok();
        whole.filter(within).map(Some).ok_or(ClaimError::Malformed(name))
    }

    /// Audiences: a text, or an array of texts.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Malformed`].
    pub fn audiences(&self) -> Result<Vec<&str>, ClaimError> {
        let malformed = ClaimError::Malformed("aud");
        match self.0.get("aud") {
            Some(Value::String(audience)) => Ok(vec![audience]),
            Some(Value::Array(audiences)) => {
                audiences.iter().map(|it| it.as_str().ok_or(malformed)).collect()
            }
            _ => Err(malformed),
        }
    }

    /// Validates issuer, audience and times. `exp` must be there; `nbf` and `iat` count where they are.
    ///
    /// # Errors
    ///
    /// [`ClaimError`].
    pub fn validate(&self, expected: &Expected<'_>) -> Result<(), ClaimError> {
        let issuer = self.text("iss").ok_or(ClaimError::Malformed("iss"))?;
        if !holds("jwt_issuer", issuer == expected.issuer) {
            return Err(ClaimError::Issuer);
        }
        if !holds("jwt_audience", self.audiences()?.contains(&expected.audience)) {
            return Err(ClaimError::Audience);
        }
        self.validate_times(expected.now, expected.leeway_seconds)
    }

    /// Validates the times alone, for a token whose audience means nothing. `exp` must be there; `nbf` and `iat` count where they are.
    ///
    /// # Errors
    ///
    /// [`ClaimError`].
    pub fn validate_times(&self, now: Timestamp, leeway_seconds: i64) -> Result<(), ClaimError> {
        let (now, leeway) = (now.as_second(), leeway_seconds);
        let expires = self.seconds("exp")?.ok_or(ClaimError::Malformed("exp"))?;
        if !holds("jwt_expiry", now < expires.saturating_add(leeway)) {
            return Err(ClaimError::Expired);
        }
        for name in ["nbf", "iat"] {
            let is_begun =
                self.seconds(name)?.is_none_or(|from| now >= from.saturating_sub(leeway));
            if !holds("jwt_not_before", is_begun) {
                return Err(ClaimError::NotYetValid);
            }
        }
        Ok(())
    }
}

/// Whole seconds of a fraction that is within the range of times.
fn whole_seconds(seconds: f64) -> Option<i64> {
    let is_within = (0.0..1e12).contains(&seconds);
    #[expect(clippy::cast_possible_truncation, reason = "it is within the range")]
    is_within.then_some(seconds as i64)
}
