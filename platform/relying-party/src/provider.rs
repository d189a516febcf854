//! Provider of accounts, as a relying party reaches it: its registration there, and its token and revocation endpoints.

use crate::SignInError;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, header};
use jose::JwkSet;
use serde::Deserialize;
use std::{fmt, sync::Arc};
use transport::{Channel, Request, TokenResponse, basic_credentials};

/// Registration of the relying party at its provider.
#[derive(Clone)]
pub struct ClientRegistration {
    /// Identifier of the issuer, to the letter as its answers have it (`iss`).
    pub issuer: String,
    /// Keys of the issuer.
    pub keys: JwkSet,
    /// Identifier of the relying party.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Address to which the browser is sent for a sign-in.
    pub authorization_endpoint: String,
    /// Address to which the browser is sent to sign out.
    pub end_session_endpoint: String,
    /// Path of the token endpoint, on the channel to the provider.
    pub token_path: String,
    /// Path of the revocation endpoint, on the channel to the provider.
    pub revocation_path: String,
}

impl fmt::Debug for ClientRegistration {
    /// Without the secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { issuer, client_id, .. } = self;
        let mut shown = out.debug_struct("ClientRegistration");
        shown.field("issuer", issuer).field("client_id", client_id).finish_non_exhaustive()
    }
}

/// The provider cannot say how the relying party is registered, for this reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RegistrationError(pub String);

/// Whoever knows how the relying party is registered. It is asked for each sign-in, and may keep what it knows.
#[async_trait]
pub trait Registrar: fmt::Debug + Send + Sync {
    /// The registration.
    ///
    /// # Errors
    ///
    /// [`RegistrationError`].
    async fn registration(&self) -> Result<ClientRegistration, RegistrationError>;
}

/// Provider of accounts.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Whoever knows the registration.
    pub registrar: Arc<dyn Registrar>,
    /// Channel to the endpoints for programs.
    pub channel: Channel,
}

/// Refusal by the token endpoint.
#[derive(Deserialize)]
struct OAuthError {
    error: String,
}

impl Provider {
    pub(crate) async fn registration(&self) -> Result<ClientRegistration, SignInError> {
        self.registrar.registration().await.map_err(|error| {
            tracing::warn!(%error, "the provider of accounts does not say how this relying party is registered");
            SignInError::Unavailable
        })
    }

    /// Tokens for a grant.
    pub(crate) async fn tokens(
        &self,
        registration: &ClientRegistration,
        form: &[(&str, &str)],
    ) -> Result<TokenResponse, SignInError> {
        let (status, body) = self.post(registration, &registration.token_path, form).await?;
        if status == 200 {
            let tokens = serde_json::from_slice(&body);
            return tokens.map_err(|_| SignInError::Invalid("its tokens cannot be read"));
        }
        match serde_json::from_slice::<OAuthError>(&body) {
            Ok(OAuthError { error }) if (400..500).contains(&status) && status != 429 => {
                Err(SignInError::Refused(error))
            }
            _ => Err(SignInError::Unavailable),
        }
    }

    /// Revokes a refresh token, and with it the grant. Nobody waits for the success: it is one of several ways to end a session.
    pub(crate) async fn revoke(&self, registration: &ClientRegistration, token: &str) {
        let form = [("token", token), ("token_type_hint", "refresh_token")];
        if let Err(error) = self.post(registration, &registration.revocation_path, &form).await {
            tracing::warn!(%error, "the grant of a session that was signed out could not be revoked");
        }
    }

    async fn post(
        &self,
        registration: &ClientRegistration,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<(u16, Bytes), SignInError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let ClientRegistration { client_id, client_secret, .. } = registration;
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, basic_credentials(client_id, client_secret))
            .body(Bytes::from(body));
        let request: Request = request.map_err(|_| SignInError::Invalid("its address is none"))?;
        let response = self.channel.send(request).await.map_err(|error| {
            tracing::warn!(%error, "the provider of accounts does not answer");
            SignInError::Unavailable
        })?;
        Ok((response.status().as_u16(), response.into_body()))
    }
}
