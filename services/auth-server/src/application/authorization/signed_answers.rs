//! Signed answers: what a client is told, as a token that it can keep as a proof.

use super::response_target::ResponseSignature;
use crate::{
    application::{
        error::AuthError,
        sessions::logout_notices::Participant,
        tokens::{
            Tokens,
            rules::{algorithm_of, id_token_algorithm},
        },
    },
    domain::events::{ClientId, Registration, TokenAlgorithm},
};
use jose::base64url_encode;
use kernel::Timestamp;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Lifetime of a signed authorization response.
const RESPONSE_LIFETIME: Duration = Duration::from_mins(5);
/// Lifetime of a logout token (OpenID Connect Back-Channel Logout, section 2.4).
const LOGOUT_LIFETIME: Duration = Duration::from_mins(2);
/// Event of a logout token.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

impl Tokens {
    /// Signed authorization response (JARM) with these parameters.
    pub(crate) fn response_token(
        &self,
        signature: &ResponseSignature,
        parameters: &[(&str, &str)],
    ) -> Result<String, AuthError> {
        let mut claims = Map::new();
        for (name, value) in parameters {
            claims.insert((*name).to_owned(), (*value).into());
        }
        let expires = self.ids.now().checked_add(RESPONSE_LIFETIME).unwrap_or(Timestamp::MAX);
        claims.insert("iss".to_owned(), self.issuer.as_str().into());
        claims.insert("aud".to_owned(), signature.client.as_str().into());
        claims.insert("exp".to_owned(), expires.as_second().into());
        self.signed(algorithm_of(signature.algorithm), "JWT", claims)
    }

    /// Signed userinfo (OpenID Connect Core, section 5.3.2).
    pub(crate) fn userinfo_token(
        &self,
        client: &ClientId,
        algorithm: TokenAlgorithm,
        mut claims: Map<String, Value>,
    ) -> Result<String, AuthError> {
        claims.insert("iss".to_owned(), self.issuer.as_str().into());
        claims.insert("aud".to_owned(), client.as_str().into());
        self.signed(algorithm_of(algorithm), "JWT", claims)
    }

    /// Signed introspection response (RFC 9701) for a client.
    pub(crate) fn introspection_token(
        &self,
        client: &ClientId,
        registration: &Registration,
        answer: Value,
    ) -> Result<String, AuthError> {
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), self.issuer.as_str().into());
        claims.insert("aud".to_owned(), client.as_str().into());
        claims.insert("iat".to_owned(), self.ids.now().as_second().into());
        claims.insert("token_introspection".to_owned(), answer);
        let algorithm = id_token_algorithm(registration);
        self.signed(algorithm, "token-introspection+jwt", claims)
    }

    /// Logout token (OpenID Connect Back-Channel Logout, section 2.4).
    pub(crate) fn logout_token(
        &self,
        participant: &Participant,
        registration: &Registration,
    ) -> Result<String, AuthError> {
        let Participant { client, account, session } = participant;
        let subject = self.subjects.of(*account, registration);
        let mut claims = self.timed_claims(&subject, LOGOUT_LIFETIME);
        claims.insert("aud".to_owned(), client.as_str().into());
        claims.insert("jti".to_owned(), base64url_encode(self.random::<16>()).into());
        claims.insert("sid".to_owned(), session.as_str().into());
        claims.insert("events".to_owned(), json!({ LOGOUT_EVENT: {} }));
        let algorithm = id_token_algorithm(registration);
        self.signed(algorithm, "logout+jwt", claims)
    }
}
