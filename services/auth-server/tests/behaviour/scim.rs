//! SCIM: the life of a user, the roles as groups.

use crate::harness::{Answer, Browser, EMAIL, PASSWORD, World, authorization, challenge};
use auth_server::RegistrationRequest;
use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
pub(crate) const USERS: &str = "/auth/scim/v2/Users";

/// Token of a client with these scopes.
pub(crate) async fn token_of(world: &World, id: &str, scopes: &[&str]) -> String {
    let registration_request = RegistrationRequest {
        id: id.to_owned(),
        grant_types: vec!["client_credentials".to_owned()],
        scopes: scopes.iter().map(ToString::to_string).collect(),
        ..RegistrationRequest::default()
    };
    let secret = world.client(&registration_request).await.secret.expect("it has a secret");
    let fields =
        [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", &*secret)];
    let tokens = world.token(&fields).await.json();
    tokens["access_token"].as_str().expect("a token").to_owned()
}

/// Directory: a client that may change everything.
#[derive(Debug)]
pub(crate) struct Directory<'a> {
    pub(crate) world: &'a World,
    pub(crate) token: String,
}

impl<'a> Directory<'a> {
    pub(crate) async fn of(world: &'a World) -> Self {
        Self { world, token: token_of(world, "directory", &["scim.write"]).await }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.send_for(None, method, path, body).await
    }

    /// Sends a request that is meant for a version.
    pub(crate) async fn send_for(
        &self,
        version: Option<&str>,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/scim+json");
        if let Some(version) = version {
            request = request.header(header::IF_MATCH, version);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.world.send(request.body(body).expect("a request")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn create(&self, user: Value) -> Answer {
        self.send(Method::POST, USERS, Some(user)).await
    }

    pub(crate) async fn patch(&self, path: &str, operations: Value) -> Answer {
        let body = json!({"schemas": [PATCH], "Operations": operations});
        self.send(Method::PATCH, path, Some(body)).await
    }
}

pub(crate) fn error(answer: &Answer) -> (u16, String) {
    let error = answer.json();
    assert_eq!(error["status"], answer.status.as_u16().to_string());
    assert_eq!(error["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    let scim_type = error["scimType"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), scim_type)
}

async fn can_sign_in(world: &World, email: &str, password: &str) -> bool {
    let browser = Browser::new(world);
    let challenge = challenge();
    let page = browser.authorize(&authorization("app", &challenge)).await;
    browser.sign_in(&page, email, password).await.body.contains(r#"id="allow""#)
}

#[tokio::test]
async fn a_user_is_created_found_disabled_and_deleted() {
    let world = World::start().await;
    world.public_client("app").await;
    let directory = Directory::of(&world).await;
    let bob = json!({"schemas": [USER], "userName": "bob@example.com", "password": PASSWORD});
    let created = directory.create(bob.clone()).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.body);
    assert!(!created.body.contains("password") && !created.body.contains(PASSWORD));
    let user = created.json();
    assert_eq!((&user["userName"], &user["active"]), (&json!("bob@example.com"), &json!(true)));
    assert_eq!(created.header("location"), user["meta"]["location"].as_str().unwrap());
    assert_eq!(created.header("etag"), user["meta"]["version"].as_str().unwrap());
    let path = format!("{USERS}/{}", user["id"].as_str().unwrap());
    assert_eq!(created.header("location").strip_prefix("http://127.0.0.1:8080"), Some(&*path));
    assert_eq!(directory.get(&path).await.json(), user);
    assert!(can_sign_in(&world, "bob@example.com", PASSWORD).await);
    assert_eq!(error(&directory.create(bob).await), (409, "uniqueness".to_owned()));
    for (filter, count) in [
        ("userName+eq+%22BOB@example.com%22", 1),
        ("userName+eq+%22nobody@example.com%22", 0),
        ("emails[value+ew+%22example.com%22]", 2),
        ("active+eq+false", 0),
        ("meta.resourceType+eq+%22User%22+and+not+(id+pr)", 0),
    ] {
        let found = directory.get(&format!("{USERS}?filter={filter}")).await.json();
        assert_eq!(found["totalResults"], count, "{filter}");
    }

    let disabled =
        directory.patch(&path, json!([{"op": "replace", "path": "active", "value": false}])).await;
    assert_eq!(disabled.json()["active"], false, "{}", disabled.body);
    assert!(!can_sign_in(&world, "bob@example.com", PASSWORD).await);
    let enabled = directory
        .patch(&path, json!([{"op": "Replace", "value": {"active": "True", "password": "another horse battery"}}]))
        .await;
    assert_eq!(enabled.json()["active"], true, "{}", enabled.body);
    assert!(!can_sign_in(&world, "bob@example.com", PASSWORD).await);
    assert!(can_sign_in(&world, "bob@example.com", "another horse battery").await);

    let stale = directory.send_for(Some("W/\"1\""), Method::DELETE, &path, None).await;
    assert_eq!(error(&stale), (412, String::new()));
    let version = directory.get(&path).await.header("etag").to_owned();
    let deleted = directory.send_for(Some(&version), Method::DELETE, &path, None).await;
    assert_eq!((deleted.status, &*deleted.body), (StatusCode::NO_CONTENT, ""));
    assert_eq!(error(&directory.get(&path).await).0, 404);
    assert_eq!(error(&directory.send(Method::DELETE, &path, None).await).0, 404);
    assert!(!can_sign_in(&world, "bob@example.com", "another horse battery").await);
    let listed = directory.get(USERS).await.json();
    assert_eq!(
        (listed["totalResults"].as_u64(), &listed["Resources"][0]["userName"]),
        (Some(1), &json!(EMAIL))
    );
}

#[tokio::test]
async fn what_is_wrong_about_a_user_is_said_and_nothing_is_made() {
    let world = World::start().await;
    let directory = Directory::of(&world).await;
    let user = |more: Value| {
        let mut user = json!({"schemas": [USER], "userName": "bob@example.com"});
        for (name, value) in more.as_object().unwrap() {
            user[name] = value.clone();
        }
        user
    };
    for (body, expected) in [
        (json!([]), "invalidSyntax"),
        (user(json!({"schemas": []})), "invalidSyntax"),
        (user(json!({"userName": "bob"})), "invalidValue"),
        (user(json!({"userName": null})), "invalidValue"),
        (user(json!({"userName": 1})), "invalidValue"),
        (user(json!({"password": "short"})), "invalidValue"),
        (user(json!({"active": "yes"})), "invalidValue"),
        (user(json!({"emails": [{"value": "other@example.com"}]})), "invalidValue"),
    ] {
        let answer = directory.create(body.clone()).await;
        assert_eq!(error(&answer), (400, expected.to_owned()), "{body}");
    }
    let large = user(json!({"displayName": "x".repeat(300_000)}));
    assert_eq!(error(&directory.create(large).await).0, 413);
    let form = crate::harness::form_request(USERS, &[("userName", "bob@example.com")]);
    let mut form = form;
    let token = format!("Bearer {}", directory.token);
    form.headers_mut().insert(header::AUTHORIZATION, token.parse().unwrap());
    assert_eq!(error(&world.send(form).await).0, 415);
    let listed = directory.get(USERS).await.json();
    assert_eq!(listed["totalResults"], 1);
    let path = format!("{USERS}/{}", listed["Resources"][0]["id"].as_str().unwrap());
    for (operation, expected) in [
        (json!({"op": "replace", "path": "id", "value": "x"}), "mutability"),
        (json!({"op": "replace", "path": "userName", "value": "eve@example.com"}), "mutability"),
        (json!({"op": "replace", "path": "password", "value": "short"}), "invalidValue"),
        (json!({"op": "remove", "path": "userName"}), "invalidValue"),
    ] {
        let answer = directory.patch(&path, json!([operation])).await;
        assert_eq!(error(&answer), (400, expected.to_owned()), "{operation}");
    }
    for unknown in ["x", "0190a8b4-0000-7000-8000-000000000000"] {
        assert_eq!(error(&directory.get(&format!("{USERS}/{unknown}")).await).0, 404);
    }
}

#[tokio::test]
async fn a_role_is_a_group_that_an_account_joins_and_leaves() {
    let world = World::start().await;
    let directory = Directory::of(&world).await;
    let ada = directory.get(USERS).await.json()["Resources"][0]["id"].as_str().unwrap().to_owned();
    let groups = directory.get("/auth/scim/v2/Groups").await.json();
    assert_eq!(groups["totalResults"], 5);
    let (finance, viewer) = ("/auth/scim/v2/Groups/finance", "/auth/scim/v2/Groups/viewer");
    let roles = async || {
        let user = directory.get(&format!("{USERS}/{ada}")).await.json();
        let groups = user["groups"].as_array().cloned().unwrap_or_default();
        groups.iter().map(|group| group["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let join = json!([{"op": "add", "path": "members", "value": [{"value": ada}]}]);
    let joined = directory.patch(finance, join.clone()).await.json();
    assert_eq!(joined["members"][0]["display"], EMAIL);
    assert_eq!(roles().await, ["finance"]);
    directory.patch(viewer, join).await;
    assert_eq!(roles().await, ["viewer"], "one role at a time");
    let leave = json!([{"op": "remove", "path": format!("members[value eq \"{ada}\"]")}]);
    assert_eq!(directory.patch(viewer, leave.clone()).await.status, StatusCode::OK);
    assert!(roles().await.is_empty());
    assert_eq!(error(&directory.patch(viewer, leave).await), (400, "noTarget".to_owned()));
    let stranger = json!([{"op": "add", "path": "members", "value": [{"value": "0190a8b4-0000-7000-8000-000000000000"}]}]);
    assert_eq!(error(&directory.patch(viewer, stranger).await), (400, "invalidValue".to_owned()));
    let renamed = json!([{"op": "replace", "path": "displayName", "value": "king"}]);
    assert_eq!(error(&directory.patch(viewer, renamed).await), (400, "mutability".to_owned()));
    assert_eq!(error(&directory.get("/auth/scim/v2/Groups/king").await).0, 404);
    let new = json!({"schemas": [], "displayName": "king"});
    let refused = directory.send(Method::POST, "/auth/scim/v2/Groups", Some(new)).await;
    assert_eq!(error(&refused).0, 501);
}

#[tokio::test]
async fn the_interface_describes_itself() {
    let world = World::start().await;
    let directory = Directory::of(&world).await;
    let config = directory.get("/auth/scim/v2/ServiceProviderConfig").await.json();
    assert_eq!(
        (&config["patch"]["supported"], &config["bulk"]["supported"]),
        (&json!(true), &json!(false))
    );
    for (path, ids) in [
        ("ResourceTypes", ["User", "Group"]),
        ("Schemas", [USER, "urn:ietf:params:scim:schemas:core:2.0:Group"]),
    ] {
        let listed = directory.get(&format!("/auth/scim/v2/{path}")).await.json();
        let listed = listed["Resources"].as_array().unwrap().clone();
        assert_eq!(listed.iter().map(|it| it["id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
        for resource in listed {
            let one = format!("/auth/scim/v2/{path}/{}", resource["id"].as_str().unwrap());
            assert_eq!(directory.get(&one).await.json(), resource);
        }
        assert_eq!(error(&directory.get(&format!("/auth/scim/v2/{path}/x")).await).0, 404);
    }
    assert_eq!(error(&directory.send(Method::POST, "/auth/scim/v2/Bulk", None).await).0, 501);
}
