//! A client that proves the possession of a key (DPoP).

use crate::harness::{Answer, World, form_request};
use axum::body::Body;
use http::Request;
use jose::base64url_encode;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};

/// Number of the next proof.
static NUMBER: AtomicU64 = AtomicU64::new(1);

/// Key of a client.
#[derive(Debug)]
pub(crate) struct ProofKey(Ed25519KeyPair);

impl ProofKey {
    pub(crate) fn new(seed: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a seed of 32 bytes"))
    }

    pub(crate) fn jwk(&self) -> Value {
        let key = base64url_encode(self.0.public_key());
        json!({"kty": "OKP", "crv": "Ed25519", "x": key})
    }

    pub(crate) fn thumbprint(&self) -> String {
        let jwk = jose::Jwk::parse(self.jwk().to_string().as_bytes()).expect("a key");
        jwk.thumbprint()
    }

    /// Claims of a new proof.
    pub(crate) fn claims(world: &World, method: &str, uri: &str, token: Option<&str>) -> Value {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut claims = json!({
            "jti": format!("proof-{number}"), "htm": method, "htu": uri, "iat": world.now().as_second(),
        });
        if let Some(token) = token {
            claims["ath"] = base64url_encode(Sha256::digest(token)).into();
        }
        claims
    }

    /// Proof with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": self.jwk()});
        let message = [header, claims.clone()].map(|it| base64url_encode(it.to_string())).join(".");
        let signature = base64url_encode(self.0.sign(message.as_bytes()));
        [message, signature].join(".")
    }

    /// Proof for a POST to an endpoint.
    pub(crate) fn proof(&self, world: &World, path: &str) -> String {
        let uri = format!("http://127.0.0.1:8080{path}");
        self.sign(&Self::claims(world, "POST", &uri, None))
    }

    /// Posts a form with a new proof.
    pub(crate) async fn post(&self, world: &World, path: &str, fields: &[(&str, &str)]) -> Answer {
        let proof = self.proof(world, path);
        world.post(path, fields, Some(("dpop", &proof))).await
    }

    /// `UserInfo` with a token that is bound to the key.
    pub(crate) async fn userinfo(&self, world: &World, token: &str) -> Answer {
        let uri = "http://127.0.0.1:8080/auth/userinfo";
        let proof = self.sign(&Self::claims(world, "GET", uri, Some(token)));
        userinfo(world, &format!("DPoP {token}"), &[&proof]).await
    }
}

/// `UserInfo` with these credentials.
pub(crate) async fn userinfo(world: &World, authorization: &str, proofs: &[&str]) -> Answer {
    let mut request = Request::get("/auth/userinfo").header("authorization", authorization);
    for proof in proofs {
        request = request.header("DPoP", *proof);
    }
    world.send(request.body(Body::empty()).expect("a request")).await
}

/// Posts a form to the token endpoint with these proofs.
pub(crate) async fn token_with(world: &World, fields: &[(&str, &str)], proofs: &[&str]) -> Answer {
    let mut request = form_request("/auth/token", fields);
    for proof in proofs {
        request.headers_mut().append("dpop", proof.parse().expect("a header"));
    }
    world.send(request).await
}
