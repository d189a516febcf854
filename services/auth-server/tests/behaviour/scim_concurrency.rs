//! SCIM beside other changes: what is meant for a version, what is one commit, and what waits for its flush.

use crate::{
    harness::{EMAIL, PASSWORD, World},
    scim::{Directory, USER, USERS, error},
};
use async_trait::async_trait;
use auth_server::Administration;
use http::{Method, StatusCode};
use journal::{
    Journal,
    interceptor::{InterceptedJournal, JournalInterceptor},
};
use serde_json::json;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

/// Journal that counts its writes, and lets somebody else make a change before the next one.
#[derive(Debug, Default)]
struct Neighbour {
    writes: AtomicUsize,
    next: Mutex<Option<Administration>>,
}

#[async_trait]
impl JournalInterceptor for Neighbour {
    async fn before_write(&self) {
        self.writes.fetch_add(1, Ordering::Relaxed);
        let next = self.next.lock().expect("no test panicked").take();
        if let Some(administration) = next {
            administration.join_group("viewer", EMAIL).await.expect("it is changed");
        }
    }
}

impl Neighbour {
    async fn beside(world: &World) -> (Arc<Self>, World) {
        let neighbour = Arc::<Self>::default();
        let intercepted = |journal| -> Arc<dyn Journal> {
            Arc::new(InterceptedJournal { journal, interceptor: Arc::clone(&neighbour) })
        };
        let world = world.restarted_on(&intercepted).await;
        (neighbour, world)
    }

    /// Makes a change beside the next one.
    async fn interfere(&self, world: &World) {
        *self.next.lock().expect("no test panicked") = Some(world.administration().await);
    }
}

#[tokio::test]
async fn a_change_that_is_meant_for_a_version_does_not_follow_another_one() {
    let (neighbour, world) = Neighbour::beside(&World::start().await).await;
    let directory = Directory::of(&world).await;
    let user = directory.get(USERS).await.json()["Resources"][0].clone();
    let path = format!("{USERS}/{}", user["id"].as_str().unwrap());
    let version = user["meta"]["version"].as_str().unwrap();
    let disable = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "active", "value": false}],
    });
    neighbour.interfere(&world).await;
    let refused =
        directory.send_for(Some(version), Method::PATCH, &path, Some(disable.clone())).await;
    assert_eq!(error(&refused), (412, String::new()));
    let user = directory.get(&path).await.json();
    assert_eq!((&user["active"], &user["groups"][0]["value"]), (&json!(true), &json!("viewer")));
    world.administration().await.leave_group("viewer", EMAIL).await.unwrap();

    let (neighbour, world) = Neighbour::beside(&world).await;
    let directory = Directory { world: &world, token: directory.token };
    let version = directory.get(&path).await.header("etag").to_owned();
    neighbour.interfere(&world).await;
    let refused = directory.send_for(Some(&version), Method::DELETE, &path, None).await;
    assert_eq!(error(&refused), (412, String::new()));
    let version = directory.get(&path).await.header("etag").to_owned();
    let disabled = directory.send_for(Some(&version), Method::PATCH, &path, Some(disable)).await;
    assert_eq!(disabled.status, StatusCode::OK, "{}", disabled.body);
}

#[tokio::test]
async fn an_account_that_is_to_be_disabled_is_never_there_without_that() {
    let (neighbour, world) = Neighbour::beside(&World::start().await).await;
    let directory = Directory::of(&world).await;
    let user = json!({"schemas": [USER], "userName": "bob@example.com", "password": PASSWORD, "active": false});
    let created = directory.create(user).await;
    assert_eq!(created.json()["active"], false, "{}", created.body);
    assert_eq!(neighbour.writes.load(Ordering::Relaxed), 2, "the address, and the account");
}

#[tokio::test]
async fn a_user_that_waits_for_its_flush_is_shown_as_it_was_created() {
    let world = World::start().await;
    let directory = Directory::of(&world).await;
    world.engine.hold();
    let flushes = async {
        loop {
            tokio::task::yield_now().await;
            world.engine.flush();
        }
    };
    let user = json!({"schemas": [USER], "userName": "bob@example.com"});
    let created = tokio::select! {
        biased;
        created = directory.create(user) => created,
        () = flushes => panic!("it is never done"),
    };
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.body);
}

#[tokio::test]
async fn a_group_has_a_version_for_which_a_change_is_meant() {
    let world = World::start().await;
    let directory = Directory::of(&world).await;
    let user = directory.get(USERS).await.json()["Resources"][0].clone();
    let group = "/auth/scim/v2/Groups/finance";
    let seen = directory.get(group).await;
    let version = seen.header("etag").to_owned();
    assert!(version.starts_with("W/\""), "{version}");
    assert_eq!(seen.json()["meta"]["version"], *version);
    assert_eq!(
        directory.get("/auth/scim/v2/Groups").await.json()["Resources"][3]["meta"]["version"],
        *version
    );
    let add = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "add", "path": "members", "value": [{"value": user["id"]}]}],
    });
    let stale = directory.send_for(Some("W/\"1\""), Method::PATCH, group, Some(add.clone())).await;
    assert_eq!(error(&stale), (412, String::new()));
    assert_eq!(directory.get(group).await.json()["members"], json!([]));
    let added = directory.send_for(Some(&version), Method::PATCH, group, Some(add.clone())).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.body);
    assert_ne!(added.header("etag"), version);
    assert_eq!(added.header("etag"), directory.get(group).await.header("etag"));
    let late = directory.send_for(Some(&version), Method::PUT, group, Some(seen.json())).await;
    assert_eq!(error(&late), (412, String::new()), "somebody else was faster");
    let any = directory.send_for(Some("*"), Method::PATCH, group, Some(add)).await;
    assert_eq!(any.status, StatusCode::OK);
}

#[tokio::test]
async fn what_a_client_has_already_is_not_sent_again() {
    let world = World::start().await;
    let directory = Directory::of(&world).await;
    let user = directory.get(USERS).await.json()["Resources"][0]["id"].as_str().unwrap().to_owned();
    for path in [format!("{USERS}/{user}"), "/auth/scim/v2/Groups/admin".to_owned()] {
        let version = directory.get(&path).await.header("etag").to_owned();
        let asked = async |tag: &str| {
            let request = http::Request::get(&path)
                .header("authorization", format!("Bearer {}", directory.token))
                .header("if-none-match", tag);
            world.send(request.body(axum::body::Body::empty()).unwrap()).await
        };
        let known = asked(&version).await;
        assert_eq!((known.status, &*known.body), (StatusCode::NOT_MODIFIED, ""));
        assert_eq!(known.header("etag"), version);
        assert_eq!(asked("*").await.status, StatusCode::NOT_MODIFIED);
        assert_eq!(asked("W/\"77\"").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn no_member_of_a_group_waits_for_a_flush_of_its_own() {
    const MEMBERS: usize = 50;
    let world = World::start().await;
    let directory = Directory::of(&world).await;
    let mut members = Vec::new();
    for number in 0..MEMBERS {
        let user = json!({"schemas": [USER], "userName": format!("user{number}@example.com")});
        members.push(json!({"value": directory.create(user).await.json()["id"]}));
    }
    // From here on nothing is flushed: whoever waited for it would wait for ever.
    world.engine.hold();
    let value = json!([{"op": "add", "path": "members", "value": members}]);
    let added = directory.patch("/auth/scim/v2/Groups/viewer", value).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.body);
    assert_eq!(added.json()["members"].as_array().unwrap().len(), MEMBERS);
    world.engine.flush();
}

#[tokio::test]
async fn a_path_that_is_none_is_answered_in_the_words_of_scim() {
    let world = World::start().await;
    let directory = Directory::of(&world).await;
    for path in ["/auth/scim/v2", "/auth/scim/v2/Nothing", "/auth/scim/v2/Users/x/y"] {
        let answer = directory.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header("content-type"), "application/scim+json", "{path}");
    }
}
