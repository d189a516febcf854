//! Claims that are asked for by name, the scopes that cover them, pairwise subjects, and signed answers.

use crate::harness::{Browser, EMAIL, ISSUER, World, authorization, challenge, changed};
use auth_server::{PolicyRequest, RegistrationRequest};
use http::{Request, StatusCode};
use serde_json::{Value, json};

fn all_scopes(id: &str) -> RegistrationRequest {
    let scopes = ["openid", "email", "profile", "address", "phone"].map(ToOwned::to_owned);
    RegistrationRequest {
        is_public: true,
        scopes: scopes.to_vec(),
        ..World::registration_request(id)
    }
}

const CLAIMS: &str = r#"{"name":"Ada Lovelace","locale":"en","phone_number":"+44 20","address":{"locality":"London"}}"#;

#[tokio::test]
async fn a_scope_opens_its_claims_at_userinfo() {
    let world = World::start().await;
    world.administration().await.describe_user(EMAIL, CLAIMS).await.unwrap();
    world.client(&all_scopes("app")).await;
    for (scope, expected) in [
        ("openid", json!({})),
        ("openid profile", json!({"name": "Ada Lovelace", "locale": "en"})),
        ("openid address", json!({"address": {"locality": "London"}})),
        ("openid phone", json!({"phone_number": "+44 20"})),
        ("openid email", json!({"email": EMAIL, "email_verified": false})),
    ] {
        let tokens = world.tokens("app", scope).await;
        let mut info = world.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
        let subject = info.as_object_mut().unwrap().remove("sub").unwrap();
        let id_token = world.claims(tokens["id_token"].as_str().unwrap()).await;
        assert_eq!(Some(&subject), id_token.get("sub"));
        assert_eq!(info, expected, "{scope}");
        assert!(id_token.get("name").is_none() && id_token.get("email").is_none());
    }
    let refused = world.administration().await.describe_user(EMAIL, r#"{"role":"admin"}"#).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn claims_by_name_come_where_they_are_asked_for_if_the_client_may_have_their_scope() {
    let world = World::start().await;
    world.administration().await.describe_user(EMAIL, CLAIMS).await.unwrap();
    world.client(&all_scopes("app")).await;
    world.public_client("narrow").await;
    let challenge = challenge();
    let asked = r#"{"userinfo":{"name":{"essential":true}},"id_token":{"email":null,"acr":null}}"#;
    let browser = Browser::new(&world);
    let tokens = async |client: &str| {
        let mut fields = authorization(client, &challenge);
        fields.push(("claims", asked));
        let code = browser.authorized(&fields).await.parameter("code").unwrap();
        world.redeem(client, &code).await.json()
    };
    let wide = tokens("app").await;
    let info = world.userinfo(wide["access_token"].as_str().unwrap()).await.json();
    assert_eq!(info["name"], "Ada Lovelace");
    let id_token = world.claims(wide["id_token"].as_str().unwrap()).await;
    assert_eq!((id_token.text("email"), id_token.text("acr")), (Some(EMAIL), Some("1")));
    assert!(id_token.get("name").is_none(), "asked for elsewhere");
    let narrow = tokens("narrow").await;
    let info = world.userinfo(narrow["access_token"].as_str().unwrap()).await.json();
    assert!(info.get("name").is_none(), "it may not have the profile");
}

#[tokio::test]
async fn wishes_that_cannot_be_met_are_refused_only_if_they_are_essential() {
    let world = World::start().await;
    world.public_client("app").await;
    let challenge = challenge();
    let browser = Browser::new(&world);
    browser.code("app", "openid").await;
    for (claims, error) in [
        ("x", Some("invalid_request")),
        (
            r#"{"id_token":{"acr":{"essential":true,"values":["9"]}}}"#,
            Some("unmet_authentication_requirements"),
        ),
        (r#"{"id_token":{"acr":{"values":["9"]}}}"#, None),
        (r#"{"id_token":{"acr":{"essential":true,"values":["9","1"]}}}"#, None),
        (r#"{"id_token":{"sub":{"value":"somebody else"}}}"#, Some("login_required")),
        (r#"{"userinfo":{"unknown":{"essential":true}}}"#, None),
    ] {
        let mut fields = authorization("app", &challenge);
        fields.extend([("claims", claims), ("prompt", "none"), ("acr_values", "9 8")]);
        let answer = browser.authorize(&fields).await;
        assert_eq!(answer.parameter("error").as_deref(), error, "{claims}");
    }
}

#[tokio::test]
async fn pairwise_subjects_are_the_same_everywhere_for_one_client_and_of_no_other() {
    let world = World::start().await;
    let pairwise = |id: &str, host: &str| {
        let policy = PolicyRequest { is_pairwise: true, ..PolicyRequest::default() };
        let redirect_uris = vec![format!("https://{host}/back")];
        RegistrationRequest {
            is_public: true,
            policy,
            redirect_uris,
            ..World::registration_request(id)
        }
    };
    let challenge = challenge();
    let mut subjects = Vec::new();
    for (id, host) in [("a1", "a.example"), ("a2", "a.example"), ("b", "b.example")] {
        world.client(&pairwise(id, host)).await;
        let back = format!("https://{host}/back");
        let fields = changed(&authorization(id, &challenge), "redirect_uri", Some(&back));
        let browser = Browser::new(&world);
        let code = browser.authorized(&fields).await.parameter("code").unwrap();
        let tokens = world
            .token(&[
                ("grant_type", "authorization_code"),
                ("client_id", id),
                ("code", &code),
                ("redirect_uri", &back),
                ("code_verifier", crate::harness::VERIFIER),
            ])
            .await
            .json();
        let (access, id_token) =
            (tokens["access_token"].as_str().unwrap(), tokens["id_token"].as_str().unwrap());
        let subject = world.claims(id_token).await.text("sub").unwrap().to_owned();
        assert_eq!(world.userinfo(access).await.json()["sub"], subject);
        assert_eq!(
            world.claims(access).await.text("sub"),
            Some(&*subject),
            "nothing gives it away"
        );
        let mut silent = fields.clone();
        silent.extend([("prompt", "none"), ("id_token_hint", id_token)]);
        let answer = browser.authorize(&silent).await;
        assert!(answer.parameter("code").is_some(), "its own hint fits: {}", answer.location());
        subjects.push(subject);
    }
    assert_eq!(subjects[0], subjects[1]);
    assert_ne!(subjects[0], subjects[2]);
}

#[tokio::test]
async fn userinfo_is_signed_for_a_client_that_is_registered_so() {
    let world = World::start().await;
    let policy =
        PolicyRequest { userinfo_algorithm: Some("RS256".to_owned()), ..PolicyRequest::default() };
    world
        .client(&RegistrationRequest {
            is_public: true,
            policy,
            ..World::registration_request("app")
        })
        .await;
    let tokens = world.tokens("app", "openid email").await;
    let answer = world.userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(answer.header("content-type"), "application/jwt");
    let claims = world.claims(&answer.body).await;
    assert_eq!((claims.text("iss"), claims.text("aud")), (Some(ISSUER), Some("app")));
    assert_eq!(claims.text("email"), Some(EMAIL));
}

#[tokio::test]
async fn a_token_in_the_form_of_a_post_is_accepted_and_one_in_the_address_is_not() {
    let world = World::start().await;
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid").await;
    let token = tokens["access_token"].as_str().unwrap();
    let answer = world.post("/auth/userinfo", &[("access_token", token)], None).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.headers);
    let bearer = format!("Bearer {token}");
    let twice = [("access_token", token)];
    let answer = world.post("/auth/userinfo", &twice, Some(("authorization", &bearer))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = world.get(&format!("/auth/userinfo?access_token={token}")).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_introspection_is_signed_when_that_is_asked_for() {
    let world = World::start().await;
    let secret = world.secret_client("app").await;
    for (token, is_active) in [("invented", false), ("", true)] {
        let mut owned = token.to_owned();
        if is_active {
            let browser = Browser::new(&world);
            let code = browser.code("app", "openid").await;
            let tokens = world
                .token(&[
                    ("grant_type", "authorization_code"),
                    ("client_id", "app"),
                    ("client_secret", &secret),
                    ("code", &code),
                    ("code_verifier", crate::harness::VERIFIER),
                ])
                .await
                .json();
            owned = tokens["access_token"].as_str().unwrap().to_owned();
        }
        let fields = [("client_id", "app"), ("client_secret", &*secret), ("token", &*owned)];
        let mut request: Request<_> = crate::harness::form_request("/auth/introspect", &fields);
        let accept = "application/token-introspection+jwt".parse().unwrap();
        request.headers_mut().insert("accept", accept);
        let answer = world.send(request).await;
        assert_eq!(answer.header("content-type"), "application/token-introspection+jwt");
        let jws = jose::Jws::parse(&answer.body).unwrap();
        assert!(jws.header().is_typed("token-introspection+jwt"));
        let claims = world.claims(&answer.body).await;
        assert_eq!((claims.text("iss"), claims.text("aud")), (Some(ISSUER), Some("app")));
        let described: &Value = claims.get("token_introspection").unwrap();
        assert_eq!(described["active"], is_active, "{described}");
    }
}
