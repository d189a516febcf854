//! Validation of ID tokens (OpenID Connect Core, section 3.1.3.7).

use crate::{ClientRegistration, SignInError};
use jose::{Algorithm, Claims, Expected, Jws};
use kernel::Timestamp;
use subtle::ConstantTimeEq;

/// Clocks that differ, in seconds.
const LEEWAY_SECONDS: i64 = 60;
/// Type of access tokens, which no ID token has.
const ACCESS_TOKEN: &str = "at+jwt";

/// Public identifier of the provider's session (`sid`) in an ID token that was validated before. It signs nobody in.
pub(crate) fn session_id(token: &str) -> Option<String> {
    let payload = jose::base64url_decode(token.split('.').nth(1)?).ok()?;
    Claims::parse(&payload).ok()?.text("sid").map(ToOwned::to_owned)
}

/// Validates the ID token of a sign-in: of this issuer, for this client alone, and with the nonce of this sign-in.
pub(crate) fn validate(
    token: &str,
    registration: &ClientRegistration,
    nonce: &str,
    now: Timestamp,
) -> Result<(), SignInError> {
    let jws = Jws::parse(token).map_err(|_| SignInError::Invalid("its ID token is malformed"))?;
    if jws.header().is_typed(ACCESS_TOKEN) {
        return Err(SignInError::Invalid("its ID token is none"));
    }
    let payload = jws.verify_by_set(&registration.keys, &Algorithm::ALL);
    let payload =
        payload.map_err(|_| SignInError::Invalid("its ID token is not signed by the provider"))?;
    let claims =
        Claims::parse(&payload).map_err(|_| SignInError::Invalid("its ID token is malformed"))?;
    let client = &*registration.client_id;
    let expected = Expected {
        issuer: &registration.issuer,
        audience: client,
        now,
        leeway_seconds: LEEWAY_SECONDS,
    };
    claims
        .validate(&expected)
        .map_err(|_| SignInError::Invalid("its ID token does not count here and now"))?;
    let is_for_others = claims.audiences().is_ok_and(|audiences| audiences.len() > 1);
    if is_for_others && claims.text("azp") != Some(client) {
        return Err(SignInError::Invalid("its ID token is for others too"));
    }
    let named = claims.text("nonce").unwrap_or_default();
    if bool::from(named.as_bytes().ct_eq(nonce.as_bytes())) {
        Ok(())
    } else {
        Err(SignInError::Invalid("its ID token is of another sign-in"))
    }
}
