//! Properties: arbitrary bytes and arbitrary changes are refused or read, and never more than that.

use jose::{
    Algorithm, Claims, Header, Jwk, JwkSet, Jws, SigningKey, base64url_decode, base64url_encode,
};
use kernel::SeededRandomness;
use proptest::prelude::*;
use std::sync::LazyLock;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(5)).expect("a key")
});

proptest! {
    #[test]
    fn every_parser_survives_arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(jws) = Jws::parse(&text) {
            prop_assert!(jws.verify(&KEY.public().verifying_key()).is_err());
        }
        if let Ok(jwk) = Jwk::parse(&bytes) {
            prop_assert!(!jwk.thumbprint().is_empty());
        }
        if let Ok(set) = JwkSet::parse(&bytes) {
            prop_assert!(set.keys().len() <= jose::KEYS_MAX);
        }
        if let Ok(claims) = Claims::parse(&bytes) {
            prop_assert!(claims.seconds("exp").is_ok() || claims.get("exp").is_some());
        }
        if let Ok(decoded) = base64url_decode(&text) {
            prop_assert_eq!(base64url_encode(decoded), text);
        }
    }

    #[test]
    fn tokens_of_arbitrary_parts_are_parsed_or_refused(header in ".{0,80}", payload in ".{0,80}", signature in any::<[u8; 64]>()) {
        let token = format!("{}.{}.{}", base64url_encode(header), base64url_encode(payload), base64url_encode(signature));
        if let Ok(jws) = Jws::parse(&token) {
            prop_assert!(jws.verify(&KEY.public().verifying_key()).is_err());
        }
    }

    #[test]
    fn any_payload_returns_from_its_token(payload in proptest::collection::vec(any::<u8>(), 0..300)) {
        let token = KEY.sign(&Header::default(), &payload).unwrap();
        let verified = Jws::parse(&token).unwrap().verify(&KEY.public().verifying_key());
        prop_assert_eq!(verified.unwrap(), payload);
    }

    #[test]
    fn a_changed_token_is_refused(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
        let token = KEY.sign(&Header::typed("JWT"), br#"{"sub":"ada"}"#).unwrap();
        let at = at.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != token);
        let verified = Jws::parse(&changed)
            .and_then(|jws| jws.verify(&KEY.public().verifying_key()));
        prop_assert!(verified.is_err());
    }
}
