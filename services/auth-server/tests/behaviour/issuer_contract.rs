//! Contract of the issuer towards the resource servers and relying parties of the shop, by every transport.

use crate::harness::{EMAIL, ISSUER, ORIGIN, World};
use contracts::auth::{RelyingPartyOrder, TokenIssuer};
use jose::{Algorithm, JwkSet, Jws};
use kernel::codes;
use rpc::CallError;

fn order(redirect_uri: &str) -> RelyingPartyOrder {
    RelyingPartyOrder {
        id: "operator-edge".to_owned(),
        name: "Operator edge".to_owned(),
        redirect_uris: vec![redirect_uri.to_owned()],
        post_logout_redirect_uris: vec!["https://ops.example/".to_owned()],
        scopes: vec!["openid".to_owned(), "shop.read".to_owned()],
    }
}

fn code(error: CallError) -> kernel::Code {
    match error {
        CallError::Problem(problem) => problem.code,
        other @ CallError::Unavailable { .. } => panic!("{other}"),
    }
}

#[tokio::test]
async fn its_keys_verify_its_tokens_which_count_until_their_grant_ends() {
    let world = World::start().await;
    world.public_client("app").await;
    for (name, issuer) in world.fixture.clients::<dyn TokenIssuer>().await {
        let set = issuer.keys().await.unwrap();
        assert_eq!((&*set.issuer, &*set.audience), (ISSUER, ORIGIN), "{name}");
        let keys = JwkSet::parse(set.keys.to_string().as_bytes()).unwrap();
        let tokens = world.tokens("app", "openid").await;
        let token = tokens["access_token"].as_str().unwrap();
        assert!(Jws::parse(token).unwrap().verify_by_set(&keys, &Algorithm::ALL).is_ok(), "{name}");
        assert!(issuer.is_active(token.to_owned()).await.unwrap(), "{name}");
        let revoked = [("token", token), ("client_id", "app")];
        assert_eq!(world.post("/auth/revoke", &revoked, None).await.status, 200);
        assert!(!issuer.is_active(token.to_owned()).await.unwrap(), "{name}");
        assert!(!issuer.is_active("nonsense".to_owned()).await.unwrap(), "{name}");
    }
    let tokens = world.tokens("app", "openid").await;
    let token = tokens["access_token"].as_str().unwrap();
    world.administration().await.disable_user(EMAIL).await.unwrap();
    let issuer = world.restarted().await.fixture.contract::<dyn TokenIssuer>();
    assert!(!issuer.is_active(token.to_owned()).await.unwrap(), "of an account that is disabled");
}

#[tokio::test]
async fn a_relying_party_is_registered_once_with_one_secret_and_follows_its_address() {
    let world = World::start().await;
    let mut secrets = Vec::new();
    for (name, issuer) in world.fixture.clients::<dyn TokenIssuer>().await {
        let order = order("https://ops.example/sign-in/callback");
        let registered = issuer.register_relying_party(order).await.unwrap();
        assert_eq!(registered.issuer, ISSUER, "{name}");
        assert!(!format!("{registered:?}").contains(&registered.secret));
        secrets.push(registered.secret);
    }
    secrets.dedup();
    assert_eq!(secrets.len(), 1);
    let restarted = world.restarted().await.fixture.contract::<dyn TokenIssuer>();
    let moved =
        restarted.register_relying_party(order("https://other.example/back")).await.unwrap();
    assert_eq!(moved.secret, secrets[0], "also after a restart");
    let clients = world.administration().await.clients().await.unwrap();
    assert_eq!(clients.len(), 1);
    assert_eq!(clients[0].redirect_uris, ["https://other.example/back"]);
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "operator-edge"),
        ("client_secret", &*secrets[0]),
        ("code", "none"),
    ];
    assert_eq!(world.token(&form).await.error().1, "invalid_grant", "the secret is right");
}

#[tokio::test]
async fn a_client_of_an_operator_is_not_taken_over_and_a_wrong_request_is_refused() {
    let world = World::start().await;
    world.secret_client("operator-edge").await;
    let issuer = world.fixture.contract::<dyn TokenIssuer>();
    let taken = issuer.register_relying_party(order("https://ops.example/back")).await;
    assert_eq!(code(taken.unwrap_err()), codes::FORBIDDEN);
    for uri in ["http://ops.example/back", "javascript:alert(1)", "https://ops.example/#a", ""] {
        let order = RelyingPartyOrder { id: "other".to_owned(), ..order(uri) };
        let refused = issuer.register_relying_party(order).await;
        assert_eq!(code(refused.unwrap_err()), codes::INVALID_FIELD, "{uri}");
    }
    let order = RelyingPartyOrder { id: "a b".to_owned(), ..order("https://ops.example/back") };
    let refused = issuer.register_relying_party(order).await;
    assert_eq!(code(refused.unwrap_err()), codes::INVALID_FIELD);
}
