//! DPoP proofs (RFC 9449, section 4.3): what is accepted, and every way in which a proof can be wrong.

use jose::{
    Algorithm, DpopError, DpopProof, ExpectedProof, Header, JoseError, PROOF_AGE_SECONDS_MAX,
    PROOF_AHEAD_SECONDS_MAX, ReplayCache, SigningKey, base64url_encode,
};
use kernel::{SeededRandomness, Timestamp};
use proptest::prelude::*;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const URI: &str = "https://shop.example/auth/token";
const NOW: i64 = 1_800_000_000;
const TOKEN: &str = "an.access.token";

/// Key of a client, with its public half as a JWK.
struct Prover {
    key: EcdsaKeyPair,
    jwk: Value,
}

impl Prover {
    fn new() -> Self {
        let (signing, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let document = EcdsaKeyPair::generate_pkcs8(signing, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(signing, document.as_ref(), &random).expect("a key");
        let point = key.public_key().as_ref();
        let (x, y) = (base64url_encode(&point[1..33]), base64url_encode(&point[33..]));
        Self { jwk: json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}), key }
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes()).expect("signed");
        [message, base64url_encode(signature)].join(".")
    }

    fn header(&self) -> Value {
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk})
    }
}

fn message(header: &Value, claims: &Value) -> String {
    [base64url_encode(header.to_string()), base64url_encode(claims.to_string())].join(".")
}

fn claims() -> Value {
    let hash = base64url_encode(Sha256::digest(TOKEN));
    json!({"jti": "one", "htm": "POST", "htu": URI, "iat": NOW, "ath": hash})
}

fn expected<'a>() -> ExpectedProof<'a> {
    let now = Timestamp::from_second(NOW).expect("a time");
    ExpectedProof { method: "POST", uri: URI, now, access_token: Some(TOKEN), nonces: &[] }
}

/// The object with another value of a member; without it for null.
fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut changed = object.clone();
    let members = changed.as_object_mut().expect("an object");
    match value {
        Value::Null => members.remove(name),
        value => members.insert(name.to_owned(), value),
    };
    changed
}

#[test]
fn a_proof_of_its_own_key_is_accepted_and_names_the_key() {
    let client = Prover::new();
    let proof = DpopProof::verify(&client.sign(&client.header(), &claims()), &expected()).unwrap();
    let jwk = jose::Jwk::parse(client.jwk.to_string().as_bytes()).unwrap();
    assert_eq!(proof.thumbprint(), jwk.thumbprint());
    assert_eq!(proof.remembered_until().as_second(), NOW + PROOF_AGE_SECONDS_MAX + 1);
}

#[test]
fn a_header_that_is_not_that_of_a_proof_is_refused() {
    let client = Prover::new();
    let (header, other) = (client.header(), Prover::new());
    let private = with(&client.jwk, "d", json!("AAAA"));
    let symmetric = json!({"kty": "oct", "k": "AAAA"});
    let elsewhere = with(&client.jwk, "crv", json!("P-384"));
    let token = DpopError::Token;
    for (name, value, error) in [
        ("typ", Value::Null, DpopError::Type),
        ("typ", json!("JWT"), DpopError::Type),
        ("typ", json!("at+jwt"), DpopError::Type),
        ("typ", json!(7), token(JoseError::Json)),
        ("alg", Value::Null, token(JoseError::Algorithm)),
        ("alg", json!("none"), token(JoseError::Algorithm)),
        ("alg", json!("HS256"), token(JoseError::Algorithm)),
        ("alg", json!("RS256"), token(JoseError::Algorithm)),
        ("alg", json!("EdDSA"), token(JoseError::Algorithm)),
        ("jwk", Value::Null, token(JoseError::Key)),
        ("jwk", json!("text"), token(JoseError::Key)),
        ("jwk", json!({}), token(JoseError::Key)),
        ("jwk", private, token(JoseError::Key)),
        ("jwk", symmetric, token(JoseError::Key)),
        ("jwk", elsewhere, token(JoseError::Key)),
        ("jwk", other.jwk, token(JoseError::Signature)),
        ("crit", json!(["exp"]), token(JoseError::Extension)),
    ] {
        let proof = client.sign(&with(&header, name, value.clone()), &claims());
        assert_eq!(DpopProof::verify(&proof, &expected()), Err(error), "{name} {value}");
    }
    let unchanged = client.sign(&header, &claims());
    let (message, _) = unchanged.rsplit_once('.').unwrap();
    for wrong in [
        format!("{message}."),
        message.to_owned(),
        format!("{message}.{}", base64url_encode([0; 64])),
        format!("{unchanged}, {unchanged}"),
        format!("{unchanged}.x.y"),
        String::new(),
        "x".repeat(8 * 1024 + 1),
    ] {
        let refused = DpopProof::verify(&wrong, &expected());
        assert!(matches!(refused, Err(DpopError::Token(_))), "{wrong}");
    }
}

#[test]
fn claims_for_another_request_are_refused() {
    let client = Prover::new();
    let malformed = DpopError::Malformed;
    let long = "j".repeat(257);
    let other_token = base64url_encode(Sha256::digest("another"));
    for (name, value, error) in [
        ("jti", Value::Null, malformed("jti")),
        ("jti", json!(""), malformed("jti")),
        ("jti", json!(7), malformed("jti")),
        ("jti", json!(long), malformed("jti")),
        ("htm", Value::Null, malformed("htm")),
        ("htm", json!("GET"), DpopError::Method),
        ("htm", json!("post"), DpopError::Method),
        ("htu", Value::Null, malformed("htu")),
        ("htu", json!("/auth/token"), malformed("htu")),
        ("htu", json!("https://shop.example/auth/userinfo"), DpopError::Uri),
        ("htu", json!("https://shop.example/auth/token/"), DpopError::Uri),
        ("htu", json!("http://shop.example/auth/token"), DpopError::Uri),
        ("htu", json!("https://shop.example:8443/auth/token"), DpopError::Uri),
        ("htu", json!("https://evil.example/auth/token"), DpopError::Uri),
        ("htu", json!("https://user@shop.example/auth/token"), DpopError::Uri),
        ("iat", Value::Null, malformed("iat")),
        ("iat", json!("now"), malformed("iat")),
        ("iat", json!(NOW - 3_600), DpopError::Time),
        ("iat", json!(NOW + 3_600), DpopError::Time),
        ("iat", json!(NOW - PROOF_AGE_SECONDS_MAX - 1), DpopError::Time),
        ("iat", json!(NOW + PROOF_AHEAD_SECONDS_MAX + 1), DpopError::Time),
        ("ath", Value::Null, malformed("ath")),
        ("ath", json!(other_token), DpopError::AccessToken),
        ("ath", json!(TOKEN), DpopError::AccessToken),
    ] {
        let proof = client.sign(&client.header(), &with(&claims(), name, value.clone()));
        assert_eq!(DpopProof::verify(&proof, &expected()), Err(error), "{name} {value}");
    }
}

#[test]
fn what_makes_no_difference_is_tolerated() {
    let client = Prover::new();
    let named = with(&client.jwk, "alg", json!("ES256"));
    for (name, value) in [
        ("htu", json!("https://shop.example/auth/token?a=b")),
        ("htu", json!("https://shop.example/auth/token#a")),
        ("htu", json!("HTTPS://Shop.Example:443/auth/x/../token")),
        ("iat", json!(NOW - PROOF_AGE_SECONDS_MAX)),
        ("iat", json!(NOW + PROOF_AHEAD_SECONDS_MAX)),
        ("iat", json!(NOW - 10)),
        ("iat", json!(NOW + 10)),
        ("other", json!({"a": 1})),
        ("nonce", json!("unasked")),
    ] {
        let proof = client.sign(&client.header(), &with(&claims(), name, value.clone()));
        assert!(DpopProof::verify(&proof, &expected()).is_ok(), "{name} {value}");
    }
    for (name, value) in [
        ("typ", json!("application/dpop+jwt")),
        ("kid", json!("k")),
        ("jwk", named),
        ("other", json!(1)),
    ] {
        let proof = client.sign(&with(&client.header(), name, value.clone()), &claims());
        assert!(DpopProof::verify(&proof, &expected()).is_ok(), "{name} {value}");
    }
    let without_token = ExpectedProof { access_token: None, ..expected() };
    let proof = client.sign(&client.header(), &with(&claims(), "ath", Value::Null));
    assert!(DpopProof::verify(&proof, &without_token).is_ok());
}

#[test]
fn a_nonce_is_one_of_those_of_the_server() {
    let client = Prover::new();
    let nonces = ["new".to_owned(), "old".to_owned()];
    let expected = ExpectedProof { nonces: &nonces, ..expected() };
    let verified = |nonce: Value, claims: &Value| {
        DpopProof::verify(&client.sign(&client.header(), &with(claims, "nonce", nonce)), &expected)
    };
    assert!(verified(json!("new"), &claims()).is_ok() && verified(json!("old"), &claims()).is_ok());
    for wrong in [Value::Null, json!("other"), json!(""), json!(7)] {
        assert_eq!(verified(wrong.clone(), &claims()), Err(DpopError::Nonce), "{wrong}");
    }
    let otherwise_wrong = with(&claims(), "htm", json!("GET"));
    assert_eq!(verified(Value::Null, &otherwise_wrong), Err(DpopError::Method));
}

#[test]
fn every_strong_algorithm_is_accepted_and_a_key_of_another_is_not() {
    let random = SystemRandom::new();
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": base64url_encode(pair.public_key())});
    for algorithm in ["EdDSA", "Ed25519"] {
        let header = json!({"typ": "dpop+jwt", "alg": algorithm, "jwk": jwk});
        let signed = message(&header, &claims());
        let proof = [signed.clone(), base64url_encode(pair.sign(signed.as_bytes()))].join(".");
        assert!(DpopProof::verify(&proof, &expected()).is_ok(), "{algorithm}");
    }
    assert_eq!(Algorithm::names(&Algorithm::STRONG), ["ES256", "EdDSA", "PS256", "Ed25519"]);
    assert_eq!(Algorithm::names(&[Algorithm::Rs256]), ["RS256"]);

    let rsa = SigningKey::generate(Algorithm::Ps256, &SeededRandomness::new(3)).unwrap();
    let pair = ring::rsa::KeyPair::from_der(rsa.encoded()).unwrap();
    let mut jwk = rsa.public().to_json();
    for (algorithm, is_accepted) in [("PS256", true), ("RS256", false)] {
        for is_named in [true, false] {
            let members = jwk.as_object_mut().unwrap();
            members.remove("alg");
            if is_named {
                members.insert("alg".to_owned(), algorithm.into());
            }
            let signed =
                message(&json!({"typ": "dpop+jwt", "alg": algorithm, "jwk": jwk}), &claims());
            let mut signature = vec![0; 256];
            let padding: &dyn ring::signature::RsaEncoding = match algorithm {
                "PS256" => &ring::signature::RSA_PSS_SHA256,
                _ => &ring::signature::RSA_PKCS1_SHA256,
            };
            pair.sign(padding, &random, signed.as_bytes(), &mut signature).unwrap();
            let proof = [signed, base64url_encode(signature)].join(".");
            let verified = DpopProof::verify(&proof, &expected());
            assert_eq!(verified.is_ok(), is_accepted, "{algorithm} {is_named} {verified:?}");
        }
    }
}

#[test]
fn a_proof_counts_once_and_the_cache_forgets_none_too_early() {
    let client = Prover::new();
    let at = |second| Timestamp::from_second(second).unwrap();
    let proof = |jti: &str, iat: i64, now: i64| {
        let claims = with(&with(&claims(), "jti", json!(jti)), "iat", json!(iat));
        let expected = ExpectedProof { now: at(now), ..expected() };
        DpopProof::verify(&client.sign(&client.header(), &claims), &expected).unwrap()
    };
    let mut cache = ReplayCache::new(3);
    // As far ahead as is accepted, so that it is accepted for as long as can be.
    let first = proof("first", NOW + PROOF_AHEAD_SECONDS_MAX, NOW);
    assert_eq!(cache.insert(&first, at(NOW)), Ok(true));
    let end = NOW + PROOF_AHEAD_SECONDS_MAX + PROOF_AGE_SECONDS_MAX;
    for now in [NOW, NOW + 45, NOW + 90, end] {
        let again = proof("first", NOW + PROOF_AHEAD_SECONDS_MAX, now);
        assert_eq!(cache.insert(&again, at(now)), Ok(false), "{now}");
    }
    assert_eq!(cache.insert(&proof("second", end, end), at(end)), Ok(true));
    assert_eq!(cache.insert(&proof("third", end, end), at(end)), Ok(true));
    let fourth = proof("fourth", end, end);
    assert!(cache.insert(&fourth, at(end)).is_err(), "it is full");
    assert_eq!(cache.insert(&proof("third", end, end), at(end)), Ok(false), "and forgets nothing");
    assert_eq!(cache.insert(&fourth, at(end + 200)), Ok(true), "until what it has is too old");
    let stranger = Prover::new();
    let same_jti = with(&claims(), "jti", json!("fourth"));
    let other = DpopProof::verify(&stranger.sign(&stranger.header(), &same_jti), &expected());
    assert_eq!(cache.insert(&other.unwrap(), at(end + 200)), Ok(true), "of another key");
}

proptest! {
    #[test]
    fn arbitrary_proofs_are_refused(text in ".{0,200}", header in "\\PC{0,60}", claims in "\\PC{0,60}") {
        prop_assert!(DpopProof::verify(&text, &expected()).is_err());
        let token = format!("{}.{}.{}", base64url_encode(header), base64url_encode(claims), base64url_encode([1; 64]));
        prop_assert!(DpopProof::verify(&token, &expected()).is_err());
    }

    #[test]
    fn arbitrary_claims_are_refused_or_are_those_of_the_request(name in "jti|htm|htu|iat|ath|nonce|x", text in "\\PC{0,40}", number in any::<f64>()) {
        let client = Prover::new();
        for value in [json!(text), json!(number)] {
            let changed = with(&claims(), &name, value);
            let verified = DpopProof::verify(&client.sign(&client.header(), &changed), &expected());
            prop_assert!(verified.is_err() || ["jti", "nonce", "x"].contains(&&*name));
        }
    }
}

#[test]
fn an_access_token_is_no_proof() {
    let key = SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(1)).unwrap();
    let no_key = DpopError::Token(JoseError::Key);
    for (typ, error) in
        [("at+jwt", DpopError::Type), ("JWT", DpopError::Type), ("dpop+jwt", no_key)]
    {
        let token = key.sign(&Header::typed(typ), claims().to_string().as_bytes()).unwrap();
        assert_eq!(DpopProof::verify(&token, &expected()).unwrap_err(), error, "{typ}");
    }
}
