//! Users and groups as programs of UAA manage them.

use crate::{
    harness::{Answer, EMAIL, PASSWORD, World},
    uaa::{client, token},
};
use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

/// Program with a token.
struct Program<'a> {
    world: &'a World,
    token: String,
}

impl<'a> Program<'a> {
    async fn with_scope(world: &'a World, scope: &str) -> Self {
        let secret = client(world, scope, &[scope]).await;
        Self { world, token: token(world, scope, &secret).await }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        version: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(version) = version {
            request = request.header(header::IF_MATCH, version);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.world.send(request.body(body).expect("a request")).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, None).await
    }
}

#[tokio::test]
async fn a_user_is_created_changed_at_its_version_and_deleted() {
    let world = World::start().await;
    let program = Program::with_scope(&world, "scim.write").await;
    let bob = json!({
        "userName": "bob@example.com",
        "name": {"givenName": "Bob", "familyName": "Builder"},
        "emails": [{"value": "bob@example.com"}],
        "password": PASSWORD,
    });
    let created = program.send(Method::POST, "/auth/Users", None, Some(bob.clone())).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.body);
    assert!(!created.body.contains(PASSWORD));
    let user = created.json();
    assert_eq!(user["schemas"], json!(["urn:scim:schemas:core:1.0"]));
    assert_eq!((&user["origin"], &user["zoneId"]), (&json!("uaa"), &json!("uaa")));
    let again = program.send(Method::POST, "/auth/Users", None, Some(bob.clone())).await;
    assert_eq!(again.error(), (409, "scim_resource_already_exists".to_owned()));
    let found = program.get("/auth/Users?filter=userName+eq+%22bob@example.com%22").await.json();
    assert_eq!((&found["totalResults"], &found["resources"][0]), (&json!(1), &user));

    let path = format!("/auth/Users/{}", user["id"].as_str().unwrap());
    let version = user["meta"]["version"].as_u64().unwrap().to_string();
    let disable = || Some(json!({"ACTIVE": false}));
    let missing = program.send(Method::PATCH, &path, None, disable()).await;
    assert_eq!(missing.error(), (400, "invalid_scim_resource".to_owned()));
    let stale = program.send(Method::PATCH, &path, Some("1"), disable()).await;
    assert_eq!(stale.error(), (412, "scim".to_owned()));
    let disabled = program.send(Method::PATCH, &path, Some(&version), disable()).await;
    assert_eq!(disabled.json()["active"], false, "{}", disabled.body);
    let mut enabled = bob;
    enabled["active"] = true.into();
    let enabled = program.send(Method::PUT, &path, Some("*"), Some(enabled)).await;
    assert_eq!(enabled.json()["active"], true, "{}", enabled.body);

    let stale = program.send(Method::DELETE, &path, Some(&version), None).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    let deleted = program.send(Method::DELETE, &path, Some("*"), None).await;
    assert_eq!((deleted.status, &deleted.json()["id"]), (StatusCode::OK, &user["id"]));
    assert_eq!(program.get(&path).await.error(), (404, "scim_resource_not_found".to_owned()));
}

#[tokio::test]
async fn an_account_becomes_a_member_of_a_group_and_leaves_it() {
    let world = World::start().await;
    let program = Program::with_scope(&world, "scim.write").await;
    let users = program.get("/auth/Users").await.json();
    let ada = users["resources"][0]["id"].as_str().unwrap();
    assert_eq!(program.get("/auth/Groups").await.json()["totalResults"], 5);
    let members = "/auth/Groups/finance/members";
    let member = json!({"value": ada, "type": "USER", "origin": "uaa"});
    let added = program.send(Method::POST, members, None, Some(member.clone())).await;
    assert_eq!((added.status, added.json()), (StatusCode::CREATED, member.clone()));
    assert_eq!(program.get(members).await.json(), json!([member]));
    let group = program.get("/auth/Groups/finance").await.json();
    assert_eq!((&group["displayName"], &group["members"][0]), (&json!("finance"), &member));
    let user = program.get(&format!("/auth/Users/{ada}")).await.json();
    let expected = json!([{"value": "finance", "display": "finance", "type": "DIRECT"}]);
    assert_eq!((&user["groups"], &user["userName"]), (&expected, &json!(EMAIL)));
    for _ in 0..2 {
        let left = program.send(Method::DELETE, &format!("{members}/{ada}"), None, None).await;
        assert_eq!(left.status, StatusCode::OK, "{}", left.body);
    }
    assert_eq!(program.get(members).await.json(), json!([]));
    let nobody = json!({"value": "0190a8b4-0000-7000-8000-000000000000"});
    let refused = program.send(Method::POST, members, None, Some(nobody)).await;
    assert_eq!(refused.error(), (404, "scim_resource_not_found".to_owned()));
    assert_eq!(program.get("/auth/Groups/king").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn only_a_program_with_the_scope_reads_or_changes_people() {
    let world = World::start().await;
    let reader = Program::with_scope(&world, "scim.read").await;
    assert_eq!(reader.get("/auth/Users").await.status, StatusCode::OK);
    let ada = reader.get("/auth/Users").await.json()["resources"][0]["id"].clone();
    let path = format!("/auth/Users/{}", ada.as_str().unwrap());
    let member = Some(json!({"value": ada}));
    let join = reader.send(Method::POST, "/auth/Groups/admin/members", None, member).await;
    assert_eq!(join.error(), (403, "access_denied".to_owned()));
    let delete = reader.send(Method::DELETE, &path, Some("*"), None).await;
    assert_eq!(delete.error(), (403, "access_denied".to_owned()));
    let clients = Program::with_scope(&world, "clients.read").await;
    for path in ["/auth/Users", &path, "/auth/Groups", "/auth/Groups/admin/members"] {
        assert_eq!(clients.get(path).await.error(), (403, "access_denied".to_owned()), "{path}");
    }
    let nobody = world.get("/auth/Users").await;
    assert_eq!(nobody.error(), (401, "access_denied".to_owned()));
}
