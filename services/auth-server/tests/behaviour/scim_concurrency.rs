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
