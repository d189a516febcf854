//! Who may do what: every operation of the table, with every role, every scope and none.

use crate::{
    harness::{LOOPBACK_PEER, PROCESS_TOKEN, REMOTE_PEER, TestGateway, get, request},
    issuer::{revoked, token, token_with, unanswered},
};
use api_gateway::{Operation, operations};
use axum::http::request::Builder;
use serde_json::json;
use std::time::Duration;
use transport::Edge;

const ROLES: [&str; 5] = ["viewer", "merchandiser", "fulfilment", "finance", "admin"];
const SCOPES: [&str; 4] = ["", "openid", "shop.read", "shop.write"];

/// Request for an operation.
fn probe(operation: &Operation) -> Builder {
    request(operation.method, &operation.path.replace(['{', '}'], ""))
}

fn with(builder: Builder, token: &str) -> Builder {
    builder.header("authorization", format!("Bearer {token}"))
}

async fn status(gateway: &TestGateway, edge: Edge, request: Builder) -> u16 {
    gateway.send(edge, LOOPBACK_PEER, request, "").await.status.as_u16()
}

/// Whether the table lets somebody do this.
fn is_allowed(operation: &Operation, role: &str, scope: &str) -> bool {
    let has_scope =
        scope == operation.scope || (scope == "shop.write" && operation.scope == "shop.read");
    operation.roles.is_empty() || (operation.roles.contains(&role) && has_scope)
}

#[tokio::test]
async fn every_operation_is_for_whom_the_table_says_and_for_nobody_else() {
    let gateway = TestGateway::closed().await;
    for edge in [Edge::Shop, Edge::Operator] {
        assert!(operations(edge).len() > 20);
        for operation in operations(edge) {
            let shown = format!("{edge:?} {} {}", operation.method, operation.path);
            let stranger = status(&gateway, edge, probe(&operation)).await;
            let is_public = operation.roles.is_empty();
            assert_eq!(stranger == 401, !is_public, "{shown} without a token is {stranger}");
            for role in ROLES.into_iter().chain(["", "owner"]) {
                for scope in SCOPES {
                    let token = token(&[role], scope);
                    let status = status(&gateway, edge, with(probe(&operation), &token)).await;
                    let expected = is_allowed(&operation, role, scope);
                    assert_eq!(
                        status != 403,
                        expected,
                        "{shown} with {role:?} and {scope:?} is {status}"
                    );
                    assert_ne!(status, 401, "{shown}");
                }
            }
        }
    }
}

#[test]
fn the_table_says_what_was_decided() {
    let of = |method: &str, path: &str| {
        let all = operations(Edge::Operator);
        let found = all.into_iter().find(|it| (it.method, it.path) == (method, path));
        let operation = found.unwrap_or_else(|| panic!("{method} {path}"));
        (operation.roles.join(" "), operation.scope)
    };
    let all = "viewer merchandiser fulfilment finance admin".to_owned();
    assert_eq!(of("GET", "/api/v1/orders"), (all.clone(), "shop.read"));
    assert_eq!(
        of("GET", "/api/v1/products"),
        (all.clone(), "shop.read"),
        "drafts are not for everybody"
    );
    assert_eq!(of("POST", "/api/v1/products"), ("merchandiser admin".to_owned(), "shop.write"));
    assert_eq!(
        of("POST", "/api/v1/orders/{id}/refunds"),
        ("finance admin".to_owned(), "shop.write")
    );
    assert_eq!(
        of("POST", "/api/v1/orders/{id}/fulfil"),
        ("fulfilment admin".to_owned(), "shop.write")
    );
    assert_eq!(of("GET", "/api/v1/audit"), ("finance admin".to_owned(), "shop.read"));
    assert_eq!(of("POST", "/api/v1/sagas/{id}/retry"), ("admin".to_owned(), "shop.write"));
    assert_eq!(of("GET", "/metrics"), (all, "shop.read"));
    assert_eq!(of("GET", "/health"), (String::new(), ""));
    assert_eq!(of("POST", "/maintenance"), ("admin".to_owned(), "shop.write"));
}

#[tokio::test]
async fn a_refusal_says_what_is_missing_and_challenges_the_client() {
    let gateway = TestGateway::closed().await;
    let orders = "/api/v1/orders";
    let response = gateway.operator(get(orders)).await;
    assert_eq!(response.problem(), (401, "unauthenticated".to_owned()));
    assert_eq!(
        response.header("www-authenticate"),
        r#"Bearer realm="icommerce", scope="shop.read""#
    );
    assert_eq!(response.json()["facts"]["scope"], "shop.read");
    let response = gateway.operator(with(get(orders), &token(&["viewer"], "openid"))).await;
    assert_eq!(response.problem(), (403, "insufficient_scope".to_owned()));
    assert!(
        response
            .header("www-authenticate")
            .contains(r#"error="insufficient_scope", scope="shop.read""#)
    );
    let refund = request("POST", "/api/v1/orders/7/refunds");
    let response = gateway.operator(with(refund, &token(&["viewer"], "shop.write"))).await;
    assert_eq!(response.problem(), (403, "forbidden".to_owned()));
    assert_eq!(response.json()["facts"]["roles"], json!(["finance", "admin"]));
    for wrong in
        ["a.b.c", "x", &token_with(&["admin"], "shop.write", &[("exp", json!(1))]), &revoked()]
    {
        for edge in [Edge::Operator, Edge::Shop] {
            let path = if edge == Edge::Shop { "/api/v1/products" } else { orders };
            let response = gateway.send(edge, LOOPBACK_PEER, with(get(path), wrong), "").await;
            assert_eq!(response.problem(), (401, "invalid_token".to_owned()));
            assert!(response.header("www-authenticate").contains(r#"error="invalid_token""#));
            assert!(!String::from_utf8_lossy(&response.bytes).contains(wrong), "{wrong}");
        }
    }
    let twice = with(with(get(orders), "a"), "b");
    assert_eq!(gateway.operator(twice).await.problem(), (400, "invalid_header".to_owned()));
    let query = format!("{orders}?access_token={}", token(&["admin"], "shop.write"));
    assert_eq!(
        gateway.operator(get(&query)).await.status.as_u16(),
        401,
        "a token in an address is none"
    );
}

#[tokio::test]
async fn services_learn_who_it_is_from_the_gateway_and_from_nobody_else() {
    let gateway = TestGateway::closed().await;
    let token = token(&["admin"], "shop.write");
    let forged = "operator:eve";
    let request = get("/api/v1/orders").header("icommerce-actor", forged);
    let response = gateway.operator(with(request, &token)).await.json();
    assert_eq!(response["actor"], "operator:ada");
    assert!(response["headers"].get("icommerce-actor").is_none());
    let request = get("/api/v1/products").header("icommerce-actor", forged);
    let response = gateway.shop(request).await.json();
    assert_eq!(response["actor"], json!(null));
    let own = gateway.operator(with(get("/api/v1/orders"), PROCESS_TOKEN)).await.json();
    assert_eq!(own["actor"], "operator");
    let at_shop = gateway.shop(with(get("/api/v1/products"), PROCESS_TOKEN)).await;
    assert_eq!(at_shop.problem(), (401, "invalid_token".to_owned()), "no issuer knows it");
    let almost = gateway.operator(with(get("/api/v1/orders"), &PROCESS_TOKEN[1..])).await;
    assert_eq!(almost.problem().0, 401);
}

#[tokio::test(start_paused = true)]
async fn who_somebody_is_is_found_out_within_the_deadline_of_the_request() {
    let gateway = TestGateway::with(&[("operator_sign_in", "true"), ("deadline_ms", "2000")]).await;
    let began = tokio::time::Instant::now();
    let request = with(get("/api/v1/orders"), &unanswered()).header("x-test", "hang");
    let response = tokio::time::timeout(Duration::from_mins(1), gateway.operator(request)).await;
    assert_eq!(response.unwrap().problem(), (504, "deadline_exceeded".to_owned()));
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[tokio::test]
async fn a_subject_that_does_not_fit_a_header_is_named_by_its_digest() {
    let gateway = TestGateway::closed().await;
    for subject in ["Ada Lovelace", "ad\u{e4}", &"a".repeat(121), "a\nb"] {
        let token = token_with(&["admin"], "shop.write", &[("sub", json!(subject))]);
        let response = gateway.operator(with(get("/api/v1/orders"), &token)).await.json();
        let actor = response["actor"].as_str().unwrap();
        assert!(actor.starts_with("operator:digest-") && actor.len() == 48, "{actor}");
    }
}

#[tokio::test]
async fn an_open_edge_asks_nobody_and_a_closed_one_says_so_on_its_first_page() {
    let open = TestGateway::with_defaults().await;
    let response = open.operator(get("/api/v1/orders")).await;
    assert_eq!(response.json()["actor"], "operator");
    let text = |response: crate::harness::TestResponse| {
        String::from_utf8(response.bytes.to_vec()).unwrap()
    };
    assert!(text(open.operator(get("/")).await).contains("This is the demonstration"));
    let closed = TestGateway::closed().await;
    let page = text(closed.operator(get("/")).await);
    assert!(page.contains("href=\"/sign-in\"") && !page.contains("Component"), "{page}");
    let page = text(closed.operator(with(get("/"), &token(&["viewer"], "shop.read"))).await);
    assert!(page.contains("the role: viewer"), "{page}");
    for public in ["/docs", "/openapi.json", "/operator.css"] {
        assert_eq!(closed.operator(get(public)).await.status.as_u16(), 200, "{public}");
    }
}

#[tokio::test]
async fn an_open_edge_is_open_to_programs_of_this_machine_and_not_to_who_comes_over_its_proxy() {
    let open =
        TestGateway::with(&[("trusted_proxies", "127.0.0.1"), ("hosts", "shop.example")]).await;
    let from_proxy = || get("/api/v1/orders").header("host", "shop.example");
    for client in ["198.51.100.1", "127.0.0.1"] {
        let request = from_proxy().header("x-forwarded-for", client);
        let response = open.operator(request).await;
        assert_eq!(response.problem(), (401, "unauthenticated".to_owned()), "{client}");
    }
    assert_eq!(open.operator(from_proxy()).await.status.as_u16(), 401, "a proxy that says nothing");
    let open = TestGateway::with_defaults().await;
    assert_eq!(open.operator(get("/api/v1/orders")).await.status.as_u16(), 200);
    let remote = open.send(Edge::Operator, REMOTE_PEER, get("/api/v1/orders"), "").await;
    assert_eq!(remote.status.as_u16(), 401);
}

#[tokio::test]
async fn a_browser_is_sent_to_the_sign_in_and_from_there_to_the_provider() {
    let gateway = TestGateway::closed().await;
    let navigation = |path: &str| {
        get(path).header("sec-fetch-mode", "navigate").header("host", "127.0.0.1:8081")
    };
    let response = gateway.operator(navigation("/api/v1/orders?page=2")).await;
    assert_eq!(response.status.as_u16(), 303);
    assert_eq!(response.header("location"), "/sign-in?return_to=%2Fapi%2Fv1%2Forders%3Fpage%3D2");
    let response = gateway.operator(navigation("/sign-in?return_to=%2F")).await;
    assert!(response.header("location").starts_with(
        "http://127.0.0.1:8080/auth/authorize?response_type=code&client_id=operator-edge-"
    ));
    let cookie = response.header("set-cookie");
    assert!(
        cookie.starts_with("operator-sign-in=") && cookie.contains("HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    let elsewhere = get("/sign-in?return_to=%2Fdocs").header("host", "localhost:8081");
    let response = gateway.operator(elsewhere).await;
    assert_eq!(
        response.header("location"),
        "http://127.0.0.1:8081/sign-in?return_to=%2Fdocs&here="
    );
    let role = with(navigation("/api/v1/audit"), &token(&["viewer"], "shop.read"));
    assert_eq!(gateway.operator(role).await.problem().0, 403, "signing in again would not help");
}

#[tokio::test]
async fn a_sign_in_that_nobody_began_and_a_sign_out_by_another_site_do_nothing() {
    let gateway = TestGateway::closed().await;
    for query in
        ["", "?code=c&state=s&iss=http%3A%2F%2F127.0.0.1%3A8080%2Fauth", "?error=access_denied"]
    {
        let response = gateway.operator(get(&format!("/sign-in/callback{query}"))).await;
        assert_eq!(response.status.as_u16(), 400, "{query}");
        assert!(response.headers.get("set-cookie").is_none());
    }
    assert_eq!(gateway.operator(get("/sign-out")).await.status.as_u16(), 405);
    let foreign = request("POST", "/sign-out").header("sec-fetch-site", "cross-site");
    assert_eq!(gateway.operator(foreign).await.problem().0, 403);
    let own = request("POST", "/sign-out").header("sec-fetch-site", "same-origin");
    let response = gateway.operator(own).await;
    assert_eq!((response.status.as_u16(), response.header("location")), (303, "/"));
}

#[tokio::test]
async fn a_role_that_nobody_knows_is_refused_at_the_start() {
    let refused = TestGateway::try_with_issuers(
        r#"[{"issuer":"https://id.example","audience":"shop","roles":{"claim":"groups","owner":["staff"]}}]"#,
    )
    .await;
    let error = refused.err().unwrap();
    assert!(error.contains("\"owner\" is no role"), "{error}");
}

#[tokio::test]
async fn a_token_that_no_request_can_carry_is_refused_at_the_start() {
    for wrong in [
        "of two words, and long enough for a token",
        "w\u{f6}rter-und-nichts-als-w\u{f6}rter-aber-viele",
    ] {
        let refused = TestGateway::try_with(&[("operator_token", wrong)]).await;
        let error = refused.err().unwrap();
        assert!(error.contains("operator_token") && !error.contains(wrong), "{error}");
    }
}
