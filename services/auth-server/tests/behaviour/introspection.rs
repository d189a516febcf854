//! Introspection and revocation.

use crate::harness::{ISSUER, World};
use auth_server::RegistrationRequest;
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

/// World with the clients `app` (with a secret), `other` (with a secret) and `service`, which may look at tokens of others.
struct Clients {
    world: World,
    secrets: [String; 3],
}

impl Clients {
    async fn start() -> Self {
        let world = World::start().await;
        let service = RegistrationRequest {
            scopes: vec!["introspect".to_owned()],
            grant_types: vec!["client_credentials".to_owned()],
            ..World::registration_request("service")
        };
        let secrets = [
            world.secret_client("app").await,
            world.secret_client("other").await,
            world.client(&service).await.secret.expect("it has a secret"),
        ];
        Self { world, secrets }
    }

    fn credentials(&self, client: &'static str) -> [(&'static str, &str); 2] {
        let at =
            ["app", "other", "service"].iter().position(|it| *it == client).expect("it is known");
        [("client_id", client), ("client_secret", &self.secrets[at])]
    }

    async fn tokens(&self, scope: &str) -> Value {
        let code = self.world.code("app", scope).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("code_verifier", crate::harness::VERIFIER),
        ];
        let answer = self.world.token(&[&fields[..], &self.credentials("app")].concat()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }

    async fn introspect(&self, client: &'static str, token: &str) -> Value {
        let fields = [&[("token", token)][..], &self.credentials(client)].concat();
        let answer = self.world.post("/auth/introspect", &fields, None).await;
        assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
        answer.json()
    }

    async fn revoke(&self, client: &'static str, token: &str) -> (u16, String) {
        let fields = [&[("token", token)][..], &self.credentials(client)].concat();
        let answer = self.world.post("/auth/revoke", &fields, None).await;
        (answer.status.as_u16(), answer.body)
    }
}

fn inactive() -> Value {
    json!({"active": false})
}

#[tokio::test]
async fn a_token_is_described_to_its_client_and_to_who_serves_it() {
    let clients = Clients::start().await;
    let tokens = clients.tokens("openid email").await;
    let access = tokens["access_token"].as_str().unwrap();
    for client in ["app", "service"] {
        let described = clients.introspect(client, access).await;
        assert_eq!(described["active"], true);
        assert_eq!(described["client_id"], "app");
        assert_eq!(described["scope"], "openid email");
        assert_eq!(
            (&described["iss"], &described["token_type"]),
            (&json!(ISSUER), &json!("Bearer"))
        );
        assert!(
            described["exp"].is_number()
                && described["sub"].is_string()
                && described["jti"].is_string()
        );
    }
    assert_eq!(clients.introspect("other", access).await, inactive());
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(clients.introspect("app", refresh).await["active"], true);
    for client in ["other", "service"] {
        assert_eq!(clients.introspect(client, refresh).await, inactive());
    }
}

#[tokio::test]
async fn what_is_not_valid_is_inactive_and_nothing_else_is_said() {
    let clients = Clients::start().await;
    let tokens = clients.tokens("openid").await;
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    for wrong in ["x", "", "a.b.c", &text("id_token"), &format!("{}x", text("access_token"))] {
        let fields = [&[("token", wrong)][..], &clients.credentials("app")].concat();
        let answer = clients.world.post("/auth/introspect", &fields, None).await;
        if wrong.is_empty() {
            assert_eq!(answer.error(), (400, "invalid_request".to_owned()));
        } else {
            assert_eq!(answer.json(), inactive(), "{wrong}");
        }
    }
    clients.world.clock.advance(Duration::from_mins(10));
    assert_eq!(clients.introspect("app", &text("access_token")).await, inactive(), "expired");
    assert_eq!(clients.introspect("app", &text("refresh_token")).await["active"], true);
}

#[tokio::test]
async fn a_stranger_or_a_public_client_learns_nothing() {
    let clients = Clients::start().await;
    clients.world.public_client("public").await;
    for fields in [
        &[("token", "x")][..],
        &[("token", "x"), ("client_id", "public")],
        &[("token", "x"), ("client_id", "app"), ("client_secret", "y")],
    ] {
        let answer = clients.world.post("/auth/introspect", fields, None).await;
        assert_eq!(answer.error(), (401, "invalid_client".to_owned()), "{fields:?}");
    }
    assert_eq!(clients.world.get("/auth/introspect").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn either_token_ends_the_whole_grant() {
    let clients = Clients::start().await;
    for revoked in ["access_token", "refresh_token"] {
        let tokens = clients.tokens("openid offline_access").await;
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        assert_eq!(clients.revoke("app", &text(revoked)).await, (200, String::new()));
        for token in [text("access_token"), text("refresh_token")] {
            assert_eq!(clients.introspect("app", &token).await, inactive(), "{revoked}");
        }
        assert_eq!(clients.revoke("app", &text(revoked)).await.0, 200, "again");
    }
}

#[tokio::test]
async fn a_token_of_another_client_is_not_revoked() {
    let clients = Clients::start().await;
    let tokens = clients.tokens("openid").await;
    for name in ["access_token", "refresh_token"] {
        let token = tokens[name].as_str().unwrap();
        let (status, body) = clients.revoke("other", token).await;
        assert!(status == 400 && body.contains("invalid_request"), "{body}");
        assert_eq!(clients.introspect("app", token).await["active"], true);
    }
    assert_eq!(clients.revoke("app", "unknown").await.0, 200);
    let stranger = clients.world.post("/auth/revoke", &[("token", "x")], None).await;
    assert_eq!(stranger.error(), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn a_token_without_a_grant_is_revoked_alone() {
    let clients = Clients::start().await;
    let fields =
        [&[("grant_type", "client_credentials")][..], &clients.credentials("service")].concat();
    let one = clients.world.token(&fields).await.json();
    let other = clients.world.token(&fields).await.json();
    let (one, other) =
        (one["access_token"].as_str().unwrap(), other["access_token"].as_str().unwrap());
    assert_eq!(clients.revoke("service", one).await.0, 200);
    assert_eq!(clients.introspect("service", one).await, inactive());
    assert_eq!(clients.introspect("service", other).await["active"], true);
}
