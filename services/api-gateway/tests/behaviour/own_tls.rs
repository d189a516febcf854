//! Edges that speak TLS themselves: the scheme, the certificate of the client, and the policy for browsers.

use crate::{
    harness::{LOOPBACK_PEER, REMOTE_PEER, TestGateway, get},
    issuer::token_with,
};
use axum::http::request::Builder;
use serde_json::json;
use transport::{ClientCertificate, Edge};
use web::SecureConnection;

const PROXY: &str = "192.0.2.9:1";
const ORDERS: &str = "/api/v1/orders";
const PRODUCTS: &str = "/api/v1/products";
const POLICY: &str = "strict-transport-security";

fn certificate(der: u8) -> ClientCertificate {
    ClientCertificate::new(vec![vec![der]]).unwrap()
}

/// A request over TLS, whose client presented this certificate.
fn secure(builder: Builder, certificate: Option<ClientCertificate>) -> Builder {
    builder.extension(SecureConnection { certificate })
}

#[tokio::test]
async fn a_service_learns_that_its_client_came_over_tls() {
    let gateway = TestGateway::with(&[("trusted_proxies", r#"["192.0.2.9"]"#)]).await;
    let proto = async |peer: &str, request: Builder| {
        let seen = gateway.send(Edge::Shop, peer, request, "").await.json();
        seen["headers"].get("x-forwarded-proto").cloned()
    };
    let named = |proto: &'static str| get(PRODUCTS).header("x-forwarded-proto", proto);
    assert_eq!(proto(REMOTE_PEER, secure(get(PRODUCTS), None)).await, Some(json!("https")));
    assert_eq!(proto(REMOTE_PEER, get(PRODUCTS)).await, None);
    assert_eq!(proto(REMOTE_PEER, named("https")).await, None, "nobody else is believed");
    assert_eq!(proto(REMOTE_PEER, secure(named("http"), None)).await, Some(json!("https")));
    assert_eq!(proto(PROXY, secure(named("http"), None)).await, Some(json!("http")));
    assert_eq!(proto(PROXY, secure(get(PRODUCTS), None)).await, Some(json!("https")));
}

#[tokio::test]
async fn browsers_are_told_to_come_by_tls_alone_where_the_edge_speaks_it() {
    let settings = [("trusted_proxies", r#"["192.0.2.9"]"#), ("hosts", r#"["shop.example"]"#)];
    let gateway = TestGateway::with(&settings).await;
    let policy = async |peer: &str, request: Builder| {
        let response = gateway.send(Edge::Shop, peer, request, "").await;
        response.header(POLICY).to_owned()
    };
    let at = |host: &'static str| get(PRODUCTS).header("host", host);
    let expected = "max-age=31536000; includeSubDomains";
    assert_eq!(policy(REMOTE_PEER, secure(at("shop.example"), None)).await, expected);
    assert_eq!(
        policy(REMOTE_PEER, at("shop.example")).await,
        "",
        "without TLS it would be ignored"
    );
    assert_eq!(policy(PROXY, secure(at("shop.example"), None)).await, "", "the proxy has its own");
    for host in ["localhost", "127.0.0.1:8443"] {
        assert_eq!(policy(LOOPBACK_PEER, secure(at(host), None)).await, "", "{host}");
    }
    let silent = TestGateway::with(&[("strict_transport_seconds", "0")]).await;
    let request = secure(at("shop.example"), None);
    assert_eq!(silent.send(Edge::Shop, REMOTE_PEER, request, "").await.header(POLICY), "");
}

#[tokio::test]
async fn a_token_of_a_certificate_counts_on_the_connection_of_this_one() {
    let settings = [
        ("operator_sign_in", "true"),
        ("trusted_proxies", r#"["192.0.2.9"]"#),
        ("client_certificate_header", "client-cert"),
    ];
    let gateway = TestGateway::with(&settings).await;
    let bound = [("cnf", json!({"x5t#S256": certificate(7).thumbprint()}))];
    let token = token_with(&["viewer"], "shop.read", &bound);
    let status = async |peer: &str, shown: Option<u8>, header: Option<u8>| {
        let request = get(ORDERS).header("authorization", format!("Bearer {token}"));
        let request = secure(request, shown.map(certificate));
        let request = match header {
            Some(der) => request.header("client-cert", certificate(der).to_header()),
            None => request,
        };
        gateway.send(Edge::Operator, peer, request, "").await.status.as_u16()
    };
    assert_eq!(status(REMOTE_PEER, Some(7), None).await, 200);
    assert_eq!(status(REMOTE_PEER, Some(7), Some(8)).await, 200, "a header says nothing here");
    assert_eq!(status(REMOTE_PEER, Some(8), Some(7)).await, 401);
    assert_eq!(status(REMOTE_PEER, None, Some(7)).await, 401);
    assert_eq!(status(REMOTE_PEER, None, None).await, 401);
    assert_eq!(status(PROXY, Some(7), None).await, 401, "the certificate of the proxy itself");
    assert_eq!(status(PROXY, Some(8), Some(7)).await, 200, "the client of the proxy");
}

#[tokio::test]
async fn a_proof_is_for_the_address_over_tls() {
    let gateway = TestGateway::with(&[("operator_sign_in", "true")]).await;
    let key = crate::sender_constraints::ProofKey::new();
    let token = key.token(&["viewer"], "shop.read", &[]);
    let status = async |address: &str| {
        let proof = key.proof("GET", &format!("{address}{ORDERS}"), &token, None);
        let request = get(ORDERS).header("host", "ops.example").header("dpop", proof);
        let request = request.header("authorization", format!("DPoP {token}"));
        let request = secure(request, None);
        gateway.send(Edge::Operator, REMOTE_PEER, request, "").await.status.as_u16()
    };
    assert_eq!(status("https://ops.example").await, 200);
    assert_eq!(status("http://ops.example").await, 401);
}
