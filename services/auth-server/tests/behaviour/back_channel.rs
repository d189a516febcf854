//! Back-channel logout: clients are told when a session in which they got something ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use crate::{
    account,
    harness::{Browser, ISSUER, PASSWORD, World, authorization, challenge},
    scim::Directory,
};
use auth_server::{PolicyRequest, RegistrationRequest};
use http::Method;
use serde_json::json;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Notify,
    task::JoinSet,
};

/// Client that takes logout tokens.
struct Listener {
    uri: String,
    tokens: Arc<Mutex<Vec<String>>>,
    is_away: Arc<AtomicBool>,
    arrived: Arc<Notify>,
    _server: JoinSet<()>,
}

impl Listener {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/logout", listener.local_addr().unwrap());
        let (tokens, is_away, arrived) = (
            Arc::<Mutex<Vec<String>>>::default(),
            Arc::<AtomicBool>::default(),
            Arc::new(Notify::new()),
        );
        let (kept, away, tell) = (Arc::clone(&tokens), Arc::clone(&is_away), Arc::clone(&arrived));
        let mut server = JoinSet::new();
        server.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut received = vec![0; 8192];
                let mut length = 0;
                while !String::from_utf8_lossy(&received[..length]).contains("logout_token=") {
                    match stream.read(&mut received[length..]).await {
                        Ok(0) | Err(_) => break,
                        Ok(read) => length += read,
                    }
                }
                let status =
                    if away.load(Ordering::SeqCst) { "503 Away" } else { "204 No Content" };
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
                let _ = stream.write_all(head.as_bytes()).await;
                let text = String::from_utf8_lossy(&received[..length]).into_owned();
                let token = text.split("logout_token=").nth(1).unwrap_or_default().to_owned();
                kept.lock().unwrap().push(token);
                tell.notify_one();
            }
        });
        Self { uri, tokens, is_away, arrived, _server: server }
    }

    async fn next(&self) -> String {
        tokio::time::timeout(Duration::from_secs(20), self.arrived.notified()).await.unwrap();
        self.tokens.lock().unwrap().last().unwrap().clone()
    }
}

async fn signed_in<'a>(world: &'a World, listener: &Listener) -> (Browser<'a>, String) {
    signed_in_at(world, "app", &listener.uri).await
}

/// Browser in which somebody is signed in to a client that is told of the end at this address, and the ID token.
async fn signed_in_at<'a>(world: &'a World, client: &str, uri: &str) -> (Browser<'a>, String) {
    let back_channel_logout_uri = Some(uri.to_owned());
    let policy = PolicyRequest { back_channel_logout_uri, ..PolicyRequest::default() };
    world
        .client(&RegistrationRequest {
            is_public: true,
            policy,
            ..World::registration_request(client)
        })
        .await;
    let (browser, challenge) = (Browser::new(world), challenge());
    let code = browser.authorized(&authorization(client, &challenge)).await.parameter("code");
    let tokens = world.redeem(client, &code.unwrap()).await.json();
    (browser, tokens["id_token"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_client_is_told_of_the_end_of_the_session_by_a_logout_token() {
    let world = World::start_with(&[("fetch_private_addresses", "true")]).await;
    let listener = Listener::start().await;
    let (browser, id_token) = signed_in(&world, &listener).await;
    let about = world.claims(&id_token).await;
    browser.get(&format!("/auth/logout?id_token_hint={id_token}")).await;
    let token = listener.next().await;
    assert!(jose::Jws::parse(&token).unwrap().header().is_typed("logout+jwt"));
    let claims = world.claims(&token).await;
    assert_eq!((claims.text("iss"), claims.text("aud")), (Some(ISSUER), Some("app")));
    assert_eq!(claims.text("sub"), about.text("sub"));
    assert_eq!(claims.text("sid"), about.text("sid"));
    assert!(claims.text("jti").is_some_and(|jti| jti.len() >= 20));
    let event = "http://schemas.openid.net/event/backchannel-logout";
    assert_eq!(claims.get("events"), Some(&serde_json::json!({ event: {} })));
    assert!(claims.get("nonce").is_none(), "else it could pass for an ID token");
    let lifetime = claims.seconds("exp").unwrap().unwrap() - world.now().as_second();
    assert_eq!(lifetime, 120);
    // A logout token is nothing else.
    assert_eq!(world.userinfo(&token).await.status.as_u16(), 401);
}

#[tokio::test]
async fn a_client_is_told_when_the_sessions_of_an_account_are_void() {
    for cause in ["password", "disabled", "deleted"] {
        let world = World::start_with(&[("fetch_private_addresses", "true")]).await;
        let listener = Listener::start().await;
        let (browser, id_token) = signed_in(&world, &listener).await;
        let about = world.claims(&id_token).await;
        let path = format!("/auth/scim/v2/Users/{}", about.text("sub").unwrap());
        if cause == "password" {
            let fields = [("password", PASSWORD), ("new-password", "another horse battery")];
            let answer = account::submit(&browser, "/auth/account/password", &fields).await;
            assert!(answer.status.is_success(), "{}", answer.body);
        } else {
            let directory = Directory::of(&world).await;
            let change = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{"op": "replace", "path": "active", "value": false}],
            });
            let answer = match cause {
                "disabled" => directory.send(Method::PATCH, &path, Some(change)).await,
                _ => directory.send(Method::DELETE, &path, None).await,
            };
            assert!(answer.status.is_success(), "{cause} {}", answer.body);
        }
        let claims = world.claims(&listener.next().await).await;
        assert_eq!(claims.text("sid"), about.text("sid"), "{cause}");
    }
}

#[tokio::test]
async fn a_client_that_is_away_is_told_later() {
    let world = World::start_with(&[("fetch_private_addresses", "true")]).await;
    let listener = Listener::start().await;
    listener.is_away.store(true, Ordering::SeqCst);
    let (browser, id_token) = signed_in(&world, &listener).await;
    browser.get(&format!("/auth/logout?id_token_hint={id_token}")).await;
    let first = listener.next().await;
    listener.is_away.store(false, Ordering::SeqCst);
    let second = loop {
        // The pause begins when the attempt has failed, which is a moment after it arrived.
        world.clock.advance(Duration::from_secs(8));
        let arrived = listener.arrived.notified();
        if tokio::time::timeout(Duration::from_secs(6), arrived).await.is_ok() {
            break listener.tokens.lock().unwrap().last().unwrap().clone();
        }
    };
    let jti = async |token: &str| world.claims(token).await.text("jti").unwrap().to_owned();
    assert_ne!(jti(&first).await, jti(&second).await);
    assert_eq!(listener.tokens.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_client_that_is_slow_holds_up_no_other() {
    let world = World::start_with(&[("fetch_private_addresses", "true")]).await;
    // It takes the connection, and never answers.
    let slow = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/logout", slow.local_addr().unwrap());
    let (browser, id_token) = signed_in_at(&world, "slow", &uri).await;
    browser.get(&format!("/auth/logout?id_token_hint={id_token}")).await;
    let _connection = slow.accept().await.unwrap();
    let listener = Listener::start().await;
    let (browser, id_token) = signed_in(&world, &listener).await;
    browser.get(&format!("/auth/logout?id_token_hint={id_token}")).await;
    let told = listener.arrived.notified();
    // Less than the time that a delivery may take.
    tokio::time::timeout(Duration::from_secs(4), told).await.unwrap();
}
