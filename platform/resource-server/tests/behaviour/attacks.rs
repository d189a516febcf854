//! Tokens that attackers send: none is accepted, and none makes the verifier fetch what it should not.

use crate::harness::{ISSUER, VerifierFixture, claims, header, key, sign, signature};
use jose::{Algorithm, Header, JoseError, SigningKey, base64url_decode, base64url_encode};
use kernel::SeededRandomness;
use num_bigint::BigUint;
use resource_server::TokenError;
use ring::hmac;
use serde_json::{Value, json};

const fn refused(error: JoseError) -> TokenError {
    TokenError::Signature(error)
}

#[tokio::test]
async fn a_right_token_is_accepted_and_says_for_whom_it_was_issued() {
    let world = VerifierFixture::new();
    let principal = world.verify(&world.token()).await.unwrap();
    assert_eq!(
        (&*principal.issuer, &*principal.subject, principal.client.as_deref()),
        (ISSUER, "ada", Some("app"))
    );
    assert_eq!(
        (&principal.roles[..], &principal.scopes[..]),
        (&["admin".to_owned()][..], &["shop.read".to_owned(), "shop.write".to_owned()][..])
    );
    assert!(world.verify_header(|it| it["typ"] = "application/AT+JWT".into()).await.is_ok());
}

#[tokio::test]
async fn a_token_without_a_signature_is_refused_however_it_writes_that() {
    let world = VerifierFixture::new();
    for algorithm in ["none", "None", "NONE", "", "nOnE"] {
        let mut header = header(&world.key);
        header["alg"] = algorithm.into();
        for signature in ["", "AAAA"] {
            let token = format!(
                "{}.{}.{signature}",
                base64url_encode(header.to_string()),
                base64url_encode(claims().to_string())
            );
            assert!(world.verify(&token).await.is_err(), "{algorithm} {signature}");
        }
    }
    for change in [json!(null), json!(1), json!(["ES256"]), json!("es256"), json!("ES512")] {
        let shown = change.to_string();
        let result = world.verify_header(|it| it["alg"] = change).await;
        assert_eq!(result, Err(refused(JoseError::Algorithm)), "{shown}");
    }
}

#[tokio::test]
async fn the_public_key_is_no_secret_of_hmac() {
    let world = VerifierFixture::new();
    let jwk = world.key.public().to_json();
    let point = [
        vec![4],
        base64url_decode(jwk["x"].as_str().unwrap()).unwrap(),
        base64url_decode(jwk["y"].as_str().unwrap()).unwrap(),
    ]
    .concat();
    for secret in [point, jwk.to_string().into_bytes()] {
        for algorithm in ["HS256", "HS384", "HS512"] {
            let mut header = header(&world.key);
            header["alg"] = algorithm.into();
            let message = format!(
                "{}.{}",
                base64url_encode(header.to_string()),
                base64url_encode(claims().to_string())
            );
            let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
            let token = format!("{message}.{}", base64url_encode(mac));
            assert_eq!(world.verify(&token).await, Err(refused(JoseError::Algorithm)));
        }
    }
}

#[tokio::test]
async fn a_signature_is_of_the_key_and_of_one_form() {
    let world = VerifierFixture::new();
    let token = world.token();
    let (message, right) = token.rsplit_once('.').unwrap();
    let right = base64url_decode(right).unwrap();
    // DER (X.690) in place of the two numbers side by side.
    let integer = |bytes: &[u8]| [&[2, 33, 0], bytes].concat();
    let numbers = [integer(&right[..32]), integer(&right[32..])].concat();
    let der = [&[0x30, u8::try_from(numbers.len()).unwrap()], &numbers[..]].concat();
    let stranger = signature(&key(Algorithm::Es256), message);
    let mut flipped = right.clone();
    flipped[40] ^= 1;
    let wrong =
        [vec![0; 64], vec![0; 32], Vec::new(), der, stranger, flipped, [&right[..], &[0]].concat()];
    for signature in wrong {
        let token = format!("{message}.{}", base64url_encode(&signature));
        assert_eq!(world.verify(&token).await, Err(refused(JoseError::Signature)), "{signature:?}");
    }
    let changed = message.replace('.', "") + ".";
    assert!(world.verify(&changed).await.is_err());
}

#[tokio::test]
async fn a_key_decides_on_the_algorithm() {
    let (es256, ed25519) = (key(Algorithm::Es256), key(Algorithm::EdDsa));
    let world = VerifierFixture::with(es256);
    world.keys.replace(vec![&world.key, &ed25519]);
    let kid = ed25519.public().kid().map(ToOwned::to_owned);
    let result = world.verify_header(|it| it["kid"] = kid.into()).await;
    assert_eq!(result, Err(refused(JoseError::UnknownKey)), "ES256 by the name of an Ed25519 key");
    let result = world.verify_header(|it| it["alg"] = "RS256".into()).await;
    assert_eq!(result, Err(refused(JoseError::UnknownKey)), "RS256 by the name of a P-256 key");
    let right = ed25519.sign(&Header::typed("at+jwt"), claims().to_string().as_bytes()).unwrap();
    assert!(world.verify(&right).await.is_ok());
}

#[tokio::test]
async fn an_ed25519_signature_has_one_form() {
    let seed = SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(3)).unwrap();
    let world = VerifierFixture::with(seed);
    let token = world.key.sign(&Header::typed("at+jwt"), claims().to_string().as_bytes()).unwrap();
    assert!(world.verify(&token).await.is_ok());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut signature = base64url_decode(signature).unwrap();
    // The order of the group added to S: the same point, another text (RFC 8032, section 5.1.7).
    let rest: BigUint = "27742317777372353535851937790883648493".parse().unwrap();
    let order: BigUint = (BigUint::from(1u32) << 252usize) + rest;
    let malleable: BigUint = BigUint::from_bytes_le(&signature[32..]) + order;
    let mut bytes = malleable.to_bytes_le();
    bytes.resize(32, 0);
    signature[32..].copy_from_slice(&bytes);
    let token = format!("{message}.{}", base64url_encode(signature));
    assert_eq!(world.verify(&token).await, Err(refused(JoseError::Signature)));
}

#[tokio::test]
async fn a_token_does_not_bring_its_own_key() {
    let (world, stranger) = (VerifierFixture::new(), key(Algorithm::Es256));
    let changes: [fn(&SigningKey, &mut Value); 4] = [
        |key, it| it["jwk"] = key.public().to_json(),
        |_, it| it["jku"] = "https://evil.example/jwks".into(),
        |_, it| it["x5u"] = "https://evil.example/certificate".into(),
        |_, it| it["x5c"] = json!(["MIIB"]),
    ];
    for change in changes {
        let mut header = header(&world.key);
        change(&stranger, &mut header);
        let token = sign(&stranger, &header, &claims().to_string());
        assert_eq!(world.verify(&token).await, Err(refused(JoseError::Signature)), "{header}");
        header["kid"] = stranger.public().kid().into();
        let token = sign(&stranger, &header, &claims().to_string());
        assert_eq!(world.verify(&token).await, Err(refused(JoseError::UnknownKey)), "{header}");
    }
    let jku = world.verify_header(|it| it["jku"] = "https://elsewhere.example".into()).await;
    assert!(jku.is_ok(), "what it says about keys is ignored");
}

#[tokio::test]
async fn extensions_that_are_not_understood_are_refused() {
    let world = VerifierFixture::new();
    for (name, value) in
        [("crit", json!(["exp"])), ("crit", json!([])), ("b64", json!(false)), ("b64", json!(true))]
    {
        let result = world.verify_header(|it| it[name] = value.clone()).await;
        assert_eq!(result, Err(refused(JoseError::Extension)), "{name} {value}");
    }
}

#[tokio::test]
async fn names_of_keys_are_names_and_nothing_else() {
    let world = VerifierFixture::new();
    world.verify(&world.token()).await.unwrap();
    let before = world.keys.fetches();
    for kid in ["../../etc/passwd", "/dev/null", "' OR 1=1 --", "", "\u{0}", "https://evil.example"]
    {
        let result = world.verify_header(|it| it["kid"] = kid.into()).await;
        assert_eq!(result, Err(refused(JoseError::UnknownKey)), "{kid:?}");
    }
    for kid in [json!(7), json!(["a"]), json!({"a": 1}), json!("k".repeat(300))] {
        assert!(world.verify_header(|it| it["kid"] = kid).await.is_err());
    }
    assert!(world.keys.fetches() <= before + 1);
}

#[tokio::test]
async fn the_form_of_a_token_is_kept_to_the_letter() {
    let world = VerifierFixture::new();
    let token = world.token();
    let parts: Vec<&str> = token.split('.').collect();
    let [head, payload, signature] = parts[..] else { panic!("three parts") };
    let nested = sign(&world.key, &header(&world.key), &token);
    let long = "a".repeat(1 << 20);
    // The last character of a signature of 64 bytes has four spare bits.
    let spare = format!("{head}.{payload}.{}_", &signature[..signature.len() - 1]);
    for wrong in [
        String::new(),
        head.to_owned(),
        format!("{head}.{payload}"),
        format!("{token}."),
        format!("{token}.x.y"),
        format!(".{payload}.{signature}"),
        format!("{head}..{signature}"),
        format!("{head}=.{payload}.{signature}"),
        format!("{head}.{payload}==.{signature}"),
        format!("{head}.{payload}.{signature}="),
        format!(" {token}"),
        format!("{token}\n"),
        spare,
        nested,
        format!("{head}.{long}.{signature}"),
    ] {
        assert!(world.verify(&wrong).await.is_err(), "{}", &wrong[..wrong.len().min(80)]);
    }
    assert!(world.verify(&token).await.is_ok());
}

#[tokio::test]
async fn a_member_that_occurs_twice_is_refused() {
    let world = VerifierFixture::new();
    let claims = claims().to_string();
    let twice = claims.replacen('{', r#"{"sub":"eve","#, 1);
    let token = sign(&world.key, &header(&world.key), &twice);
    assert_eq!(world.verify(&token).await, Err(refused(JoseError::Json)));
    for payload in ["[]", "null", "", "{", "\"a\""] {
        let token = sign(&world.key, &header(&world.key), payload);
        assert!(world.verify(&token).await.is_err(), "{payload}");
    }
}
