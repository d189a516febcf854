//! Endpoints as programs of UAA call them.

use crate::harness::{Answer, EMAIL, ISSUER, World};
use auth_server::RegistrationRequest;
use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

/// Client with a secret that acts for itself.
pub(crate) async fn client(world: &World, id: &str, scopes: &[&str]) -> String {
    let registration_request = RegistrationRequest {
        id: id.to_owned(),
        grant_types: vec!["client_credentials".to_owned()],
        scopes: scopes.iter().map(ToString::to_string).collect(),
        ..RegistrationRequest::default()
    };
    world.client(&registration_request).await.secret.expect("it has a secret")
}

/// Token of a client, from the address at which these programs ask for it.
pub(crate) async fn token(world: &World, id: &str, secret: &str) -> String {
    let fields =
        [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    let answer = world.post("/auth/oauth/token", &fields, None).await;
    answer.json()["access_token"].as_str().expect("a token").to_owned()
}

async fn send(
    world: &World,
    token: &str,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json");
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    world.send(request.body(body).expect("a request")).await
}

#[tokio::test]
async fn a_client_is_registered_shown_and_removed() {
    let world = World::start().await;
    let secret = client(&world, "admin", &["clients.admin"]).await;
    let admin = token(&world, "admin", &secret).await;
    let new = json!({
        "client_id": "robot",
        "client_secret": "chosen by a person",
        "authorized_grant_types": ["client_credentials"],
        "authorities": ["orders.read"],
        "scope": [],
        "access_token_validity": 60,
    });
    let path = "/auth/oauth/clients";
    let created = send(&world, &admin, Method::POST, path, Some(new.clone())).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.body);
    let secret = created.json()["client_secret"].as_str().unwrap().to_owned();
    assert_ne!(secret, "chosen by a person");
    let robot = token(&world, "robot", &secret).await;
    assert_eq!(world.claims(&robot).await.text("scope"), Some("orders.read"));
    let again = send(&world, &admin, Method::POST, path, Some(new)).await;
    assert_eq!(again.error(), (409, "invalid_client".to_owned()));
    let shown = send(&world, &admin, Method::GET, "/auth/oauth/clients/robot", None).await;
    assert_eq!(shown.json()["authorities"], json!(["orders.read"]));
    assert_eq!((&shown.json()["scope"], shown.json().get("client_secret")), (&json!([]), None));
    let listed = send(&world, &admin, Method::GET, path, None).await.json();
    assert_eq!(listed["totalResults"], 2);
    let refused = send(&world, &robot, Method::GET, path, None).await;
    assert_eq!(refused.error(), (403, "access_denied".to_owned()));
    assert!(refused.header("www-authenticate").contains("insufficient_scope"));
    for wrong in [json!([]), json!({"client_id": "a b"}), json!({"client_id": "app"})] {
        let refused = send(&world, &admin, Method::POST, path, Some(wrong)).await;
        assert_eq!(refused.error(), (400, "invalid_client".to_owned()));
    }
    let removed = send(&world, &admin, Method::DELETE, "/auth/oauth/clients/robot", None).await;
    assert_eq!(removed.json()["client_id"], "robot");
    let removed = send(&world, &admin, Method::DELETE, "/auth/oauth/clients/robot", None).await;
    assert_eq!(removed.error(), (404, "not_found".to_owned()));
    assert_eq!(world.userinfo(&robot).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn clients_are_changed_by_no_lesser_scope() {
    let world = World::start().await;
    let path = "/auth/oauth/clients";
    let new = json!({
        "client_id": "robot",
        "authorized_grant_types": ["client_credentials"],
        "authorities": ["clients.admin", "scim.write"],
    });
    for scope in ["clients.read", "clients.write"] {
        let secret = client(&world, scope, &[scope]).await;
        let token = token(&world, scope, &secret).await;
        let created = send(&world, &token, Method::POST, path, Some(new.clone())).await;
        assert_eq!(created.error(), (403, "access_denied".to_owned()), "{scope}");
        let own = format!("{path}/{scope}");
        let deleted = send(&world, &token, Method::DELETE, &own, None).await;
        assert_eq!(deleted.error(), (403, "access_denied".to_owned()), "{scope}");
        let listed = send(&world, &token, Method::GET, path, None).await;
        assert_eq!(listed.status.as_u16(), if scope == "clients.read" { 200 } else { 403 });
    }
}

#[tokio::test]
async fn a_token_is_checked_for_who_serves_it() {
    let world = World::start().await;
    world.public_client("app").await;
    let secret = client(&world, "service", &["uaa.resource"]).await;
    let other = client(&world, "other", &["orders.read"]).await;
    let tokens = world.tokens("app", "openid email").await;
    let access = tokens["access_token"].as_str().unwrap();
    let check = async |id: &str, secret: &str, token: &str, scopes: &str| {
        let fields =
            [("client_id", id), ("client_secret", secret), ("token", token), ("scopes", scopes)];
        world.post("/auth/check_token", &fields, None).await
    };
    let checked = check("service", &secret, access, "openid,email").await;
    assert_eq!(checked.header("cache-control"), "no-store");
    let checked = checked.json();
    assert_eq!(checked["scope"], json!(["openid", "email"]));
    assert_eq!((&checked["iss"], &checked["cid"]), (&json!(ISSUER), &json!("app")));
    assert_eq!((&checked["user_id"], &checked["email"]), (&checked["sub"], &json!(EMAIL)));
    let wide = check("service", &secret, access, "openid,admin").await;
    assert_eq!(wide.error(), (400, "invalid_scope".to_owned()));
    let wrong = check("service", &secret, "x", "").await;
    assert_eq!(wrong.error(), (400, "invalid_token".to_owned()));
    assert_eq!(check("other", &other, access, "").await.error().0, 403);
    assert_eq!(check("service", "wrong", access, "").await.error().0, 401);
}

#[tokio::test]
async fn the_keys_and_the_prompts_are_told_to_everybody() {
    let world = World::start().await;
    let info = world.get("/auth/info").await.json();
    assert_eq!(
        (&info["links"]["login"], &info["prompts"]["username"][0]),
        (&json!(ISSUER), &json!("text"))
    );
    let keys = world.get("/auth/token_keys").await;
    let listed = keys.json()["keys"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 3);
    let value = |key: &Value| key["value"].as_str().unwrap().to_owned();
    assert!(listed.iter().all(|key| value(key).starts_with("-----BEGIN PUBLIC KEY-----\n")));
    let known = Request::get("/auth/token_keys").header("if-none-match", keys.header("etag"));
    let unchanged = world.send(known.body(Body::empty()).unwrap()).await;
    assert_eq!((unchanged.status, &*unchanged.body), (StatusCode::NOT_MODIFIED, ""));
    let key = world.get("/auth/token_key").await.json();
    let secret = client(&world, "robot", &["a"]).await;
    let token = token(&world, "robot", &secret).await;
    let header = jose::Jws::parse(&token).unwrap().header().clone();
    assert_eq!(key["kid"].as_str(), header.kid.as_deref(), "the key of access tokens");
}
