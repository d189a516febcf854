//! `UserInfo` (OpenID Connect Core, section 5.3).

use super::{
    body::{self, FormError},
    presented_token::{self, TokenRefusal, TokenRequest},
    proof, respond,
};
use crate::{
    application::{
        accounts::standard_claims::{claims_of, verify_email},
        authorization::parameters::Parameters,
    },
    provider::Provider,
};
use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use std::sync::Arc;

/// Scope of OpenID Connect.
const OPENID: &str = "openid";

/// Says who the person of an access token is.
pub(crate) async fn userinfo(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    let answer = answer(&provider, request).await;
    proof::with_nonce(&provider, answer.unwrap_or_else(TokenRefusal::into_response))
}

async fn answer(provider: &Provider, request: Request) -> Result<Response, TokenRefusal> {
    let (head, body) = request.into_parts();
    let form = match head.method {
        Method::POST => posted(&head.headers, body).await?,
        _ => Parameters::default(),
    };
    let request = TokenRequest {
        method: &head.method,
        path: "/userinfo",
        headers: &head.headers,
        in_body: form.get("access_token"),
    };
    let (active, scheme) = presented_token::active(provider, request).await?;
    let person = active.grant.as_ref().filter(|_| active.has_scope(OPENID));
    let Some((_, grant)) = person else {
        return Err(TokenRefusal::InsufficientScope(scheme, OPENID));
    };
    // Of an exchanged token, the client that holds it: the claims are signed as that one is registered.
    let Some(id) = active.client() else { return Err(TokenRefusal::InvalidToken(scheme)) };
    let account = &grant.authorization.account;
    let client = provider.clients.find(&id).await?;
    let registration = client.as_deref().and_then(|client| client.registration());
    let Some(registration) = registration else { return Err(TokenRefusal::InvalidToken(scheme)) };
    let person = provider.accounts.person(*account).await?.unwrap_or_default();
    let holder = provider.accounts.load(*account).await?;
    let mut claims = claims_of(&person, |scope| active.has_scope(scope));
    verify_email(&mut claims, holder.as_deref());
    // As the token says it, so that an exchanged one tells nothing more (OpenID Connect Core, section 5.3.2).
    claims.insert("sub".to_owned(), active.claims.text("sub").unwrap_or_default().into());
    Ok(match registration.policy.userinfo_algorithm {
        None => respond::private_json(StatusCode::OK, &Value::Object(claims)),
        Some(algorithm) => {
            let token = provider.tokens.userinfo_token(&id, algorithm, claims)?;
            respond::private_token("application/jwt", token)
        }
    })
}

/// Parameters of a form. A body of another media type is none, and has no token.
async fn posted(headers: &HeaderMap, body: Body) -> Result<Parameters, TokenRefusal> {
    match body::form(headers, body).await {
        Err(FormError::MediaType) => Ok(Parameters::default()),
        form => form.map_err(|_| TokenRefusal::InvalidRequest),
    }
}
