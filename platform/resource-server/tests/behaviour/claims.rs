//! Claims that a token must have, and types that it must not be of.

use crate::harness::{AUDIENCE, ISSUER, NOW, VerifierFixture};
use jose::ClaimError;
use resource_server::TokenError;
use serde_json::{Value, json};

#[tokio::test]
async fn tokens_for_other_purposes_are_refused() {
    let world = VerifierFixture::new();
    for typ in [
        "JWT",
        "jwt",
        "logout+jwt",
        "dpop+jwt",
        "id+jwt",
        "secevent+jwt",
        "oauth-authz-req+jwt",
        "token-introspection+jwt",
        "at+jwt ",
        "",
    ] {
        let result = world.verify_header(|it| it["typ"] = typ.into()).await;
        assert_eq!(result, Err(TokenError::Type), "{typ:?}");
    }
    let result = world.verify_header(|it| drop(it.as_object_mut().unwrap().remove("typ"))).await;
    assert_eq!(result, Err(TokenError::Type));
}

#[tokio::test]
async fn an_issuer_is_known_to_the_letter() {
    let world = VerifierFixture::new();
    for issuer in [
        "https://shop.example/auth/",
        "https://shop.example",
        "http://shop.example/auth",
        "https://SHOP.example/auth",
        "https://shop.example/auth#",
        "https://shop.example:443/auth",
        "",
    ] {
        let result = world.verify_claims(|it| it["iss"] = issuer.into()).await;
        assert_eq!(result, Err(TokenError::Issuer), "{issuer}");
    }
    for issuer in [json!(null), json!([ISSUER]), json!(7)] {
        assert!(world.verify_claims(|it| it["iss"] = issuer).await.is_err());
    }
}

#[tokio::test]
async fn a_token_is_for_this_audience() {
    let world = VerifierFixture::new();
    assert!(world.verify_claims(|it| it["aud"] = json!(["other", AUDIENCE])).await.is_ok());
    for audience in [
        json!("other"),
        json!([]),
        json!(["other"]),
        json!("https://shop.example/"),
        json!("https://shop.example https://other.example"),
        json!("https://shop"),
        json!("*"),
    ] {
        let shown = audience.to_string();
        let result = world.verify_claims(|it| it["aud"] = audience).await;
        assert_eq!(result, Err(ClaimError::Audience.into()), "{shown}");
    }
    for audience in [json!(null), json!(7), json!([AUDIENCE, 7]), json!({"a": AUDIENCE})] {
        let shown = audience.to_string();
        let result = world.verify_claims(|it| it["aud"] = audience).await;
        assert_eq!(result, Err(ClaimError::Malformed("aud").into()), "{shown}");
    }
    let result = world.verify_claims(|it| drop(it.as_object_mut().unwrap().remove("aud"))).await;
    assert_eq!(result, Err(ClaimError::Malformed("aud").into()));
}

#[tokio::test]
async fn a_token_counts_between_its_times_with_a_minute_for_clocks_that_differ() {
    let world = VerifierFixture::new();
    let at = |name: &'static str, seconds: i64| {
        world.verify_claims(move |it| it[name] = (NOW + seconds).into())
    };
    assert!(at("exp", -59).await.is_ok());
    assert_eq!(at("exp", -60).await, Err(ClaimError::Expired.into()));
    for name in ["nbf", "iat"] {
        assert!(at(name, 60).await.is_ok(), "{name}");
        assert_eq!(at(name, 61).await, Err(ClaimError::NotYetValid.into()), "{name}");
    }
    assert!(world.verify_claims(|it| it["exp"] = json!(1_800_000_000.5)).await.is_ok());
    let wrong: [Value; 7] = [
        json!("1800000600"),
        json!(null),
        json!(true),
        json!([NOW]),
        json!(1e300),
        json!(u64::MAX),
        json!(-1.5),
    ];
    for exp in wrong {
        let shown = exp.to_string();
        let result = world.verify_claims(|it| it["exp"] = exp).await;
        assert_eq!(result, Err(ClaimError::Malformed("exp").into()), "{shown}");
    }
    let result = world.verify_claims(|it| drop(it.as_object_mut().unwrap().remove("exp"))).await;
    assert_eq!(result, Err(ClaimError::Malformed("exp").into()));
    let result = world.verify_claims(|it| it["nbf"] = "0".into()).await;
    assert_eq!(result, Err(ClaimError::Malformed("nbf").into()));
}

#[tokio::test]
async fn a_token_has_a_subject() {
    let world = VerifierFixture::new();
    for subject in [json!(null), json!(""), json!(7), json!(["ada"]), json!("a".repeat(256))] {
        let shown = subject.to_string();
        let result = world.verify_claims(|it| it["sub"] = subject).await;
        assert_eq!(result, Err(ClaimError::Malformed("sub").into()), "{shown}");
    }
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_is_no_bearer_token() {
    let world = VerifierFixture::new();
    for confirmation in [json!({"jkt": "x"}), json!({"x5t#S256": "x"}), json!({}), json!(null)] {
        let result = world.verify_claims(|it| it["cnf"] = confirmation).await;
        assert_eq!(result, Err(TokenError::Unproven));
    }
}

#[tokio::test]
async fn roles_and_scopes_are_lists_of_texts_and_everything_else_is_none() {
    let world = VerifierFixture::new();
    let result = world
        .verify_claims(|it| {
            it["roles"] = json!([7, {"a": "admin"}, "viewer", ["admin"]]);
            it["scope"] = json!("shop.read  x");
        })
        .await
        .unwrap();
    assert_eq!(result.roles, ["viewer"]);
    assert_eq!(result.scopes, ["shop.read", "x"]);
    let many: Vec<String> = (0..1_000).map(|number| number.to_string()).collect();
    let result = world.verify_claims(|it| it["roles"] = json!(many)).await.unwrap();
    assert_eq!(result.roles.len(), 64);
}
