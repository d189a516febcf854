//! Clients that present a certificate (RFC 8705): who they are by it, and the tokens that are bound to it.

use crate::harness::{
    Answer, BACK, Browser, VERIFIER, World, authorization, challenge, form_request,
};
use auth_server::{PolicyRequest, RegistrationRequest};
use axum::body::Body;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{Request, StatusCode, header};
use serde_json::{Value, json};
use transport::ClientCertificate;

/// Issued by the trusted authority; by another one of the same names; by the trusted one, and expired; by nobody.
const APP: &str = include_str!("../certificates/app.pem");
const FORGED: &str = include_str!("../certificates/forged.pem");
const EXPIRED: &str = include_str!("../certificates/expired.pem");
const OWN: &str = include_str!("../certificates/own.pem");
/// Key of the last one.
const OWN_KEYS: &str = include_str!("../certificates/own.jwks.json");
const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates/ca.pem");
const SUBJECT: &str = r"CN=app,O=Tarnwood\, Ltd,C=DE";

fn certificate(pem: &str) -> ClientCertificate {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let certificate = BASE64_STANDARD.decode(base64).expect("it is base64");
    ClientCertificate::new(vec![certificate]).expect("it is a certificate")
}

async fn start() -> World {
    World::start_with(&[
        ("accepts_client_certificates", "true"),
        ("client_ca_file", AUTHORITY),
        ("mtls_origin", "https://mtls.shop.example"),
    ])
    .await
}

fn robot(policy: PolicyRequest, keys: Option<&str>) -> RegistrationRequest {
    RegistrationRequest {
        id: "robot".to_owned(),
        grant_types: vec!["client_credentials".to_owned()],
        scopes: vec!["orders.read".to_owned(), "introspect".to_owned()],
        keys: keys.map(ToOwned::to_owned),
        policy,
        ..RegistrationRequest::default()
    }
}

fn named(name: &str, value: &str) -> PolicyRequest {
    let certificate_subject = Some((name.to_owned(), value.to_owned()));
    PolicyRequest { certificate_subject, ..PolicyRequest::default() }
}

/// Answer of the token endpoint to a client that presents this certificate.
async fn token(world: &World, pem: Option<&str>, fields: &[(&str, &str)]) -> Answer {
    world.send_presenting(pem.map(certificate), form_request("/auth/token", fields)).await
}

async fn for_itself(world: &World, pem: Option<&str>) -> Answer {
    token(world, pem, &[("grant_type", "client_credentials"), ("client_id", "robot")]).await
}

fn refused(answer: &Answer) {
    assert_eq!(answer.error(), (401, "invalid_client".to_owned()), "{}", answer.body);
}

#[tokio::test]
async fn a_certificate_of_the_authority_proves_a_client_by_each_kind_of_name() {
    for (name, value, other) in [
        ("tls_client_auth_subject_dn", SUBJECT, "CN=app"),
        ("tls_client_auth_san_dns", "app.example", "example"),
        ("tls_client_auth_san_uri", "spiffe://shop/app", "spiffe://shop/app2"),
        ("tls_client_auth_san_ip", "192.0.2.7", "192.0.2.8"),
        ("tls_client_auth_san_email", "app@example.com", "App@example.com"),
    ] {
        let world = start().await;
        world.client(&robot(named(name, value), None)).await;
        assert_eq!(for_itself(&world, Some(APP)).await.status, StatusCode::OK, "{name}");
        refused(&for_itself(&world, None).await);
        refused(&for_itself(&world, Some(OWN)).await);
        let world = start().await;
        world.client(&robot(named(name, other), None)).await;
        refused(&for_itself(&world, Some(APP)).await);
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_or_of_another_time_proves_nothing() {
    let world = start().await;
    world.client(&robot(named("tls_client_auth_subject_dn", SUBJECT), None)).await;
    for pem in [FORGED, EXPIRED] {
        refused(&for_itself(&world, Some(pem)).await);
    }
    let without_authority = World::start().await;
    without_authority.client(&robot(named("tls_client_auth_subject_dn", SUBJECT), None)).await;
    refused(&for_itself(&without_authority, Some(APP)).await);
}

#[tokio::test]
async fn a_self_signed_certificate_proves_a_client_by_its_key() {
    let policy = PolicyRequest { has_self_signed_certificate: true, ..PolicyRequest::default() };
    let world = World::start().await;
    world.client(&robot(policy, Some(OWN_KEYS))).await;
    assert_eq!(for_itself(&world, Some(OWN)).await.status, StatusCode::OK);
    refused(&for_itself(&world, Some(APP)).await);
    refused(&for_itself(&world, None).await);
    let with_secret = [
        ("grant_type", "client_credentials"),
        ("client_id", "robot"),
        ("client_secret", "invented"),
    ];
    refused(&token(&world, Some(OWN), &with_secret).await);
}

#[tokio::test]
async fn a_certificate_makes_no_other_client_of_anybody() {
    let world = start().await;
    world.secret_client("app").await;
    let fields = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", "x")];
    refused(&token(&world, Some(APP), &fields).await);
}

#[tokio::test]
async fn a_token_is_bound_to_the_certificate_and_worth_nothing_without_it() {
    let world = start().await;
    let policy = PolicyRequest {
        requires_certificate: true,
        ..named("tls_client_auth_subject_dn", SUBJECT)
    };
    let request = RegistrationRequest {
        grant_types: vec!["authorization_code".to_owned(), "refresh_token".to_owned()],
        redirect_uris: vec![BACK.to_owned()],
        scopes: vec!["openid".to_owned(), "introspect".to_owned()],
        ..robot(policy, None)
    };
    world.client(&request).await;
    let code = world.code("robot", "openid").await;
    let answer = token(&world, Some(APP), &redemption("robot", &code)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "Bearer");
    let access_token = tokens["access_token"].as_str().unwrap();
    let confirmation = world.claims(access_token).await.get("cnf").cloned();
    let expected = json!({"x5t#S256": certificate(APP).thumbprint()});
    assert_eq!(confirmation, Some(expected.clone()));
    let userinfo = async |pem: Option<&str>| {
        let request = Request::get("/auth/userinfo")
            .header(header::AUTHORIZATION, format!("Bearer {access_token}"))
            .body(Body::empty());
        world.send_presenting(pem.map(certificate), request.unwrap()).await
    };
    assert_eq!(userinfo(Some(APP)).await.status, StatusCode::OK);
    for pem in [None, Some(FORGED), Some(OWN)] {
        let answer = userinfo(pem).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        let said = answer.header("www-authenticate");
        assert!(said.starts_with(r#"Bearer realm="auth", error="invalid_token""#), "{said}");
    }
    let fields = [("client_id", "robot"), ("token", access_token)];
    let described =
        world.send_presenting(Some(certificate(APP)), form_request("/auth/introspect", &fields));
    assert_eq!(described.await.json()["cnf"], expected);
}

fn redemption<'a>(client: &'a str, code: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ]
}

/// A public client whose tokens are bound to its certificate, with its tokens.
async fn public_client(world: &World) -> Value {
    let policy = PolicyRequest { requires_certificate: true, ..PolicyRequest::default() };
    let request =
        RegistrationRequest { is_public: true, policy, ..World::registration_request("app") };
    world.client(&request).await;
    let code = world.code("app", "openid offline_access").await;
    let without = token(world, None, &redemption("app", &code)).await;
    assert_eq!(without.error(), (400, "invalid_request".to_owned()));
    let answer = token(world, Some(OWN), &redemption("app", &code)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn the_refresh_tokens_of_a_public_client_need_its_certificate() {
    let world = World::start().await;
    let tokens = public_client(&world).await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let fields =
        [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh_token)];
    let stolen = token(&world, Some(APP), &fields).await;
    assert_eq!(stolen.error(), (400, "invalid_grant".to_owned()));
    let answer = token(&world, Some(OWN), &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let renewed = answer.json();
    let claims = world.claims(renewed["access_token"].as_str().unwrap()).await;
    let expected = json!({"x5t#S256": certificate(OWN).thumbprint()});
    assert_eq!(claims.get("cnf"), Some(&expected));
}

#[tokio::test]
async fn a_bound_token_is_exchanged_with_its_certificate_alone() {
    let world = World::start().await;
    let tokens = public_client(&world).await;
    let request = RegistrationRequest {
        grant_types: vec!["token_exchange".to_owned()],
        scopes: vec!["openid".to_owned()],
        ..robot(PolicyRequest::default(), None)
    };
    let secret = world.client(&request).await.secret.unwrap();
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("client_id", "robot"),
        ("client_secret", &*secret),
        ("subject_token", tokens["access_token"].as_str().unwrap()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ];
    for pem in [None, Some(APP)] {
        let answer = token(&world, pem, &fields).await;
        assert_eq!(answer.error(), (400, "invalid_request".to_owned()), "{}", answer.body);
    }
    assert_eq!(token(&world, Some(OWN), &fields).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_profile_of_fapi_takes_a_certificate_in_place_of_keys_and_proofs() {
    let world = start().await;
    let policy = PolicyRequest { is_fapi: true, ..named("tls_client_auth_subject_dn", SUBJECT) };
    let request = RegistrationRequest {
        grant_types: vec!["authorization_code".to_owned(), "refresh_token".to_owned()],
        redirect_uris: vec![BACK.to_owned()],
        scopes: vec!["openid".to_owned()],
        ..robot(policy, None)
    };
    world.client(&request).await;
    let challenge = challenge();
    let pushed = authorization("robot", &challenge);
    let push =
        |pem| world.send_presenting(Some(certificate(pem)), form_request("/auth/par", &pushed));
    refused(&push(FORGED).await);
    let pushed = push(APP).await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.body);
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let fields = [("client_id", "robot"), ("request_uri", &*uri)];
    let answer = Browser::new(&world).authorized(&fields).await;
    let code = answer.parameter("code").unwrap();
    let answer = token(&world, Some(APP), &redemption("robot", &code)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let claims = world.claims(answer.json()["access_token"].as_str().unwrap()).await;
    let expected = json!({"x5t#S256": certificate(APP).thumbprint()});
    assert_eq!(claims.get("cnf"), Some(&expected));
}

#[tokio::test]
async fn the_metadata_says_so_where_certificates_are_taken() {
    const PATH: &str = "/auth/.well-known/openid-configuration";
    let metadata = start().await.get(PATH).await.json();
    assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
    let methods = metadata["token_endpoint_auth_methods_supported"].as_array().unwrap();
    for method in ["tls_client_auth", "self_signed_tls_client_auth"] {
        assert!(methods.contains(&method.into()), "{method}");
    }
    let aliases = &metadata["mtls_endpoint_aliases"];
    assert_eq!(aliases["token_endpoint"], "https://mtls.shop.example/auth/token");
    let plain = World::start().await.get(PATH).await.json();
    for name in ["tls_client_certificate_bound_access_tokens", "mtls_endpoint_aliases"] {
        assert_eq!(plain[name], Value::Null, "{name}");
    }
    assert!(!plain.to_string().contains("tls_client_auth"));
}

#[tokio::test]
async fn a_client_registers_itself_with_exactly_one_name_of_its_certificate() {
    let world = World::start_with(&[("client_registration", "open")]).await;
    let register = async |others: Value| {
        let mut metadata = json!({
            "redirect_uris": [BACK], "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_certificate_bound_access_tokens": true,
        });
        metadata.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
        let request = Request::post("/auth/register")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(metadata.to_string()));
        world.send(request.unwrap()).await
    };
    let registered = register(json!({"tls_client_auth_san_dns": "app.example"})).await;
    assert_eq!(registered.status, StatusCode::CREATED, "{}", registered.body);
    let registered = registered.json();
    assert_eq!(registered["tls_client_auth_san_dns"], "app.example");
    assert_eq!(registered["tls_client_certificate_bound_access_tokens"], true);
    assert_eq!(registered["token_endpoint_auth_method"], "tls_client_auth");
    assert_eq!(registered["client_secret"], Value::Null);
    for wrong in [
        json!({}),
        json!({"tls_client_auth_san_dns": "a", "tls_client_auth_san_uri": "b:c"}),
        json!({"tls_client_auth_subject_dn": "no name"}),
        json!({"tls_client_auth_san_ip": "app.example"}),
        json!({"tls_client_auth_san_dns": ""}),
        json!({"token_endpoint_auth_method": "self_signed_tls_client_auth"}),
    ] {
        let answer = register(wrong.clone()).await;
        assert_eq!(answer.error(), (400, "invalid_client_metadata".to_owned()), "{wrong}");
    }
}
