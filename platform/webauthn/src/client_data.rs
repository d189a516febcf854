//! Client data: what the browser saw, as JSON (section 5.8.1). The authenticator signs its digest.

use crate::{CHALLENGE_BYTES_MIN, WebauthnError};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use kernel::security_checks::holds;
use serde::Deserialize;
use subtle::ConstantTimeEq;

/// Longest client data, in bytes.
pub const CLIENT_DATA_BYTES_MAX: usize = 4 * 1024;

/// Ceremony, by the word for it in client data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ceremony {
    Registration,
    Authentication,
}

impl Ceremony {
    fn word(self) -> &'static str {
        match self {
            Self::Registration => "webauthn.create",
            Self::Authentication => "webauthn.get",
        }
    }
}

/// Members of client data that count. Others may be added, by browsers and by the specification.
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    ceremony: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    is_cross_origin: bool,
    #[serde(default, rename = "topOrigin")]
    top_origin: Option<String>,
}

/// Checks that a browser made this for the ceremony, with this challenge, on a page of this origin.
pub(crate) fn check(
    json: &[u8],
    ceremony: Ceremony,
    challenge: &[u8],
    origin: &str,
) -> Result<(), WebauthnError> {
    if json.len() > CLIENT_DATA_BYTES_MAX {
        return Err(WebauthnError::TooLong);
    }
    let data: ClientData = serde_json::from_slice(json).map_err(|_| WebauthnError::ClientData)?;
    if !holds("webauthn_ceremony", data.ceremony == ceremony.word()) {
        return Err(WebauthnError::Type);
    }
    let expected = BASE64_URL_SAFE_NO_PAD.encode(challenge);
    let is_same = bool::from(data.challenge.as_bytes().ct_eq(expected.as_bytes()));
    if !holds("webauthn_challenge", challenge.len() >= CHALLENGE_BYTES_MIN && is_same) {
        return Err(WebauthnError::Challenge);
    }
    let is_framed = data.is_cross_origin || data.top_origin.is_some();
    if !holds("webauthn_origin", data.origin == origin) || !holds("webauthn_frame", !is_framed) {
        return Err(WebauthnError::Origin);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const ORIGIN: &str = "https://shop.example";

    fn checked(json: &str) -> Result<(), WebauthnError> {
        check(json.as_bytes(), Ceremony::Authentication, &[7; 32], ORIGIN)
    }

    fn with(name: &str, value: serde_json::Value) -> String {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
        let mut data = json!({"type": "webauthn.get", "challenge": challenge, "origin": ORIGIN, "crossOrigin": false});
        data[name] = value;
        data.to_string()
    }

    #[test]
    fn the_ceremony_the_challenge_and_the_origin_must_be_the_same_byte_by_byte() {
        assert_eq!(checked(&with("another member", json!({"of": ["any", "kind"]}))), Ok(()));
        let padded = format!("{}=", BASE64_URL_SAFE_NO_PAD.encode([7; 32]));
        for (name, value, error) in [
            ("type", json!("webauthn.create"), WebauthnError::Type),
            ("type", json!("payment.get"), WebauthnError::Type),
            ("challenge", json!(BASE64_URL_SAFE_NO_PAD.encode([8; 32])), WebauthnError::Challenge),
            ("challenge", json!(padded), WebauthnError::Challenge),
            ("challenge", json!(""), WebauthnError::Challenge),
            ("origin", json!("https://shop.example.evil.example"), WebauthnError::Origin),
            ("origin", json!("https://evil-shop.example"), WebauthnError::Origin),
            ("origin", json!("https://login.shop.example"), WebauthnError::Origin),
            ("origin", json!("https://shop.example:8443"), WebauthnError::Origin),
            ("origin", json!("https://shop.example/"), WebauthnError::Origin),
            ("origin", json!("https://SHOP.example"), WebauthnError::Origin),
            ("origin", json!("http://shop.example"), WebauthnError::Origin),
            ("origin", json!("null"), WebauthnError::Origin),
            ("crossOrigin", json!(true), WebauthnError::Origin),
            ("topOrigin", json!(ORIGIN), WebauthnError::Origin),
            ("origin", json!(7), WebauthnError::ClientData),
            ("crossOrigin", json!("false"), WebauthnError::ClientData),
        ] {
            assert_eq!(checked(&with(name, value.clone())), Err(error), "{name} {value}");
        }
    }

    #[test]
    fn what_is_no_json_object_with_its_members_once_is_refused() {
        let good = with("x", json!(1));
        let twice = good.replacen('{', r#"{"origin":"https://evil.example","#, 1);
        let missing = good.replace("origin", "irigin");
        for wrong in
            ["", "{}", "[]", "null", &good[1..], &twice, &missing, &format!("{good}{good}")]
        {
            assert_eq!(checked(wrong), Err(WebauthnError::ClientData), "{wrong}");
        }
        let padding =
            |length: usize| with("x", json!("y".repeat(length - with("x", json!("")).len())));
        assert_eq!(checked(&padding(CLIENT_DATA_BYTES_MAX)), Ok(()));
        assert_eq!(checked(&padding(CLIENT_DATA_BYTES_MAX + 1)), Err(WebauthnError::TooLong));
    }

    #[test]
    fn a_challenge_that_could_be_guessed_is_none() {
        let data = with("challenge", json!(""));
        let checked = check(data.as_bytes(), Ceremony::Authentication, &[], ORIGIN);
        assert_eq!(checked, Err(WebauthnError::Challenge));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(check(&bytes, Ceremony::Registration, &[7; 32], ORIGIN).is_err());
        }
    }
}
