//! Test vectors of the RFCs, and what is refused although it looks alike.

use jose::{
    Algorithm, ClaimError, Claims, Expected, Header, JoseError, Jwk, JwkSet, Jws, SigningKey,
    TOKEN_BYTES_MAX, base64url_decode, base64url_encode,
};
use kernel::{SeededRandomness, Timestamp};

/// RFC 7515, A.3: a key of P-256 and a token signed with it.
const ES256_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
const ES256_TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
/// RFC 7515, A.2: the same of RSA.
const RS256_KEY: &str = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;
const RS256_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
/// RFC 8037, A.1 and A.4: the same of Ed25519.
const EDDSA_KEY: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const EDDSA_SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const EDDSA_TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

const VECTORS: [(&str, &str); 3] =
    [(ES256_KEY, ES256_TOKEN), (RS256_KEY, RS256_TOKEN), (EDDSA_KEY, EDDSA_TOKEN)];

fn key(text: &str) -> Jwk {
    Jwk::parse(text.as_bytes()).expect("it is a key")
}

fn verified(token: &str, jwk: &str) -> Result<Vec<u8>, JoseError> {
    Jws::parse(token)?.verify(&key(jwk).verifying_key())
}

/// A token of these texts, whose signature is any.
fn token(header: &str, payload: &str) -> String {
    format!(
        "{}.{}.{}",
        base64url_encode(header),
        base64url_encode(payload),
        base64url_encode([7; 64])
    )
}

#[test]
fn the_tokens_of_the_rfcs_are_verified_by_their_keys_and_no_other() {
    for (jwk, token) in VECTORS {
        let payload = verified(token, jwk).unwrap();
        assert!(
            payload.starts_with(b"{\"iss\":\"joe\"") || payload == b"Example of Ed25519 signing"
        );
        for (other, _) in VECTORS.iter().filter(|(other, _)| *other != jwk) {
            assert_eq!(verified(token, other), Err(JoseError::Algorithm));
        }
    }
    let stranger = SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(1)).unwrap();
    let by_stranger = Jws::parse(EDDSA_TOKEN).unwrap();
    assert_eq!(by_stranger.verify(&stranger.public().verifying_key()), Err(JoseError::Signature));
}

#[test]
fn a_token_with_any_byte_changed_is_not_verified() {
    for (jwk, token) in VECTORS {
        for at in 0..token.len() {
            let mut changed = token.to_owned().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(verified(&changed, jwk).is_err(), "byte {at}");
        }
    }
}

#[test]
fn thumbprints_are_those_of_the_rfcs() {
    // RFC 7638, 3.1, and RFC 8037, A.3.
    let rsa = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;
    assert_eq!(key(rsa).thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(key(EDDSA_KEY).thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn the_seed_of_the_rfc_is_that_of_its_key() {
    let pair =
        SigningKey::decode(Algorithm::EdDsa, &base64url_decode(EDDSA_SEED).unwrap()).unwrap();
    assert_eq!(pair.public().thumbprint(), key(EDDSA_KEY).thumbprint());
    assert!(!format!("{pair:?}").contains(EDDSA_SEED));
}

#[test]
fn what_is_signed_is_verified_by_the_published_key() {
    for algorithm in Algorithm::ALL {
        let pair = SigningKey::generate(algorithm, &SeededRandomness::new(3)).unwrap();
        let pair = SigningKey::decode(algorithm, pair.encoded()).unwrap();
        let published = JwkSet::new(vec![pair.public().clone()]).to_json().to_string();
        let published = JwkSet::parse(published.as_bytes()).unwrap();
        assert_eq!(published.keys(), [pair.public().clone()]);
        assert_eq!(published.keys()[0].kid(), Some(&*pair.public().thumbprint()));
        let token = pair.sign(&Header::typed("JWT"), b"{}").unwrap();
        let jws = Jws::parse(&token).unwrap();
        assert!(jws.header().is_typed("jwt"));
        assert_eq!(jws.clone().verify_by_set(&published, &Algorithm::ALL).unwrap(), b"{}");
        let others: Vec<_> = Algorithm::ALL.into_iter().filter(|it| *it != algorithm).collect();
        assert_eq!(jws.verify_by_set(&published, &others), Err(JoseError::Algorithm));
    }
}

#[test]
fn a_header_that_asks_for_anything_else_is_refused() {
    for (header, error) in [
        (r#"{"alg":"none"}"#, JoseError::Algorithm),
        (r#"{"alg":"None"}"#, JoseError::Algorithm),
        (r#"{"alg":"HS256"}"#, JoseError::Algorithm),
        (r#"{"alg":"es256"}"#, JoseError::Algorithm),
        (r#"{"alg":["ES256"]}"#, JoseError::Algorithm),
        (r#"{"typ":"JWT"}"#, JoseError::Algorithm),
        (r#"{"alg":"ES256","crit":["exp"]}"#, JoseError::Extension),
        (r#"{"alg":"ES256","b64":false}"#, JoseError::Extension),
        (r#"{"alg":"ES256","alg":"ES256"}"#, JoseError::Json),
        (r#"{"alg":"ES256","kid":7}"#, JoseError::Json),
        (r#"["ES256"]"#, JoseError::Json),
    ] {
        assert_eq!(Jws::parse(&token(header, "{}")).unwrap_err(), error, "{header}");
    }
    let long = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(257));
    assert_eq!(Jws::parse(&token(&long, "{}")).unwrap_err(), JoseError::Json);
}

#[test]
fn another_structure_is_refused() {
    let three = token(r#"{"alg":"ES256"}"#, "{}");
    assert!(Jws::parse(&three).is_ok());
    let (two, _) = three.rsplit_once('.').unwrap();
    for wrong in [
        "",
        ".",
        "..",
        "a.b",
        two,
        &format!("{three}.a.b"),
        &format!("{three}="),
        &format!(" {three}"),
    ] {
        assert!(Jws::parse(wrong).is_err(), "{wrong}");
    }
    let large =
        format!("{}.{}.", base64url_encode(r#"{"alg":"ES256"}"#), "A".repeat(TOKEN_BYTES_MAX));
    assert_eq!(Jws::parse(&large).unwrap_err(), JoseError::TooLarge);
}

#[test]
fn keys_that_a_token_brings_along_or_names_by_address_are_ignored() {
    let stranger = SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(9)).unwrap();
    let own = SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(10)).unwrap();
    let set = JwkSet::new(vec![own.public().clone()]);
    let forged = stranger.sign(&Header::default(), b"{}").unwrap();
    let refused = |token: &str| Jws::parse(token).unwrap().verify_by_set(&set, &Algorithm::ALL);
    assert_eq!(refused(&forged), Err(JoseError::UnknownKey));
    let header = format!(
        r#"{{"alg":"EdDSA","jwk":{},"jku":"https://evil.example","x5c":["x"]}}"#,
        stranger.public().to_json()
    );
    let (_, rest) = forged.split_once('.').unwrap();
    assert_eq!(refused(&format!("{}.{rest}", base64url_encode(header))), Err(JoseError::Signature));
    for kid in ["../../etc/passwd", "' OR 1=1 --", ""] {
        let header = serde_json::json!({"alg": "EdDSA", "kid": kid}).to_string();
        assert_eq!(refused(&token(&header, "{}")), Err(JoseError::UnknownKey), "{kid}");
    }
}

#[test]
fn signatures_of_other_forms_are_refused() {
    let (message, _) = ES256_TOKEN.rsplit_once('.').unwrap();
    let with = |signature: &[u8]| {
        verified(&format!("{message}.{}", base64url_encode(signature)), ES256_KEY)
    };
    assert_eq!(with(&[0; 64]), Err(JoseError::Signature), "r = s = 0");
    assert_eq!(with(&[]), Err(JoseError::Signature));
    // The true one as DER.
    let raw = base64url_decode(ES256_TOKEN.rsplit('.').next().unwrap()).unwrap();
    let integer = |bytes: &[u8]| [&[2, 33, 0][..], bytes].concat();
    let content = [integer(&raw[..32]), integer(&raw[32..])].concat();
    assert_eq!(with(&[&[0x30, 70][..], &content].concat()), Err(JoseError::Signature));
    // Ed25519 whose S is not reduced: S + L.
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let (message, signature) = EDDSA_TOKEN.rsplit_once('.').unwrap();
    let mut signature = base64url_decode(signature).unwrap();
    let mut carry = 0;
    for (byte, added) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(added) + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    let malleable = format!("{message}.{}", base64url_encode(signature));
    assert_eq!(verified(&malleable, EDDSA_KEY), Err(JoseError::Signature));
}

#[test]
fn a_key_of_another_kind_or_use_is_no_key() {
    let rsa = base64url_decode(
        serde_json::from_str::<serde_json::Value>(RS256_KEY).unwrap()["n"].as_str().unwrap(),
    )
    .unwrap();
    let padded = serde_json::json!({"kty": "RSA", "e": "AQAB", "n": base64url_encode([&[0][..], &rsa].concat())});
    assert_eq!(
        Jwk::parse(padded.to_string().as_bytes()).unwrap().thumbprint(),
        key(RS256_KEY).thumbprint()
    );
    let short = base64url_encode(&rsa[1..]);
    let with = |jwk: &str, members: &str| format!("{},{members}}}", jwk.strip_suffix('}').unwrap());
    for wrong in [
        with(EDDSA_KEY, &format!(r#""d":"{EDDSA_SEED}""#)),
        with(EDDSA_KEY, r#""use":"enc""#),
        with(EDDSA_KEY, r#""key_ops":["sign"]"#),
        with(EDDSA_KEY, r#""alg":"ES256""#),
        with(EDDSA_KEY, r#""x":"""#),
        format!(r#"{{"kty":"RSA","n":"{short}","e":"AQAB"}}"#),
        r#"{"kty":"oct","k":"AAAA"}"#.to_owned(),
        ES256_KEY.replace("P-256", "P-384"),
        EDDSA_KEY.replace("11qY", ""),
        "{}".to_owned(),
    ] {
        assert!(Jwk::parse(wrong.as_bytes()).is_err(), "{wrong}");
    }
    let usable = with(EDDSA_KEY, r#""use":"sig","key_ops":["verify"],"alg":"EdDSA","x5c":["x"]"#);
    assert!(Jwk::parse(usable.as_bytes()).is_ok());
    let mixed = format!(r#"{{"keys":[{{"kty":"oct","k":"AAAA"}},{EDDSA_KEY},7]}}"#);
    assert_eq!(JwkSet::parse(mixed.as_bytes()).unwrap().keys().len(), 1);
    let many = format!(r#"{{"keys":[{}]}}"#, vec![EDDSA_KEY; 101].join(","));
    assert_eq!(JwkSet::parse(many.as_bytes()), Err(JoseError::TooLarge));
}

fn validated(claims: &str) -> Result<(), ClaimError> {
    let expected = Expected {
        issuer: "https://shop.example/auth",
        audience: "shop",
        now: Timestamp::from_second(1_000).expect("it is within range"),
        leeway_seconds: 30,
    };
    Claims::parse(claims.as_bytes()).expect("it is an object").validate(&expected)
}

#[test]
fn claims_are_valid_for_their_time_issuer_and_audience() {
    let claims = |more: &str| validated(&format!(r#"{{"iss":"https://shop.example/auth"{more}}}"#));
    for good in [
        r#","aud":"shop","exp":1001"#,
        r#","aud":["other","shop"],"exp":1001"#,
        r#","aud":"shop","exp":971"#,
        r#","aud":"shop","exp":1001.5,"nbf":1030,"iat":1030"#,
    ] {
        assert_eq!(claims(good), Ok(()), "{good}");
    }
    for (bad, error) in [
        (r#","aud":"shop","exp":970"#, ClaimError::Expired),
        (r#","aud":"shop""#, ClaimError::Malformed("exp")),
        (r#","aud":"shop","exp":"1001""#, ClaimError::Malformed("exp")),
        (r#","aud":"shop","exp":1e300"#, ClaimError::Malformed("exp")),
        (r#","aud":"shop","exp":18446744073709551615"#, ClaimError::Malformed("exp")),
        (r#","aud":"shop","exp":null"#, ClaimError::Malformed("exp")),
        (r#","aud":"shop","exp":1001,"nbf":1031"#, ClaimError::NotYetValid),
        (r#","aud":"shop","exp":1001,"nbf":"1""#, ClaimError::Malformed("nbf")),
        (r#","aud":"shop","exp":1001,"iat":1031"#, ClaimError::NotYetValid),
        (r#","aud":"sho","exp":1001"#, ClaimError::Audience),
        (r#","aud":"shopping","exp":1001"#, ClaimError::Audience),
        (r#","aud":[],"exp":1001"#, ClaimError::Audience),
        (r#","aud":["shop",7],"exp":1001"#, ClaimError::Malformed("aud")),
        (r#","exp":1001"#, ClaimError::Malformed("aud")),
    ] {
        assert_eq!(claims(bad), Err(error), "{bad}");
    }
    assert_eq!(
        validated(r#"{"iss":"https://shop.example/auth/","aud":"shop","exp":1001}"#),
        Err(ClaimError::Issuer)
    );
    assert_eq!(validated(r#"{"aud":"shop","exp":1001}"#), Err(ClaimError::Malformed("iss")));
}
