//! Tokens that are bound to a key of their client (DPoP, RFC 9449), at both edges.

use crate::{
    customers::ACCOUNT,
    harness::{LOOPBACK_PEER, PROCESS_TOKEN, REMOTE_PEER, TestGateway, TestResponse, get},
    issuer::token_with,
};
use axum::http::request::Builder;
use jose::base64url_encode;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};
use transport::{ClientCertificate, Edge};

/// Present time of every test, in seconds.
const NOW: i64 = 1_767_225_600;
const ORDERS: &str = "/api/v1/orders";

/// Number of the next proof.
static NUMBER: AtomicU64 = AtomicU64::new(1);

/// Key of a client.
pub(crate) struct ProofKey(Ed25519KeyPair);

impl ProofKey {
    pub(crate) fn new() -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap())
    }

    fn jwk(&self) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": base64url_encode(self.0.public_key())})
    }

    /// Token that is bound to the key.
    pub(crate) fn token(&self, roles: &[&str], scope: &str, others: &[(&str, Value)]) -> String {
        let key = jose::Jwk::parse(self.jwk().to_string().as_bytes()).unwrap();
        let bound = [("cnf", json!({"jkt": key.thumbprint()}))];
        token_with(roles, scope, &[&bound[..], others].concat())
    }

    /// New proof for a request, with a nonce if there is one.
    pub(crate) fn proof(
        &self,
        method: &str,
        uri: &str,
        token: &str,
        nonce: Option<&str>,
    ) -> String {
        let mut claims = json!({
            "jti": NUMBER.fetch_add(1, Ordering::Relaxed).to_string(), "htm": method, "htu": uri,
            "iat": NOW, "ath": base64url_encode(Sha256::digest(token)),
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        let header = json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": self.jwk()});
        let message = [header, claims].map(|it| base64url_encode(it.to_string())).join(".");
        [&*message, &*base64url_encode(self.0.sign(message.as_bytes()))].join(".")
    }
}

fn with(builder: Builder, scheme: &str, token: &str, proofs: &[&str]) -> Builder {
    let builder = builder.header("authorization", format!("{scheme} {token}"));
    proofs.iter().fold(builder, |builder, proof| builder.header("DPoP", *proof))
}

/// Status and challenge.
fn outcome(response: &TestResponse) -> (u16, String) {
    (response.status.as_u16(), response.header("www-authenticate").to_owned())
}

fn is_refused(response: &TestResponse, error: &str) {
    let (status, challenge) = outcome(response);
    assert_eq!(status, 401, "{challenge}");
    let beginning = format!(r#"DPoP realm="icommerce", error="{error}", error_description=""#);
    assert!(challenge.starts_with(&beginning), "{challenge}");
    assert!(challenge.ends_with(r#", algs="ES256 EdDSA PS256 Ed25519""#), "{challenge}");
}

#[tokio::test]
async fn a_bound_token_opens_the_operator_edge_with_a_new_proof_of_its_key_alone() {
    let (gateway, key) = (TestGateway::closed().await, ProofKey::new());
    let token = key.token(&["viewer"], "shop.read", &[]);
    let uri = format!("http://127.0.0.1:8081{ORDERS}");
    let proof = |method: &str, uri: &str| key.proof(method, uri, &token, None);
    let send = async |scheme: &str, proofs: &[&str]| {
        gateway.operator(with(get(ORDERS), scheme, &token, proofs)).await
    };
    let first = proof("GET", &uri);
    let response = send("DPoP", &[&first]).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.json()["actor"], "operator:ada");
    is_refused(&send("DPoP", &[&first]).await, "invalid_dpop_proof");
    is_refused(&send("DPoP", &[]).await, "invalid_dpop_proof");
    is_refused(&send("DPoP", &[&proof("POST", &uri)]).await, "invalid_dpop_proof");
    let two = [proof("GET", &uri), proof("GET", &uri)];
    is_refused(&send("DPoP", &[&two[0], &two[1]]).await, "invalid_dpop_proof");
    let elsewhere = format!("http://127.0.0.1:8080{ORDERS}");
    is_refused(&send("DPoP", &[&proof("GET", &elsewhere)]).await, "invalid_dpop_proof");
    let other = key.proof("GET", &uri, "another", None);
    is_refused(&send("DPoP", &[&other]).await, "invalid_dpop_proof");
    is_refused(&send("Bearer", &[&proof("GET", &uri)]).await, "invalid_token");
    let lower = send("dpop", &[&proof("GET", &format!("{uri}?page=2"))]).await;
    assert_eq!(lower.status, 200, "a scheme is of any case, and a query makes no difference");
    let unbound = token_with(&["viewer"], "shop.read", &[]);
    let with_proof = key.proof("GET", &uri, &unbound, None);
    let response = gateway.operator(with(get(ORDERS), "DPoP", &unbound, &[&with_proof])).await;
    is_refused(&response, "invalid_token");
    let process = gateway.operator(with(get(ORDERS), "DPoP", PROCESS_TOKEN, &[])).await;
    assert_eq!(process.status, 401, "the token of the process is a bearer token");
}

#[tokio::test]
async fn a_proof_is_for_the_address_of_the_settings_and_not_for_what_a_request_says() {
    let key = ProofKey::new();
    let settings = [
        ("operator_sign_in", "true"),
        ("operator_url", "https://ops.example"),
        ("trusted_proxies", r#"["192.0.2.9"]"#),
    ];
    let gateway = TestGateway::with(&settings).await;
    let token = key.token(&["viewer"], "shop.read", &[]);
    let send = async |peer: &str, uri: &str, headers: &[(&str, &str)]| {
        let proof = key.proof("GET", &format!("{uri}{ORDERS}"), &token, None);
        let request = with(get(ORDERS), "DPoP", &token, &[&proof]);
        let request = headers.iter().fold(request, |it, (name, value)| it.header(*name, *value));
        gateway.send(Edge::Operator, peer, request, "").await
    };
    assert_eq!(send(REMOTE_PEER, "https://ops.example", &[]).await.status, 200);
    let evil = [("host", "evil.example")];
    is_refused(&send(REMOTE_PEER, "http://evil.example", &evil).await, "invalid_dpop_proof");
    let forwarded = [
        ("x-forwarded-for", "192.0.2.7"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
    ];
    let proxy = "192.0.2.9:1";
    assert_eq!(send(proxy, "https://ops.example", &forwarded).await.status, 200);
    is_refused(&send(proxy, "https://evil.example", &forwarded).await, "invalid_dpop_proof");
    let local = [("host", "127.0.0.1:8081")];
    let own = "http://127.0.0.1:8081";
    assert_eq!(send(LOOPBACK_PEER, own, &local).await.status, 200, "a program on this machine");
    is_refused(&send(REMOTE_PEER, own, &local).await, "invalid_dpop_proof");
}

#[tokio::test]
async fn without_an_address_in_the_settings_it_is_that_which_a_trusted_proxy_names() {
    let key = ProofKey::new();
    let settings = [("operator_sign_in", "true"), ("trusted_proxies", r#"["192.0.2.9"]"#)];
    let gateway = TestGateway::with(&settings).await;
    let token = key.token(&["viewer"], "shop.read", &[]);
    let send = async |uri: &str| {
        let proof = key.proof("GET", &format!("{uri}{ORDERS}"), &token, None);
        let request = with(get(ORDERS), "DPoP", &token, &[&proof])
            .header("host", "127.0.0.1:9")
            .header("x-forwarded-for", "192.0.2.7")
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-host", "ops.example");
        gateway.send(Edge::Operator, "192.0.2.9:1", request, "").await
    };
    assert_eq!(send("https://ops.example").await.status, 200);
    is_refused(&send("http://127.0.0.1:9").await, "invalid_dpop_proof");
}

#[tokio::test]
async fn a_customer_with_a_bound_token_is_one_at_the_shop_edge() {
    let key = ProofKey::new();
    let gateway = TestGateway::with(&[("shop_url", "https://shop.example")]).await;
    let token = key.token(&[], "openid shop.account", &[("sub", json!(ACCOUNT))]);
    let path = "/api/v1/products";
    let proof = key.proof("GET", &format!("https://shop.example{path}"), &token, None);
    let seen = gateway.shop(with(get(path), "DPoP", &token, &[&proof])).await.json();
    assert_eq!(seen["actor"], format!("customer:{ACCOUNT}"));
    is_refused(&gateway.shop(with(get(path), "Bearer", &token, &[])).await, "invalid_token");
}

#[tokio::test]
async fn where_nonces_are_demanded_a_client_is_given_one_and_asks_again() {
    let key = ProofKey::new();
    let settings = [
        ("operator_sign_in", "true"),
        ("operator_url", "https://ops.example"),
        ("requires_dpop_nonces", "true"),
    ];
    let gateway = TestGateway::with(&settings).await;
    let token = key.token(&["viewer"], "shop.read", &[]);
    let send = async |nonce: Option<&str>| {
        let proof = key.proof("GET", &format!("https://ops.example{ORDERS}"), &token, nonce);
        gateway.operator(with(get(ORDERS), "DPoP", &token, &[&proof])).await
    };
    let asked = send(None).await;
    is_refused(&asked, "use_dpop_nonce");
    let nonce = asked.header("dpop-nonce").to_owned();
    assert!(!nonce.is_empty());
    assert_eq!(send(Some(&nonce)).await.status, 200);
    is_refused(&send(Some("invented")).await, "use_dpop_nonce");
}

#[tokio::test]
async fn a_token_of_a_certificate_counts_when_a_trusted_proxy_passes_this_one_on() {
    const CERTIFICATE: &str = ":AQID:";
    let settings = [
        ("operator_sign_in", "true"),
        ("trusted_proxies", r#"["192.0.2.9"]"#),
        ("client_certificate_header", "client-cert"),
    ];
    let gateway = TestGateway::with(&settings).await;
    let thumbprint = ClientCertificate::of_header(CERTIFICATE).unwrap().thumbprint();
    let bound = [("cnf", json!({"x5t#S256": thumbprint}))];
    let token = token_with(&["viewer"], "shop.read", &bound);
    let proxy = "192.0.2.9:1";
    let send = async |peer: &str, certificates: &[&str]| {
        let request = with(get(ORDERS), "Bearer", &token, &[]);
        let request =
            certificates.iter().fold(request, |it, value| it.header("client-cert", *value));
        gateway.send(Edge::Operator, peer, request, "").await
    };
    let response = send(proxy, &[CERTIFICATE]).await;
    assert_eq!(response.status, 200);
    assert!(response.json()["headers"].get("client-cert").is_none(), "it goes no further");
    for (peer, certificates) in [
        (proxy, &[][..]),
        (proxy, &[":AQIE:"]),
        (proxy, &[CERTIFICATE, CERTIFICATE]),
        (REMOTE_PEER, &[CERTIFICATE]),
    ] {
        let (status, challenge) = outcome(&send(peer, certificates).await);
        assert_eq!(status, 401, "{peer} {certificates:?}");
        let beginning = r#"Bearer realm="icommerce", error="invalid_token""#;
        assert!(challenge.starts_with(beginning), "{challenge}");
    }
}
