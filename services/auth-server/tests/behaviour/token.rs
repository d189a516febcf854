//! Token endpoint: codes and what they are exchanged for.

use crate::harness::{
    BACK, Browser, ISSUER, ORIGIN, VERIFIER, World, authorization, challenge, changed, form_request,
};
use auth_server::RegistrationRequest;
use axum::body::Body;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{Request, StatusCode};
use jose::{Algorithm, Jws, base64url_encode};
use sha2::{Digest, Sha256, Sha512};
use std::{collections::BTreeSet, time::Duration};

#[tokio::test]
async fn a_code_is_exchanged_for_tokens_that_say_what_they_should() {
    let world = World::start().await;
    world.public_client("app").await;
    let signed_in = world.now().as_second();
    let challenge = challenge();
    let fields = changed(&authorization("app", &challenge), "nonce", Some("the nonce"));
    let fields = changed(&fields, "scope", Some("email openid offline_access"));
    let code = Browser::new(&world).authorized(&fields).await.parameter("code").unwrap();
    world.clock.advance(Duration::from_secs(5));
    let answer = world.redeem("app", &code).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let tokens = answer.json();
    assert_eq!(
        (tokens["token_type"].as_str(), tokens["expires_in"].as_u64()),
        (Some("Bearer"), Some(600))
    );
    assert_eq!(tokens["scope"], "openid email offline_access");
    assert!(tokens["refresh_token"].as_str().unwrap().len() >= 43);

    let access = tokens["access_token"].as_str().unwrap();
    let header = Jws::parse(access).unwrap();
    assert!(header.header().is_typed("at+jwt") && header.algorithm() == Algorithm::Es256);
    let claims = world.claims(access).await;
    let text = |name| claims.text(name).unwrap_or_default().to_owned();
    assert_eq!((text("iss"), text("aud")), (ISSUER.to_owned(), ORIGIN.to_owned()));
    assert_eq!(
        (text("client_id"), text("scope")),
        ("app".to_owned(), "openid email offline_access".to_owned())
    );
    assert_eq!(claims.seconds("iat"), Ok(Some(signed_in + 5)));
    assert_eq!(claims.seconds("exp"), Ok(Some(signed_in + 605)));
    assert_eq!(claims.seconds("auth_time"), Ok(Some(signed_in)));
    assert!(!text("jti").is_empty());

    let id_token = tokens["id_token"].as_str().unwrap();
    let header = Jws::parse(id_token).unwrap();
    assert!(header.header().is_typed("jwt") && header.algorithm() == Algorithm::Rs256);
    let id = world.claims(id_token).await;
    assert_eq!((id.text("iss"), id.text("aud")), (Some(ISSUER), Some("app")));
    assert_eq!(id.text("sub"), claims.text("sub"));
    assert_eq!(
        (id.text("nonce"), id.seconds("auth_time")),
        (Some("the nonce"), Ok(Some(signed_in)))
    );
    let hash = Sha256::digest(access);
    assert_eq!(id.text("at_hash"), Some(&*base64url_encode(&hash[..16])));
    assert!(
        id.text("sid").is_some() && id.text("email").is_none(),
        "claims of scopes are in userinfo"
    );
}

#[tokio::test]
async fn without_openid_there_is_no_id_token_and_without_the_grant_no_refresh_token() {
    let world = World::start().await;
    let registration_request = RegistrationRequest {
        is_public: true,
        grant_types: vec!["authorization_code".to_owned()],
        ..World::registration_request("app")
    };
    world.client(&registration_request).await;
    let tokens = world.tokens("app", "email").await;
    assert!(tokens.get("id_token").is_none() && tokens.get("refresh_token").is_none());
    let refused = world.refresh("app", "x").await;
    assert_eq!(refused.error(), (400, "unauthorized_client".to_owned()));
}

/// Error of a redemption of a fresh code with another value of one field.
async fn redeemed_with(world: &World, name: &'static str, value: Option<&str>) -> String {
    let code = world.code("app", "openid").await;
    let good = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &*code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    let answer = world.token(&changed(&good, name, value)).await;
    if answer.status == StatusCode::OK {
        return "ok".to_owned();
    }
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.error().1
}

#[tokio::test]
async fn a_code_is_bound_to_its_client_address_and_verifier() {
    let world = World::start().await;
    world.public_client("app").await;
    world.public_client("other").await;
    let long = "v".repeat(129);
    for (name, value, error) in [
        ("grant_type", None, "invalid_request"),
        ("grant_type", Some("password"), "unsupported_grant_type"),
        ("grant_type", Some("client_credentials"), "unauthorized_client"),
        ("client_id", None, "invalid_client"),
        ("client_id", Some("other"), "invalid_grant"),
        ("client_id", Some("nobody"), "invalid_client"),
        ("code", None, "invalid_request"),
        ("code", Some("x"), "invalid_grant"),
        ("code_verifier", None, "invalid_grant"),
        ("code_verifier", Some("another-verifier-of-at-least-forty-three-chars"), "invalid_grant"),
        ("code_verifier", Some("short"), "invalid_grant"),
        ("code_verifier", Some(&*long), "invalid_grant"),
        ("redirect_uri", Some("https://app.example/other"), "invalid_grant"),
        ("redirect_uri", None, "ok"),
        ("resource", Some("https://other.example"), "invalid_target"),
        ("resource", Some(ORIGIN), "ok"),
    ] {
        assert_eq!(redeemed_with(&world, name, value).await, error, "{name} {value:?}");
    }
}

#[tokio::test]
async fn a_verifier_of_another_form_is_refused_although_it_is_that_of_the_challenge() {
    let world = World::start().await;
    world.public_client("app").await;
    let long = "v".repeat(129);
    for verifier in ["short", &long, "a verifier with blanks, of more than forty-three characters"]
    {
        let challenge = base64url_encode(Sha256::digest(verifier));
        let answer = Browser::new(&world).authorized(&authorization("app", &challenge)).await;
        let code = answer.parameter("code").unwrap();
        let redeemed = world
            .token(&[
                ("grant_type", "authorization_code"),
                ("client_id", "app"),
                ("code", &code),
                ("redirect_uri", BACK),
                ("code_verifier", verifier),
            ])
            .await;
        assert_eq!(redeemed.error(), (400, "invalid_grant".to_owned()), "{verifier}");
    }
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_refused() {
    let world = World::start().await;
    let registration_request =
        RegistrationRequest { is_without_pkce: true, ..World::registration_request("old") };
    let secret = world.client(&registration_request).await.secret.unwrap();
    let challenge = challenge();
    let fields = changed(&authorization("old", &challenge), "code_challenge", None);
    let fields = changed(&fields, "code_challenge_method", None);
    let browser = Browser::new(&world);
    for (verifier, status) in [(Some(VERIFIER), 400), (None, 200)] {
        let code = browser.authorized(&fields).await.parameter("code").unwrap();
        let request = [
            ("grant_type", "authorization_code"),
            ("client_id", "old"),
            ("client_secret", &*secret),
            ("code", &*code),
            ("redirect_uri", BACK),
        ];
        let answer = world.token(&changed(&request, "code_verifier", verifier)).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
        let code = browser.authorized(&fields).await.parameter("code").unwrap();
        let request = changed(&request, "code", Some(&code));
        let answer = world.token(&changed(&request, "redirect_uri", None)).await;
        assert_eq!(answer.error().1, "invalid_grant", "without PKCE the address binds the code");
    }
}

#[tokio::test]
async fn a_code_ends_after_a_minute() {
    let world = World::start().await;
    world.public_client("app").await;
    let (one, other) = (world.code("app", "openid").await, world.code("app", "openid").await);
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(world.redeem("app", &one).await.status, StatusCode::OK);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.redeem("app", &other).await.error(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn a_code_that_comes_again_ends_what_it_gave_unless_the_request_is_a_guess() {
    let world = World::start().await;
    world.public_client("app").await;
    world.public_client("other").await;
    let code = world.code("app", "openid").await;
    let tokens = world.redeem("app", &code).await.json();
    let (access, refresh) =
        (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    // A thief of the code alone has no verifier, and is no other client.
    let thief = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &*code),
        ("redirect_uri", BACK),
    ];
    assert_eq!(world.token(&thief).await.error().1, "invalid_grant");
    assert_eq!(world.redeem("other", &code).await.error().1, "invalid_grant");
    assert_eq!(world.userinfo(access).await.status, StatusCode::OK, "still good");
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(world.redeem("app", &code).await.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(world.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.refresh("app", refresh).await.error().1, "invalid_grant");
}

#[tokio::test]
async fn a_request_in_another_form_is_refused() {
    let world = World::start().await;
    world.public_client("app").await;
    let get = world.get("/auth/token?grant_type=client_credentials&client_secret=x").await;
    assert_eq!(get.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(get.header("allow").contains("POST"), "{:?}", get.headers);
    let send = async |content_type: &str, body: String| {
        let request = Request::post("/auth/token")
            .header("content-type", content_type)
            .body(Body::from(body));
        world.send(request.unwrap()).await
    };
    let form = "application/x-www-form-urlencoded";
    assert_eq!(
        send("application/json", r#"{"grant_type":"x"}"#.to_owned()).await.error(),
        (400, "invalid_request".to_owned())
    );
    assert_eq!(
        send(form, "grant_type=a&grant_type=a".to_owned()).await.error(),
        (400, "invalid_request".to_owned())
    );
    assert_eq!(
        send(form, format!("a={}", "x".repeat(70_000))).await.error(),
        (413, "invalid_request".to_owned())
    );
    assert_eq!(send(form, "a=%ff".to_owned()).await.error(), (400, "invalid_request".to_owned()));
    assert_eq!(send(form, String::new()).await.error(), (401, "invalid_client".to_owned()));
    let charset =
        send("application/x-www-form-urlencoded; charset=UTF-8", "client_id=app".to_owned()).await;
    assert_eq!(charset.error(), (400, "invalid_request".to_owned()), "no grant_type");
}

#[tokio::test]
async fn a_secret_is_taken_from_the_header_or_the_body_and_not_from_both() {
    let world = World::start().await;
    let secret = world.secret_client("app").await;
    let request = async |fields: &[(&str, &str)], authorization: Option<String>| {
        let fields = [&[("grant_type", "refresh_token"), ("refresh_token", "x")], fields].concat();
        let header = authorization.as_deref().map(|value| ("authorization", value));
        world.post("/auth/token", &fields, header).await
    };
    let basic = |id: &str, secret: &str| {
        Some(format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}"))))
    };
    // Whoever gets as far as the refresh token has been authenticated.
    let is_known = (400, "invalid_grant".to_owned());
    let is_unknown = (401, "invalid_client".to_owned());
    let in_body = [("client_id", "app"), ("client_secret", &*secret)];
    assert_eq!(request(&in_body, None).await.error(), is_known);
    assert_eq!(request(&[], basic("app", &secret)).await.error(), is_known);
    assert_eq!(request(&[], basic("%61pp", &secret)).await.error(), is_known, "form-encoded");
    assert_eq!(request(&[("client_id", "app")], basic("app", &secret)).await.error(), is_known);
    let two = request(&in_body, basic("app", &secret)).await;
    assert_eq!(two.error(), (400, "invalid_request".to_owned()));
    let two = request(&[("client_id", "other")], basic("app", &secret)).await;
    assert_eq!(two.error(), (400, "invalid_request".to_owned()));
    let wrong = request(&[], basic("app", "wrong")).await;
    assert_eq!(
        (wrong.error(), wrong.header("www-authenticate")),
        (is_unknown.clone(), "Basic realm=\"auth\"")
    );
    for fields in [
        &[("client_id", "app")][..],
        &[("client_id", "app"), ("client_secret", "wrong")],
        &[("client_id", "nobody"), ("client_secret", &*secret)],
        &[("client_secret", &*secret)],
    ] {
        assert_eq!(request(fields, None).await.error(), is_unknown, "{fields:?}");
    }
    for header in ["Bearer x", "Basic", "Basic !!"] {
        assert_eq!(request(&[], Some(header.to_owned())).await.error(), is_unknown, "{header}");
    }
    let mut in_query = form_request(
        "/auth/token",
        &[("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", "app")],
    );
    *in_query.uri_mut() = format!("/auth/token?client_secret={secret}").parse().unwrap();
    assert_eq!(world.send(in_query).await.error(), is_unknown, "never from an address");
}

#[tokio::test]
async fn errors_have_only_the_characters_of_the_rfc() {
    let world = World::start().await;
    let mut seen = BTreeSet::new();
    for fields in
        [&[("client_id", "x")][..], &[("a", "b")], &[("client_id", "x"), ("client_assertion", "y")]]
    {
        let error = world.token(fields).await.json();
        let description = error["error_description"].as_str().unwrap().to_owned();
        assert!(
            description
                .bytes()
                .all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\')
        );
        seen.insert(description);
    }
    assert!(seen.len() >= 2);
}

#[tokio::test]
async fn an_id_token_is_signed_as_its_client_is_registered() {
    let world = World::start().await;
    for name in ["RS256", "ES256", "EdDSA"] {
        let registration_request = RegistrationRequest {
            is_public: true,
            id_token_algorithm: Some(name.to_owned()),
            ..World::registration_request(name)
        };
        world.client(&registration_request).await;
        let tokens = world.tokens(name, "openid").await;
        let (id_token, access) =
            (tokens["id_token"].as_str().unwrap(), tokens["access_token"].as_str().unwrap());
        assert_eq!(Jws::parse(id_token).unwrap().algorithm().name(), name);
        let claims = world.claims(id_token).await;
        let hash = if name == "EdDSA" {
            Sha512::digest(access).to_vec()
        } else {
            Sha256::digest(access).to_vec()
        };
        let half = base64url_encode(&hash[..hash.len() / 2]);
        assert_eq!(claims.text("at_hash"), Some(&*half), "{name}");
        // As a hint it counts in the browser of its person.
        let browser = Browser::new(&world);
        let challenge = challenge();
        let fields = authorization(name, &challenge);
        browser.authorized(&fields).await;
        let hinted = changed(&fields, "id_token_hint", Some(id_token));
        assert_eq!(browser.authorize(&hinted).await.parameter("error"), None, "{name}");
    }
}
