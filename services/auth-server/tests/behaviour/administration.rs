//! Administration: accounts, clients and keys.

use crate::harness::{Browser, EMAIL, PASSWORD, World};
use auth_server::{MODULE, RegistrationRequest};
use kernel::{Edge, Origin};

#[tokio::test]
async fn accounts_are_listed_as_they_are() {
    let world = World::start().await;
    let administration = world.administration().await;
    let link = administration.add_user("bob@example.com", Some("finance"), None).await.unwrap();
    assert!(link.unwrap().starts_with("http://127.0.0.1:8080/auth/set-up?link="));
    administration.add_user("eve@example.com", None, Some(PASSWORD)).await.unwrap();
    administration.disable_user("eve@example.com").await.unwrap();
    let users = administration.users().await.unwrap();
    let listed: Vec<_> =
        users.iter().map(|user| (user.email.as_deref().unwrap(), user.role, user.status)).collect();
    for expected in [
        (EMAIL, None, "active"),
        ("bob@example.com", Some("finance"), "invited"),
        ("eve@example.com", None, "disabled"),
    ] {
        assert!(listed.contains(&expected), "{listed:?}");
    }
    administration.reset_user("eve@example.com").await.unwrap();
    let users = administration.users().await.unwrap();
    let eve = users.iter().find(|user| user.email.as_deref() == Some("eve@example.com")).unwrap();
    assert_eq!(eve.status, "invited", "a reset enables, and the old password does not count");
}

#[tokio::test]
async fn what_is_wrong_about_an_account_is_said_and_nothing_is_written() {
    let world = World::start().await;
    let administration = world.administration().await;
    let error = async |email, role, password| {
        administration.add_user(email, role, password).await.unwrap_err().to_string()
    };
    assert!(error("nonsense", None, None).await.contains("e-mail address"));
    assert!(error("a@example.com", Some("king"), None).await.contains("\"king\" is not known"));
    assert!(error("a@example.com", None, Some("short")).await.contains("fewer than 15"));
    assert!(error("ADA@example.com", None, None).await.contains("another account"));
    assert!(administration.disable_user("a@example.com").await.is_err());
    assert!(administration.reset_user("a@example.com").await.is_err());
    assert_eq!(administration.users().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_client_is_registered_listed_and_removed() {
    let world = World::start().await;
    let administration = world.administration().await;
    let client = administration.add_client(&World::registration_request("app")).await.unwrap();
    assert!(client.secret.as_ref().unwrap().len() >= 43);
    assert!(!format!("{client:?}").contains(client.secret.as_ref().unwrap()));
    assert!(administration.add_client(&World::registration_request("app")).await.is_err());
    let public = RegistrationRequest { is_public: true, ..World::registration_request("public") };
    assert_eq!(administration.add_client(&public).await.unwrap().secret, None);
    let clients = administration.clients().await.unwrap();
    let listed: Vec<_> = clients.iter().map(|it| (&*it.id, it.authentication)).collect();
    assert_eq!(listed, [("app", "secret"), ("public", "public")]);
    administration.remove_client("app").await.unwrap();
    assert!(administration.remove_client("app").await.is_err());
    assert_eq!(administration.clients().await.unwrap().len(), 1);
    administration.add_client(&World::registration_request("app")).await.unwrap();
}

#[tokio::test]
async fn a_registration_request_that_makes_no_sense_is_refused() {
    let world = World::start().await;
    let administration = world.administration().await;
    let registration_request = |change: &dyn Fn(&mut RegistrationRequest)| {
        let mut registration_request = World::registration_request("app");
        change(&mut registration_request);
        registration_request
    };
    let text = |it: &str| it.to_owned();
    for (registration_request, part) in [
        (registration_request(&|it| it.id = text("a b")), "identifier"),
        (registration_request(&|it| it.name = Some(String::new())), "the name"),
        (registration_request(&|it| it.name = Some(text("  "))), "the name"),
        (registration_request(&|it| it.name = Some("x".repeat(201))), "the name"),
        (
            registration_request(&|it| it.id = text("0190a8b4-0000-7000-8000-000000000000")),
            "no UUID",
        ),
        (registration_request(&|it| it.redirect_uris.clear()), "needs a redirect URI"),
        (
            registration_request(&|it| it.redirect_uris = vec![text("http://app.example/")]),
            "cannot be registered",
        ),
        (
            registration_request(&|it| it.redirect_uris = vec![text("https://app.example/#x")]),
            "cannot be registered",
        ),
        (
            registration_request(&|it| it.redirect_uris = vec![text("https://*.example/")]),
            "cannot be registered",
        ),
        (
            registration_request(&|it| it.post_logout_redirect_uris = vec![text("x")]),
            "cannot be registered",
        ),
        (
            registration_request(&|it| it.redirect_uris = vec![text("https://a.example/"); 51]),
            "at most 50",
        ),
        (registration_request(&|it| it.grant_types = vec![text("password")]), "is not known"),
        (
            registration_request(&|it| it.grant_types = vec![text("refresh_token")]),
            "come with authorization codes",
        ),
        (registration_request(&|it| it.scopes = vec![text("a b")]), "is no scope"),
        (registration_request(&|it| it.scopes = vec![text("a\"")]), "is no scope"),
        (
            registration_request(&|it| it.id_token_algorithm = Some(text("none"))),
            "cannot be signed",
        ),
        (registration_request(&|it| it.keys = Some(text("{}"))), "JWK set"),
        (registration_request(&|it| it.keys = Some(text(r#"{"keys":[]}"#))), "JWK set"),
        (
            registration_request(&|it| (it.is_public, it.is_without_pkce) = (true, true)),
            "without PKCE",
        ),
        (
            registration_request(&|it| {
                (it.is_public, it.grant_types) = (true, vec![text("client_credentials")]);
            }),
            "public client",
        ),
    ] {
        let error = administration.add_client(&registration_request).await.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    assert!(administration.clients().await.unwrap().is_empty());
}

#[tokio::test]
async fn rotated_keys_are_published_at_once_and_old_tokens_stay_valid() {
    let world = World::start().await;
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid").await;
    let access = tokens["access_token"].as_str().unwrap();
    let signs_from = world.administration().await.rotate_keys(false).await.unwrap();
    assert!(signs_from > world.now());
    let rotated = world.restarted().await;
    assert_eq!(rotated.get("/auth/jwks").await.json()["keys"].as_array().unwrap().len(), 6);
    assert_eq!(rotated.userinfo(access).await.status.as_u16(), 200);
    let kid = async |world: &World| {
        let tokens = world.tokens("app", "openid").await;
        let jws = jose::Jws::parse(tokens["id_token"].as_str().unwrap()).unwrap().header().clone();
        jws.kid.unwrap()
    };
    let before = kid(&rotated).await;
    rotated.clock.set(signs_from);
    assert_ne!(kid(&rotated).await, before);
}

#[tokio::test]
async fn an_emergency_voids_what_the_old_keys_signed() {
    let world = World::start().await;
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid").await;
    world.administration().await.rotate_keys(true).await.unwrap();
    let rotated = world.restarted().await;
    assert_eq!(rotated.get("/auth/jwks").await.json()["keys"].as_array().unwrap().len(), 3);
    assert_eq!(
        rotated.userinfo(tokens["access_token"].as_str().unwrap()).await.status.as_u16(),
        401
    );
    assert_eq!(
        rotated.refresh("app", tokens["refresh_token"].as_str().unwrap()).await.status.as_u16(),
        200
    );
}

#[tokio::test]
async fn an_account_is_in_one_group_at_a_time() {
    let world = World::start().await;
    let administration = world.administration().await;
    let members = async |name: &str| {
        let groups = administration.groups().await.unwrap();
        let (_, members) = groups.into_iter().find(|(group, _)| *group == name).unwrap();
        members.into_iter().filter_map(|member| member.email).collect::<Vec<_>>()
    };
    administration.join_group("finance", EMAIL).await.unwrap();
    assert_eq!(members("finance").await, [EMAIL]);
    administration.join_group("viewer", EMAIL).await.unwrap();
    assert!(members("finance").await.is_empty() && members("viewer").await == [EMAIL]);
    administration.leave_group("finance", EMAIL).await.unwrap();
    assert_eq!(members("viewer").await, [EMAIL], "it was not in that group");
    administration.leave_group("viewer", EMAIL).await.unwrap();
    assert!(members("viewer").await.is_empty());
    assert!(administration.join_group("king", EMAIL).await.is_err());
    assert!(administration.join_group("viewer", "nobody@example.com").await.is_err());
}

#[tokio::test]
async fn a_consent_that_is_revoked_takes_the_tokens_of_the_client_along() {
    let world = World::start().await;
    world.public_client("app").await;
    world.public_client("other").await;
    let tokens = world.tokens("app", "openid offline_access").await;
    let others = world.tokens("other", "openid offline_access").await;
    world.clock.advance(std::time::Duration::from_secs(1));
    let administration = world.administration().await;
    let consents = administration.consents(EMAIL).await.unwrap();
    let clients: Vec<_> = consents.iter().map(|consent| &*consent.client).collect();
    assert_eq!((clients, &*consents[0].scopes[0]), (vec!["app", "other"], "offline_access"));
    administration.revoke_consent(EMAIL, "app").await.unwrap();
    administration.revoke_consent(EMAIL, "app").await.unwrap();
    let unknown = administration.revoke_consent(EMAIL, "typo").await.unwrap_err();
    assert!(unknown.to_string().contains("no such client"), "{unknown}");
    assert_eq!(administration.consents(EMAIL).await.unwrap().len(), 1);
    let world = world.restarted().await;
    let token = |tokens: &serde_json::Value, name: &str| tokens[name].as_str().unwrap().to_owned();
    assert_eq!(world.userinfo(&token(&tokens, "access_token")).await.status.as_u16(), 401);
    let refreshed = world.refresh("app", &token(&tokens, "refresh_token")).await;
    assert_eq!(refreshed.error().1, "invalid_grant");
    let refreshed = world.refresh("other", &token(&others, "refresh_token")).await;
    assert_eq!(refreshed.status.as_u16(), 200);
    world.clock.advance(std::time::Duration::from_secs(1));
    let again = world.tokens("app", "openid").await;
    assert_eq!(world.userinfo(&token(&again, "access_token")).await.status.as_u16(), 200);
}

#[tokio::test]
async fn what_the_command_line_changes_bears_the_name_of_an_operator() {
    let world = World::start().await;
    let administration = world.administration().await;
    world.public_client("app").await;
    world.tokens("app", "openid").await;
    let journal = world.engine.service(MODULE.name).journal;
    let before = journal.last_position().await.unwrap();
    administration.disable_user(EMAIL).await.unwrap();
    administration.reset_user(EMAIL).await.unwrap();
    administration.join_group("finance", EMAIL).await.unwrap();
    administration.revoke_consent(EMAIL, "app").await.unwrap();
    administration.remove_client("app").await.unwrap();
    administration.rotate_keys(true).await.unwrap();
    let events = journal.follow(before, 100).await.unwrap();
    let names: Vec<_> = events.iter().map(|event| &*event.name).collect();
    for name in ["account_disabled", "role_assigned", "consent_withdrawn", "keys_rotated"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let cli = Origin::new(Edge::Operator, Some("cli"), None, None);
    for event in events {
        assert_eq!(event.origin.as_ref(), Some(&cli), "{}", event.name);
    }
}

#[tokio::test]
async fn a_person_is_signed_out_in_one_session_or_everywhere() {
    let world = World::start().await;
    world.public_client("app").await;
    let (one, other) = (Browser::new(&world), Browser::new(&world));
    for browser in [&one, &other] {
        browser.code("app", "openid").await;
        world.clock.advance(std::time::Duration::from_secs(1));
    }
    let administration = world.administration().await;
    let sessions = administration.sessions(EMAIL).await.unwrap();
    let [_, first] = &sessions[..] else { panic!("{sessions:?}") };
    let is_signed_in = async |browser: &Browser<'_>| {
        browser.get("/auth/account").await.body.contains("You are signed in")
    };
    assert!(is_signed_in(&one).await && is_signed_in(&other).await);
    administration.add_user("bob@example.com", None, Some(PASSWORD)).await.unwrap();
    let foreign = administration.end_session("bob@example.com", &first.id).await.unwrap_err();
    assert!(foreign.to_string().contains("has no session"), "{foreign}");
    administration.end_session(EMAIL, &first.id).await.unwrap();
    assert!(!is_signed_in(&one).await && is_signed_in(&other).await);
    assert_eq!(administration.sessions(EMAIL).await.unwrap().len(), 1);
    administration.end_sessions(EMAIL).await.unwrap();
    assert!(!is_signed_in(&other).await);
    assert!(administration.sessions(EMAIL).await.unwrap().is_empty());
}
