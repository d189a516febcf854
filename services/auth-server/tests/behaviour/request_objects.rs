//! Signed requests (JAR, RFC 9101) and signed responses (JARM).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use crate::harness::{Answer, BACK, Browser, ISSUER, World, authorization, challenge, changed};
use auth_server::{PolicyRequest, RegistrationRequest};
use http::StatusCode;
use jose::{Algorithm, Header, JwkSet, SigningKey, base64url_encode};
use kernel::SeededRandomness;
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};

/// A client that signs its requests.
async fn signing_client(world: &World, policy: PolicyRequest) -> SigningKey {
    let key = SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(7)).unwrap();
    let keys = JwkSet::new(vec![key.public().clone()]).to_json().to_string();
    world
        .client(&RegistrationRequest {
            keys: Some(keys),
            policy,
            ..World::registration_request("app")
        })
        .await;
    key
}

/// Request object with these parameters.
fn object(world: &World, key: &SigningKey, fields: &[(&str, &str)]) -> String {
    let now = world.now().as_second();
    let mut claims: Map<String, Value> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let token = json!({"iss": "app", "aud": ISSUER, "nbf": now, "exp": now + 300});
    claims.extend(token.as_object().cloned().unwrap());
    let claims = Value::Object(claims).to_string();
    key.sign(&Header::typed("oauth-authz-req+jwt"), claims.as_bytes()).unwrap()
}

async fn authorize_with(world: &World, object: &str, more: &[(&str, &str)]) -> Answer {
    let fields = [&[("client_id", "app"), ("request", object)], more].concat();
    Browser::new(world).authorized(&fields).await
}

#[tokio::test]
async fn only_what_is_inside_a_signed_request_counts() {
    let world = World::start().await;
    let key = signing_client(&world, PolicyRequest::default()).await;
    let challenge = challenge();
    let signed = object(&world, &key, &authorization("app", &challenge));
    let answer = authorize_with(&world, &signed, &[("state", "outside"), ("prompt", "none")]).await;
    assert_eq!(answer.parameter("state").as_deref(), Some("the state"));
    assert!(answer.parameter("code").is_some(), "{}", answer.location());
    let without_address = changed(&authorization("app", &challenge), "redirect_uri", None);
    let signed = object(&world, &key, &without_address);
    let answer = authorize_with(&world, &signed, &[("redirect_uri", BACK)]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "no address inside");
}

#[tokio::test]
async fn a_request_that_the_client_did_not_sign_is_refused() {
    let world = World::start().await;
    let key = signing_client(&world, PolicyRequest::default()).await;
    let challenge = challenge();
    let fields = authorization("app", &challenge);
    let stranger = SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(8)).unwrap();
    let claims = json!({"client_id": "app", "redirect_uri": BACK, "response_type": "code"});
    let unsigned = format!(
        "{}.{}.",
        base64url_encode(r#"{"alg":"none"}"#),
        base64url_encode(claims.to_string())
    );
    let as_text = [("redirect_uri", BACK), ("state", "s")];
    for (request, error) in [
        (object(&world, &stranger, &fields), "invalid_request_object"),
        (unsigned, "request_not_supported"),
        ("x".to_owned(), "invalid_request_object"),
    ] {
        let answer = authorize_with(&world, &request, &as_text).await;
        assert_eq!(answer.parameter("error").as_deref(), Some(error));
        assert_eq!(answer.parameter("state").as_deref(), Some("s"));
        let answer = authorize_with(&world, &request, &[]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "nowhere to answer to");
    }
    let signed = [("redirect_uri", BACK), ("response_mode", "jwt")];
    let answer = authorize_with(&world, "x", &signed).await;
    let response = answer.parameter("response").unwrap_or_else(|| panic!("{}", answer.location()));
    let claims = world.claims(&response).await;
    assert_eq!(claims.text("error"), Some("invalid_request_object"), "signed, as is asked for");
    assert_eq!(claims.text("aud"), Some("app"));
    let both = [("request_uri", "https://app.example/r"), ("redirect_uri", BACK)];
    let answer = authorize_with(&world, &object(&world, &key, &fields), &both).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn a_client_that_is_registered_for_signed_requests_makes_no_others() {
    let world = World::start().await;
    let policy = PolicyRequest { requires_signed_requests: true, ..PolicyRequest::default() };
    let key = signing_client(&world, policy).await;
    let challenge = challenge();
    let fields = authorization("app", &challenge);
    let answer = Browser::new(&world).authorize(&fields).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request"));
    let answer = authorize_with(&world, &object(&world, &key, &fields), &[]).await;
    assert!(answer.parameter("code").is_some(), "{}", answer.location());
}

/// Serves a text; its address, and the server, which stops when it is dropped.
async fn serve(text: String) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/request", listener.local_addr().unwrap());
    let mut server = JoinSet::new();
    server.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 2048]).await;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", text.len());
            let _ = stream.write_all((head + &text).as_bytes()).await;
        }
    });
    (uri, server)
}

#[tokio::test]
async fn a_request_object_is_fetched_from_a_registered_address_alone() {
    let challenge = challenge();
    let fields = authorization("app", &challenge);
    for (is_open, is_registered) in [(true, true), (true, false), (false, true)] {
        let setting = ("fetch_private_addresses", if is_open { "true" } else { "false" });
        let world = World::start_with(&[setting]).await;
        let key = SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(7)).unwrap();
        let (uri, server) = serve(object(&world, &key, &fields)).await;
        let request_uris = if is_registered { vec![uri.clone()] } else { Vec::new() };
        signing_client(&world, PolicyRequest { request_uris, ..PolicyRequest::default() }).await;
        let arrival = [("client_id", "app"), ("request_uri", &*uri), ("redirect_uri", BACK)];
        let answer = Browser::new(&world).authorized(&arrival).await;
        if is_open && is_registered {
            assert!(answer.parameter("code").is_some(), "{}", answer.location());
        } else {
            let error = answer.parameter("error");
            assert_eq!(error.as_deref(), Some("invalid_request_uri"), "{is_open} {is_registered}");
        }
        drop(server);
    }
}

#[tokio::test]
async fn requests_of_one_network_are_fetched_so_often_and_no_more() {
    let settings = [("fetch_private_addresses", "true"), ("fetched_requests_per_address_max", "1")];
    let (world, challenge) = (World::start_with(&settings).await, challenge());
    let key = SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(7)).unwrap();
    let (uri, _server) = serve(object(&world, &key, &authorization("app", &challenge))).await;
    let request_uris = vec![uri.clone()];
    signing_client(&world, PolicyRequest { request_uris, ..PolicyRequest::default() }).await;
    let arrival = [("client_id", "app"), ("request_uri", &*uri), ("redirect_uri", BACK)];
    let first = Browser::new(&world).authorized(&arrival).await;
    assert!(first.parameter("code").is_some(), "{}", first.location());
    let second = Browser::new(&world).authorized(&arrival).await;
    assert_eq!(second.parameter("error").as_deref(), Some("temporarily_unavailable"));
    let mut elsewhere = Browser::new(&world);
    elsewhere.address = "198.51.100.7".to_owned();
    assert!(elsewhere.authorized(&arrival).await.parameter("code").is_some());
}

#[tokio::test]
async fn a_signed_response_says_all_and_for_whom() {
    let world = World::start().await;
    world.public_client("app").await;
    let challenge = challenge();
    let browser = Browser::new(&world);
    for mode in ["jwt", "query.jwt", "fragment.jwt"] {
        let mut fields = authorization("app", &challenge);
        fields.push(("response_mode", mode));
        let answer = browser.authorized(&fields).await;
        assert_eq!(answer.location().contains('#'), mode == "fragment.jwt");
        assert!(answer.parameter("code").is_none() && answer.parameter("state").is_none());
        let claims = world.claims(&answer.parameter("response").unwrap()).await;
        assert_eq!((claims.text("iss"), claims.text("aud")), (Some(ISSUER), Some("app")));
        assert_eq!(claims.text("state"), Some("the state"));
        let ends = claims.seconds("exp").unwrap().unwrap() - world.now().as_second();
        assert!((1..=600).contains(&ends));
        let redeemed = world.redeem("app", claims.text("code").unwrap()).await;
        assert_eq!(redeemed.status, StatusCode::OK);
    }
    let mut fields = changed(&authorization("app", &challenge), "prompt", Some("none"));
    fields.push(("response_mode", "jwt"));
    let answer = Browser::new(&world).authorize(&fields).await;
    let claims = world.claims(&answer.parameter("response").unwrap()).await;
    assert_eq!(claims.text("error"), Some("login_required"));
    let mut fields = authorization("app", &challenge);
    fields.push(("response_mode", "form_post.jwt"));
    let answer = browser.authorized(&fields).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains(r#"name="response""#) && !answer.body.contains(r#"name="code""#));
}
