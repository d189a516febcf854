//! Outside issuers, with the habits of those that are in use.

use crate::harness::{NOW, TestKeys, clock, header, key, sign};
use jose::{
    Algorithm, ClaimError, JoseError, Jwk, JwkSet, SigningKey, base64url_decode, base64url_encode,
};
use resource_server::{
    Audience, FixedKeys, Principal, RoleMapping, TokenError, TokenTypes, TokenVerifier,
    TrustedIssuer,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

const KEYCLOAK: &str = "https://id.example/realms/shop";

fn mapping(path: &str, pairs: &[(&str, &str)]) -> RoleMapping {
    let pairs = pairs.iter().map(|(role, value)| ((*role).to_owned(), vec![(*value).to_owned()]));
    RoleMapping::Claim { path: path.to_owned(), values: pairs.collect::<BTreeMap<_, _>>() }
}

fn issuer(name: &'static str, key: &SigningKey, roles: RoleMapping) -> TrustedIssuer {
    TrustedIssuer {
        name: Some(name.to_owned()),
        audience: Audience::Named("shop".to_owned()),
        algorithms: Algorithm::ALL.to_vec(),
        types: TokenTypes::AlsoUntyped,
        roles,
        scopes: vec!["shop.read".to_owned()],
        lifetime_max: Some(Duration::from_hours(24)),
        actor: |issuer, subject| format!("{issuer} {subject}").into(),
        keys: TestKeys::of(name, vec![key]),
        status: None,
        introspection: None,
    }
}

async fn verify(
    issuer: TrustedIssuer,
    key: &SigningKey,
    typ: Option<&str>,
    claims: Value,
) -> Result<Arc<Principal>, TokenError> {
    let mut header = header(key);
    header["typ"] = typ.into();
    if typ.is_none() {
        header.as_object_mut().unwrap().remove("typ");
    }
    let verifier = TokenVerifier::new(vec![issuer], clock());
    verifier.verify(&sign(key, &header, &claims.to_string())).await
}

#[tokio::test]
async fn keycloak_has_roles_at_a_path_and_marks_its_id_tokens_among_the_claims() {
    let key = key(Algorithm::Es256);
    let trusted =
        || issuer(KEYCLOAK, &key, mapping("realm_access.roles", &[("admin", "shop-admins")]));
    let claims = json!({
        "iss": KEYCLOAK, "sub": "f:1", "aud": ["shop", "account"], "azp": "spa", "typ": "Bearer",
        "exp": NOW + 60, "iat": NOW, "scope": "email profile",
        "realm_access": {"roles": ["shop-admins", "other"]},
    });
    let principal = verify(trusted(), &key, Some("JWT"), claims.clone()).await.unwrap();
    assert_eq!(
        (principal.client.as_deref(), &*principal.roles),
        (Some("spa"), &["admin".to_owned()][..])
    );
    for typ in ["ID", "Refresh", "Offline", "Logout"] {
        let mut claims = claims.clone();
        claims["typ"] = typ.into();
        let result = verify(trusted(), &key, Some("JWT"), claims).await;
        assert_eq!(result, Err(TokenError::Type), "{typ}");
    }
    for name in ["nonce", "at_hash", "c_hash", "events"] {
        let mut claims = claims.clone();
        claims[name] = "x".into();
        assert_eq!(
            verify(trusted(), &key, Some("JWT"), claims).await,
            Err(TokenError::Type),
            "{name}"
        );
    }
    assert_eq!(verify(trusted(), &key, Some("logout+jwt"), claims).await, Err(TokenError::Type));
}

#[tokio::test]
async fn okta_has_scopes_and_client_under_names_of_its_own_and_uaa_lists_them() {
    let (name, key) = ("https://okta.example/oauth2/default", key(Algorithm::Es256));
    let claims = json!({
        "iss": name, "sub": "ada@example.com", "aud": "shop", "cid": "0oa1", "exp": NOW + 60,
        "scp": ["orders", "shop.write"], "groups": "staff",
    });
    let trusted =
        issuer(name, &key, mapping("groups", &[("viewer", "staff"), ("admin", "owners")]));
    let principal = verify(trusted, &key, None, claims).await.unwrap();
    assert_eq!(principal.client.as_deref(), Some("0oa1"));
    assert_eq!(principal.scopes, ["shop.read", "orders", "shop.write"]);
    assert_eq!(principal.roles, ["viewer"]);

    let name = "https://uaa.example/oauth/token";
    let claims = json!({
        "iss": name, "sub": "robot", "aud": ["shop", "robot"], "cid": "robot", "azp": "robot",
        "client_id": "robot", "exp": NOW + 60, "scope": ["shop.write"], "authorities": ["admin"],
    });
    let trusted = issuer(name, &key, mapping("authorities", &[("admin", "shop.admin")]));
    let principal = verify(trusted, &key, Some("JWT"), claims).await.unwrap();
    assert_eq!(principal.scopes, ["shop.read", "shop.write"]);
    assert!(
        principal.roles.is_empty(),
        "what it calls an authority is no role here without a mapping"
    );
}

#[tokio::test]
async fn roles_of_an_outside_issuer_are_none_of_ours() {
    let key = key(Algorithm::Es256);
    let claims = json!({
        "iss": KEYCLOAK, "sub": "eve", "aud": "shop", "exp": NOW + 60, "roles": ["admin"],
    });
    let principal = verify(issuer(KEYCLOAK, &key, mapping("", &[])), &key, None, claims).await;
    assert!(principal.unwrap().roles.is_empty());
}

#[tokio::test]
async fn an_audience_may_be_left_out_only_where_the_settings_say_so() {
    let (name, key) = ("https://mitre.example/", key(Algorithm::Es256));
    let claims =
        json!({"iss": name, "sub": "ada", "azp": "app", "iat": NOW, "exp": NOW + 60, "jti": "1"});
    let trusted = issuer(name, &key, mapping("", &[]));
    assert!(verify(trusted.clone(), &key, None, claims.clone()).await.is_err());
    let any = TrustedIssuer { audience: Audience::Any, ..trusted };
    assert!(verify(any.clone(), &key, None, claims.clone()).await.is_ok());
    let mut expired = claims;
    expired["exp"] = (NOW - 60).into();
    assert!(verify(any, &key, None, expired).await.is_err(), "its times count all the same");
}

#[tokio::test]
async fn the_key_of_one_issuer_is_none_of_another_also_under_the_same_name() {
    let (ours, theirs) = (key(Algorithm::Es256), key(Algorithm::Es256));
    let renamed = |key: &SigningKey| {
        let mut jwk = key.public().to_json();
        jwk["kid"] = "1".into();
        JwkSet::new(vec![Jwk::parse(jwk.to_string().as_bytes()).unwrap()])
    };
    let (first, second) = ("https://a.example", "https://b.example");
    let trusted = |name: &'static str, key: &SigningKey| TrustedIssuer {
        keys: Arc::new(FixedKeys::new(name, renamed(key))),
        ..issuer(name, key, mapping("", &[]))
    };
    let verifier =
        TokenVerifier::new(vec![trusted(first, &ours), trusted(second, &theirs)], clock());
    let token = |name: &str, key: &SigningKey| {
        let claims = json!({"iss": name, "sub": "ada", "aud": "shop", "exp": NOW + 60});
        sign(key, &json!({"alg": "ES256", "kid": "1"}), &claims.to_string())
    };
    assert!(verifier.verify(&token(first, &ours)).await.is_ok());
    assert!(verifier.verify(&token(second, &theirs)).await.is_ok());
    for (name, key) in [(first, &theirs), (second, &ours)] {
        let result = verifier.verify(&token(name, key)).await;
        assert_eq!(result, Err(TokenError::Signature(JoseError::Signature)), "{name}");
    }
}

#[tokio::test]
async fn a_token_of_an_outside_issuer_counts_for_a_day_at_most_whatever_it_says() {
    const DAY: i64 = 24 * 3_600;
    let own = key(Algorithm::Es256);
    let result = async |issued: Option<i64>, expires: i64| {
        let mut claims = json!({"iss": KEYCLOAK, "sub": "ada", "aud": "shop", "exp": expires});
        if let Some(issued) = issued {
            claims["iat"] = issued.into();
        }
        verify(issuer(KEYCLOAK, &own, mapping("", &[])), &own, None, claims).await.map(drop)
    };
    let year = NOW + 365 * DAY;
    assert_eq!(result(Some(NOW), year).await, Ok(()));
    assert_eq!(result(Some(NOW - DAY + 1), year).await, Ok(()));
    let expired = Err(TokenError::Claims(ClaimError::Expired));
    assert_eq!(result(Some(NOW - DAY - 60), year).await, expired);
    assert_eq!(result(None, NOW + DAY).await, Ok(()));
    let undated = Err(TokenError::Claims(ClaimError::Malformed("iat")));
    assert_eq!(result(None, year).await, undated, "it would count anew at each start");
}

#[tokio::test]
async fn an_issuer_signs_by_the_algorithms_that_its_settings_name_and_no_others() {
    let own = key(Algorithm::Es384);
    let claims = json!({"iss": KEYCLOAK, "sub": "ada", "aud": "shop", "exp": NOW + 60});
    let token = own.sign(&jose::Header::typed("at+jwt"), claims.to_string().as_bytes()).unwrap();
    for (algorithms, expected) in [
        (Algorithm::ALL.to_vec(), Ok(())),
        (vec![Algorithm::Es384], Ok(())),
        (vec![Algorithm::Rs256, Algorithm::Es256], Err(JoseError::Algorithm.into())),
    ] {
        let trusted = TrustedIssuer { algorithms, ..issuer(KEYCLOAK, &own, mapping("", &[])) };
        let verifier = TokenVerifier::new(vec![trusted], clock());
        assert_eq!(verifier.verify(&token).await.map(drop), expected);
    }
}

#[tokio::test]
async fn a_key_set_has_what_can_be_used_of_it() {
    let rsa = key(Algorithm::Rs256);
    let public = rsa.public().to_json();
    let padded = [&[0][..], &base64url_decode(public["n"].as_str().unwrap()).unwrap()].concat();
    let n = base64url_encode(padded);
    let e = public["e"].clone();
    let set = json!({"keys": [
        {"kty": "RSA", "use": "enc", "alg": "RSA-OAEP", "kid": "enc", "n": n, "e": e},
        {"kty": "MAC", "alg": "HMACSHA256", "kid": "mac", "value": "secret"},
        {"kty": "oct", "alg": "HS256", "kid": "oct", "k": "c2VjcmV0"},
        {"kty": "EC", "crv": "P-384", "alg": "ES384", "kid": "p384", "x": "AA", "y": "AA"},
        {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "sig", "n": n, "e": e, "value": "-----BEGIN PUBLIC KEY-----"},
        "nonsense",
    ]});
    let keys = JwkSet::parse(set.to_string().as_bytes()).unwrap();
    assert_eq!(keys.keys().len(), 1);
    let name = "https://uaa.example/oauth/token";
    let trusted = TrustedIssuer {
        keys: Arc::new(FixedKeys::new(name, keys)),
        ..issuer(name, &rsa, mapping("", &[]))
    };
    let verifier = TokenVerifier::new(vec![trusted], clock());
    let claims = json!({"iss": name, "sub": "ada", "aud": "shop", "exp": NOW + 60}).to_string();
    let token = |kid: &str| {
        let own = rsa.sign(&jose::Header::default(), claims.as_bytes()).unwrap();
        let mut parts = own.split('.').map(ToOwned::to_owned).collect::<Vec<_>>();
        parts[0] = base64url_encode(json!({"alg": "RS256", "kid": kid}).to_string());
        let message = parts[..2].join(".");
        format!("{message}.{}", base64url_encode(rs256(&rsa, &message)))
    };
    assert!(verifier.verify(&token("sig")).await.is_ok(), "a modulus with a zero in front");
    for kid in ["enc", "mac", "oct", "p384"] {
        let result = verifier.verify(&token(kid)).await;
        assert_eq!(result, Err(TokenError::Signature(JoseError::UnknownKey)), "{kid}");
    }
}

fn rs256(key: &SigningKey, message: &str) -> Vec<u8> {
    use ring::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
    let pair = KeyPair::from_der(key.encoded()).unwrap();
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    signature
}
