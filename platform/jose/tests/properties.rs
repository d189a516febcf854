//! Properties: arbitrary bytes and arbitrary changes are refused or read, and never more than that.

use jose::{
    Algorithm, Claims, Header, Jwk, JwkSet, Jws, SigningKey, base64url_decode, base64url_encode,
};
use kernel::SeededRandomness;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(5)).expect("a key")
});

/// JSON objects with the members that a parser looks for, of right and of wrong types.
fn object(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let coordinate = any::<[u8; 32]>().prop_map(base64url_encode);
    let value = prop_oneof![
        coordinate.prop_map(Value::from),
        prop::sample::select(vec![
            "EC", "OKP", "RSA", "P-256", "Ed25519", "sig", "enc", "AQAB", "", "="
        ])
        .prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::Null),
        Just(json!(["verify"])),
        Just(json!({"a": 1})),
    ];
    let members = prop::collection::hash_map(prop::sample::select(names), value, 0..names.len());
    members.prop_map(|members| members.into_iter().collect())
}

proptest! {
    #[test]
    fn every_parser_survives_arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(jws) = Jws::parse(&text) {
            prop_assert!(jws.verify(&KEY.public().verifying_key()).is_err());
        }
        let _ = (Jwk::parse(&bytes), JwkSet::parse(&bytes), Claims::parse(&bytes));
        if let Ok(decoded) = base64url_decode(&text) {
            prop_assert_eq!(base64url_encode(decoded), text);
        }
    }

    #[test]
    fn a_key_that_is_read_is_written_as_the_same_key(
        members in object(&["kty", "crv", "x", "y", "n", "e", "use", "key_ops", "kid", "d", "k"]),
        curve in prop::sample::select(vec![("OKP", "Ed25519"), ("EC", "P-256")]),
    ) {
        let mut members = members;
        members["kty"] = curve.0.into();
        members["crv"] = curve.1.into();
        if let Ok(key) = Jwk::parse(members.to_string().as_bytes()) {
            prop_assert!(members.get("d").is_none() && members.get("k").is_none(), "private");
            let written = key.to_json();
            prop_assert_eq!(&written["x"], &members["x"]);
            prop_assert_eq!(Jwk::parse(written.to_string().as_bytes()), Ok(key));
        }
    }

    #[test]
    fn a_set_has_the_keys_that_can_be_read_one_by_one(
        members in prop::collection::vec(object(&["kty", "crv", "x", "use", "kid"]), 0..5),
    ) {
        let set = json!({"keys": &members}).to_string();
        let alone = members.iter().filter_map(|it| Jwk::parse(it.to_string().as_bytes()).ok());
        let set = JwkSet::parse(set.as_bytes()).unwrap();
        prop_assert_eq!(set.keys().to_vec(), alone.collect::<Vec<_>>());
    }

    #[test]
    fn a_time_is_read_to_the_second_or_not_at_all(seconds in -5.0..4e9_f64, whole in any::<i64>(), near in -9_999_999_999_999..9_999_999_999_999_i64) {
        let read = |value: Value| {
            let claims = Claims::parse(json!({"exp": value}).to_string().as_bytes()).unwrap();
            claims.seconds("exp").ok().flatten()
        };
        for whole in [whole, near] {
            let is_time = kernel::Timestamp::from_second(whole).is_ok();
            prop_assert_eq!(read(whole.into()), is_time.then_some(whole));
        }
        let second = read(seconds.into()).map(|second| u32::try_from(second).unwrap());
        prop_assert_eq!(second.map(f64::from), (seconds >= 0.0).then_some(seconds.floor()));
        for wrong in [json!("1"), json!(null), json!([1]), json!({}), json!(true)] {
            prop_assert_eq!(read(wrong), None);
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
