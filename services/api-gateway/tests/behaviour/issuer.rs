//! Issuer under the control of a test: any token that a test wants.

use async_trait::async_trait;
use contracts::auth::{IssuerKeySet, RelyingPartyOrder, RelyingPartyRegistration, TokenIssuer};
use jose::{Algorithm, Header, JwkSet, SigningKey};
use kernel::SystemRandomness;
use rpc::CallError;
use serde_json::{Value, json};
use std::sync::LazyLock;
use transport::Context;

pub(crate) const ISSUER: &str = "http://127.0.0.1:8080/auth";
const AUDIENCE: &str = "http://127.0.0.1:8080";
/// Identifier of the shop edge as a client: its address is a part of it, as a digest.
pub(crate) const SHOP_CLIENT: &str = "shop-edge-d30a576c03187167";
/// Identifier of a token that was revoked.
const REVOKED: &str = "revoked";
/// Identifier of a token about which the issuer never answers.
const UNANSWERED: &str = "unanswered";
/// Present time of every test, in seconds.
const NOW: i64 = 1_767_225_600;

static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::generate(Algorithm::Es256, &SystemRandomness).unwrap());

/// The issuer.
#[derive(Debug)]
pub(crate) struct TestIssuer;

#[async_trait]
impl TokenIssuer for TestIssuer {
    async fn keys(&self) -> Result<IssuerKeySet, CallError> {
        Ok(IssuerKeySet {
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            keys: JwkSet::new(vec![KEY.public().clone()]).to_json(),
        })
    }

    async fn is_active(&self, token: String) -> Result<bool, CallError> {
        let payload = jose::base64url_decode(token.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&payload).unwrap();
        assert!(Context::current().trace.is_some(), "it is a part of the trace of the request");
        if claims["jti"] == UNANSWERED {
            std::future::pending::<()>().await;
        }
        Ok(claims["jti"] != REVOKED)
    }

    async fn revision(&self) -> Result<u64, CallError> {
        Ok(0)
    }

    async fn register_relying_party(
        &self,
        order: RelyingPartyOrder,
    ) -> Result<RelyingPartyRegistration, CallError> {
        let is_shop = order.id == SHOP_CLIENT;
        let edge = if is_shop { "http://127.0.0.1:8080" } else { "http://127.0.0.1:8081" };
        assert_eq!(order.redirect_uris, [format!("{edge}/sign-in/callback")]);
        Ok(RelyingPartyRegistration { issuer: ISSUER.to_owned(), secret: "secret".to_owned() })
    }
}

/// Token of somebody with these roles, for a client with these scopes.
pub(crate) fn token(roles: &[&str], scope: &str) -> String {
    token_with(roles, scope, &[])
}

/// The same with other claims.
pub(crate) fn token_with(roles: &[&str], scope: &str, others: &[(&str, Value)]) -> String {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "client_id": "app", "jti": "1",
        "iat": NOW, "exp": NOW + 600, "scope": scope, "roles": roles,
    });
    for (name, value) in others {
        claims[*name] = value.clone();
    }
    KEY.sign(&Header::typed("at+jwt"), claims.to_string().as_bytes()).unwrap()
}

/// Token that was revoked.
pub(crate) fn revoked() -> String {
    token_with(&["admin"], "shop.write", &[("jti", json!(REVOKED))])
}

/// Token about which the issuer never answers.
pub(crate) fn unanswered() -> String {
    token_with(&["admin"], "shop.write", &[("jti", json!(UNANSWERED))])
}

/// Tokens of a customer's sign-in at the shop edge with this nonce, as the token endpoint answers.
pub(crate) fn customer_tokens(account: &str, nonce: &str) -> Value {
    let claims = json!({
        "iss": ISSUER, "aud": SHOP_CLIENT, "sub": account, "nonce": nonce, "iat": NOW, "exp": NOW + 600,
    });
    let id_token = KEY.sign(&Header::typed("JWT"), claims.to_string().as_bytes()).unwrap();
    json!({
        "access_token": token_with(&[], "openid shop.account", &[("sub", json!(account))]),
        "token_type": "Bearer", "expires_in": 600, "refresh_token": "refresh", "id_token": id_token,
    })
}
