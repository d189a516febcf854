//! Races: many requests with one code, many with one refresh token.

use crate::harness::{BACK, VERIFIER, World, form_request};
use http::StatusCode;
use std::{collections::BTreeSet, sync::Arc};

const CONCURRENT: usize = 100;

/// Answers to the same request, sent by as many tasks at once.
async fn at_once(
    world: &Arc<World>,
    fields: Vec<(&'static str, String)>,
) -> Vec<(StatusCode, String)> {
    let gate = Arc::new(tokio::sync::Barrier::new(CONCURRENT));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CONCURRENT {
        let (world, gate, fields) = (Arc::clone(world), Arc::clone(&gate), fields.clone());
        tasks.spawn(async move {
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let request = form_request("/auth/token", &fields);
            gate.wait().await;
            let answer = world.send(request).await;
            (answer.status, answer.body)
        });
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_redemptions_of_one_code_one_succeeds() {
    let world = Arc::new(World::start().await);
    world.public_client("app").await;
    let code = world.code("app", "openid").await;
    let fields = vec![
        ("grant_type", "authorization_code".to_owned()),
        ("client_id", "app".to_owned()),
        ("code", code),
        ("redirect_uri", BACK.to_owned()),
        ("code_verifier", VERIFIER.to_owned()),
    ];
    let answers = at_once(&world, fields).await;
    let succeeded: Vec<_> =
        answers.iter().filter(|(status, _)| *status == StatusCode::OK).collect();
    assert_eq!(succeeded.len(), 1);
    let refused = answers.iter().filter(|(status, body)| {
        *status == StatusCode::BAD_REQUEST && body.contains("invalid_grant")
    });
    assert_eq!(refused.count(), CONCURRENT - 1);
    // The others were replays, so that what the one was given is void.
    let tokens: serde_json::Value = serde_json::from_str(&succeeded[0].1).unwrap();
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(world.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_refreshes_of_one_token_give_one_successor() {
    let world = Arc::new(World::start().await);
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid").await;
    let mut token = tokens["refresh_token"].as_str().unwrap().to_owned();
    for _ in 0..3 {
        let fields = vec![
            ("grant_type", "refresh_token".to_owned()),
            ("client_id", "app".to_owned()),
            ("refresh_token", token.clone()),
        ];
        let answers = at_once(&world, fields).await;
        let successors: BTreeSet<String> = answers
            .iter()
            .map(|(status, body)| {
                assert_eq!(*status, StatusCode::OK, "{body}");
                let tokens: serde_json::Value = serde_json::from_str(body).unwrap();
                tokens["refresh_token"].as_str().unwrap().to_owned()
            })
            .collect();
        assert_eq!(successors.len(), 1, "no fork, and no family lost");
        token = successors.into_iter().next().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_accounts_with_one_address_one_is_created() {
    let world = World::start().await;
    let administration = Arc::new(world.administration().await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let administration = Arc::clone(&administration);
        tasks.spawn(
            async move { administration.add_user("eve@example.com", None, None).await.is_ok() },
        );
    }
    let created = tasks.join_all().await.into_iter().filter(|created| *created).count();
    assert_eq!(created, 1);
    let users = administration.users().await.unwrap();
    let with_address =
        |email: &str| users.iter().filter(|user| user.email.as_deref() == Some(email)).count();
    assert_eq!(with_address("eve@example.com"), 1);
}
