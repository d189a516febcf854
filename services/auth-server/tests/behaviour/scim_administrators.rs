//! SCIM: who may use it, and whose name a change bears in the audit trail.

use crate::{
    harness::{Browser, EMAIL, PASSWORD, World, authorization, challenge},
    scim::{Directory, USERS, error, token_of},
};
use auth_server::{MODULE, RegistrationRequest};
use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use kernel::Edge;
use serde_json::json;

#[tokio::test]
async fn only_a_client_with_the_scope_gets_in() {
    let world = World::start().await;
    let with = async |token: Option<&str>, method: Method| {
        let mut request = Request::builder().method(method).uri(USERS);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, token);
        }
        world.send(request.body(Body::empty()).unwrap()).await
    };
    let none = with(None, Method::GET).await;
    assert_eq!(error(&none).0, 401);
    assert_eq!(none.header("www-authenticate"), "Bearer realm=\"auth\"");
    assert_eq!(none.header("content-type"), "application/scim+json");
    assert_eq!(error(&with(Some("Bearer x"), Method::GET).await).0, 401);
    assert_eq!(error(&with(Some("Basic x"), Method::GET).await).0, 400);
    let reader = format!("Bearer {}", token_of(&world, "reader", &["scim.read"]).await);
    assert_eq!(with(Some(&reader), Method::GET).await.status, StatusCode::OK);
    let refused = with(Some(&reader), Method::POST).await;
    assert_eq!(error(&refused).0, 403);
    assert!(refused.header("www-authenticate").contains(r#"scope="scim.write""#));
    let other = format!("Bearer {}", token_of(&world, "other", &["orders.read"]).await);
    assert_eq!(error(&with(Some(&other), Method::GET).await).0, 403);
}

#[tokio::test]
async fn an_admin_gets_in_by_a_program_of_the_shop_and_by_no_other() {
    let world = World::start().await;
    let administration = world.administration().await;
    administration.add_user("boss@example.com", Some("admin"), Some(PASSWORD)).await.unwrap();
    administration.add_user("vic@example.com", Some("viewer"), Some(PASSWORD)).await.unwrap();
    world
        .client(&RegistrationRequest {
            is_trusted: true,
            is_public: true,
            ..World::registration_request("own")
        })
        .await;
    world.public_client("foreign").await;
    let status = async |client: &str, email: &str| {
        let token = token_for(&world, client, email).await;
        Directory { world: &world, token }.get(USERS).await.status.as_u16()
    };
    assert_eq!(status("own", "boss@example.com").await, 200);
    assert_eq!(status("foreign", "boss@example.com").await, 403, "any program has such a token");
    assert_eq!(status("own", "vic@example.com").await, 403, "no admin");
    assert_eq!(status("own", EMAIL).await, 403, "a customer");
}

#[tokio::test]
async fn a_change_bears_the_name_of_the_client_or_of_the_account_that_made_it() {
    let world = World::start().await;
    let administration = world.administration().await;
    administration.add_user("boss@example.com", Some("admin"), Some(PASSWORD)).await.unwrap();
    world
        .client(&RegistrationRequest {
            is_trusted: true,
            is_public: true,
            ..World::registration_request("own")
        })
        .await;
    let users = administration.users().await.unwrap();
    let id = |email: &str| users.iter().find(|it| it.email.as_deref() == Some(email)).unwrap().id;
    let path = format!("{USERS}/{}", id(EMAIL));
    let program = Directory::of(&world).await;
    let token = token_for(&world, "own", "boss@example.com").await;
    let person = Directory { world: &world, token };
    let journal = world.engine.service(MODULE.name).journal;
    for (directory, active, actor) in [
        (program, false, "client:directory".to_owned()),
        (person, true, format!("account:{}", id("boss@example.com"))),
    ] {
        let before = journal.last_position().await.unwrap();
        let operations = json!([{"op": "replace", "path": "active", "value": active}]);
        assert_eq!(directory.patch(&path, operations).await.status, StatusCode::OK);
        let events = journal.follow(before, 10).await.unwrap();
        let [event] = &events[..] else { panic!("{events:?}") };
        let origin = event.origin.as_ref().unwrap();
        assert_eq!((origin.edge, origin.actor.as_deref()), (Edge::Operator, Some(&*actor)));
        assert_eq!(origin.address, "192.0.2.1".parse().ok());
    }
}

/// Token of a client for a person.
async fn token_for(world: &World, client: &str, email: &str) -> String {
    let browser = Browser::new(world);
    let challenge = challenge();
    let page = browser.authorize(&authorization(client, &challenge)).await;
    let mut answer = browser.sign_in(&page, email, PASSWORD).await;
    if answer.body.contains(r#"id="allow""#) {
        answer = browser.decide(&answer, "allow").await;
    }
    let code = answer.parameter("code").expect("a code");
    let tokens = world.redeem(client, &code).await.json();
    tokens["access_token"].as_str().expect("a token").to_owned()
}
