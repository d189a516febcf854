//! Targets of signed tokens: JWS and the claims of JWT, JWK sets, DPoP proofs.

use jose::{
    Algorithm, Claims, DpopProof, ExpectedProof, Header, Jwk, JwkSet, Jws, KEYS_MAX, SigningKey,
    TOKEN_BYTES_MAX, base64url_decode, base64url_encode,
};
use kernel::{SeededRandomness, Timestamp};
use serde_json::Value;
use std::{str, sync::LazyLock};
use url::Url;

/// Most bytes of a payload that is signed: its token stays within its limit.
const PAYLOAD_BYTES_MAX: usize = TOKEN_BYTES_MAX / 2;
/// Members that only a private or a symmetric key has.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256, Algorithm::Rs256];
/// Address of the request for which the proofs of the corpus were made.
const PROVEN_URI: &str = "https://shop.example/auth/token";
/// Time at which they were made, in seconds since 1970.
const PROVEN_SECONDS: i64 = 1_800_000_000;

/// Key of the genuine tokens, those of the corpus among them.
static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    let randomness = SeededRandomness::new(1);
    SigningKey::generate(Algorithm::EdDsa, &randomness).expect("any seed is a key")
});

/// JWS and claims: what is accepted is written in the one canonical way, and a genuine token of which one character is changed is refused.
pub fn jwt(bytes: &[u8]) {
    let Ok(token) = str::from_utf8(bytes) else { return };
    let Ok(jws) = Jws::parse(token) else { return };
    assert!(token.len() <= TOKEN_BYTES_MAX);
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3);
    for part in &parts {
        let decoded = base64url_decode(part).expect("the token was accepted");
        assert_eq!(&base64url_encode(decoded), part);
    }
    // Of a token that was not verified nothing but the issuer can be read, and that without panic.
    drop(jws.unverified_issuer());
    if let Ok(payload) = jws.verify(&KEY.public().verifying_key()) {
        assert_eq!(base64url_encode(payload), parts[1]);
        assert_changes_are_refused(token, bytes);
    }
}

/// Any payload is signed and verified unchanged; its claims are read the same a second time.
pub fn jwt_payload(bytes: &[u8]) {
    if bytes.len() > PAYLOAD_BYTES_MAX {
        return;
    }
    let token = KEY.sign(&Header::typed("at+jwt"), bytes).expect("the key signs");
    let jws = Jws::parse(&token).expect("a token of our own is read");
    let payload = jws.verify(&KEY.public().verifying_key());
    assert_eq!(payload.as_deref(), Ok(bytes));
    assert_changes_are_refused(&token, bytes);
    let Ok(claims) = Claims::parse(bytes) else { return };
    let written: serde_json::Map<String, Value> =
        claims.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    let again = Claims::parse(Value::Object(written).to_string().as_bytes());
    let again = again.expect("claims that were read can be written and read");
    for (name, value) in claims.iter() {
        assert_eq!(claims.text(name), again.text(name));
        assert_eq!(again.get(name).map(Value::is_number), Some(value.is_number()));
    }
    drop(claims.audiences());
    let has_ended = !matches!(claims.seconds("exp"), Ok(Some(expires)) if expires > 0);
    assert!(!has_ended || claims.validate_times(Timestamp::UNIX_EPOCH, 0).is_err());
}

/// JWK set: a set is written and read as the same, without private members; no key but its own verifies a token.
pub fn jwk_set(bytes: &[u8]) {
    let Ok(set) = JwkSet::parse(bytes) else { return };
    assert!(set.keys().len() <= KEYS_MAX);
    let written = set.to_json();
    assert_eq!(JwkSet::parse(written.to_string().as_bytes()).as_ref(), Ok(&set));
    let genuine = KEY.sign(&Header::typed("at+jwt"), b"{}").expect("the key signs");
    for key in set.keys() {
        let json = key.to_json();
        assert!(PRIVATE_MEMBERS.iter().all(|name| json.get(name).is_none()));
        assert_eq!(Jwk::parse(json.to_string().as_bytes()).as_ref(), Ok(key));
        assert!(key.to_pem().ends_with("-----END PUBLIC KEY-----\n"));
        let is_own = key.thumbprint() == KEY.public().thumbprint();
        for algorithm in ALGORITHMS {
            let jws = Jws::parse(&genuine).expect("a token of our own is read");
            let verified = key.verifying_key_for(algorithm).map(|key| jws.verify(&key).is_ok());
            assert!(is_own || verified != Some(true));
        }
    }
}

/// DPoP proof: one that is accepted is for this very request, and refused with one character changed; so is one for any other address.
pub fn dpop_proof(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let expected = ExpectedProof {
        method: "POST",
        uri: PROVEN_URI,
        now: Timestamp::from_second(PROVEN_SECONDS).expect("it is a time"),
        access_token: None,
        nonces: &[],
    };
    let Ok(proof) = DpopProof::verify(text, &expected) else { return };
    assert_eq!(proof.thumbprint().len(), base64url_encode([0; 32]).len());
    let is_of = |change: &str| DpopProof::verify(change, &expected).is_ok();
    assert!(!is_of(&changed(text, bytes)), "one character was changed");
    let payload = text.split('.').nth(1).and_then(|payload| base64url_decode(payload).ok());
    let claims = Claims::parse(&payload.expect("the proof was accepted")).expect("likewise");
    assert_eq!(claims.text("htm"), Some("POST"));
    let uri = Url::parse(claims.text("htu").expect("likewise")).expect("likewise");
    assert_eq!(uri.origin().ascii_serialization(), "https://shop.example");
    assert_eq!(uri.path(), "/auth/token");
}

/// A genuine token with one character changed is refused.
fn assert_changes_are_refused(token: &str, choice: &[u8]) {
    let changed = changed(token, choice);
    let verified = Jws::parse(&changed).and_then(|jws| jws.verify(&KEY.public().verifying_key()));
    assert!(verified.is_err(), "{changed} was accepted for {token}");
}

/// The token with one character changed, by the choice of the input.
fn changed(token: &str, choice: &[u8]) -> String {
    let sum = choice.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31) + usize::from(*byte));
    let at = sum % token.len();
    let mut bytes = token.as_bytes().to_vec();
    bytes[at] = match bytes[at] {
        b'A' => b'B',
        b'-' => b'.',
        _ => b"A-"[sum % 2],
    };
    String::from_utf8(bytes).expect("tokens are ASCII")
}
