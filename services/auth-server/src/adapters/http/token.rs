//! Token endpoint (RFC 6749, section 3.2).

use super::{
    client_credentials::{self, ClientRequest},
    error_response::ErrorResponse,
    respond,
};
use crate::{
    application::{
        client_authentication::AuthenticatedClient,
        grants::{Granted, OFFLINE_ACCESS},
        parameters::Parameters,
        seal::digest,
        tokens::LIFETIME,
    },
    domain::events::GrantType,
    provider::Provider,
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use serde_json::{Value, json};
use std::{ops::RangeInclusive, sync::Arc};

/// Characters of a code verifier (RFC 7636, section 4.1).
const VERIFIER_CHARACTERS: RangeInclusive<usize> = 43..=128;
/// Scope of OpenID Connect.
const OPENID: &str = "openid";

/// Exchanges a grant for tokens.
pub(crate) async fn exchange(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    respond::with_cors(respond::answer(answer(&provider, request).await))
}

async fn answer(provider: &Provider, request: Request) -> Result<Value, ErrorResponse> {
    let ClientRequest { client, parameters } =
        client_credentials::authenticated(provider, request).await?;
    let grant_type = match parameters.required("grant_type")? {
        "authorization_code" => GrantType::AuthorizationCode,
        "refresh_token" => GrantType::RefreshToken,
        "client_credentials" => GrantType::ClientCredentials,
        _ => {
            return Err(ErrorResponse::new(
                "unsupported_grant_type",
                "the grant_type is not supported",
            ));
        }
    };
    if !client.registration().allows(grant_type) {
        let refused = "the client may not use this grant_type";
        return Err(ErrorResponse::new("unauthorized_client", refused));
    }
    if parameters.get("resource").is_some_and(|resource| resource != provider.issuer.origin()) {
        return Err(ErrorResponse::new("invalid_target", "the resource is not known here"));
    }
    match grant_type {
        GrantType::AuthorizationCode => redeem(provider, &client, &parameters).await,
        GrantType::RefreshToken => refresh(provider, &client, &parameters).await,
        GrantType::ClientCredentials => for_itself(provider, &client, &parameters),
    }
}

async fn redeem(
    provider: &Provider,
    client: &AuthenticatedClient,
    parameters: &Parameters,
) -> Result<Value, ErrorResponse> {
    let code = parameters.required("code")?;
    let challenge = match parameters.get("code_verifier") {
        None => None,
        Some(verifier) if is_verifier(verifier) => Some(digest(verifier)),
        Some(_) => return Err(ErrorResponse::invalid_grant()),
    };
    let redirect_uri = parameters.get("redirect_uri");
    let redeemed = provider.grants.redeem(code, client, redirect_uri, challenge.as_deref()).await?;
    let scopes = redeemed.grant.authorization.scopes.clone();
    let nonce = redeemed.grant.authorization.nonce.clone();
    tokens(provider, client, redeemed, &scopes, nonce.as_deref()).await
}

async fn refresh(
    provider: &Provider,
    client: &AuthenticatedClient,
    parameters: &Parameters,
) -> Result<Value, ErrorResponse> {
    let token = parameters.required("refresh_token")?;
    // Before the token is replaced: a request that asks for too much changes nothing.
    let requested = parameters.scopes();
    if let (Some(requested), Some((_, stream, _))) =
        (&requested, provider.grants.of_refresh_token(token).await?)
    {
        let granted = stream.0.as_ref().map(|grant| &grant.authorization.scopes[..]);
        let granted = granted.unwrap_or_default();
        if requested.iter().any(|scope| !granted.iter().any(|it| it == scope)) {
            return Err(ErrorResponse::new(
                "invalid_scope",
                "the scope is wider than what was granted",
            ));
        }
    }
    let refreshed = provider.grants.refresh(token, client).await?;
    let granted = &refreshed.grant.authorization.scopes;
    let scopes: Vec<String> = match requested {
        None => granted.clone(),
        Some(requested) => {
            granted.iter().filter(|scope| requested.contains(&scope.as_str())).cloned().collect()
        }
    };
    tokens(provider, client, refreshed, &scopes, None).await
}

fn for_itself(
    provider: &Provider,
    client: &AuthenticatedClient,
    parameters: &Parameters,
) -> Result<Value, ErrorResponse> {
    if !client.registration().is_confidential() {
        let refused = "only a client that can prove who it is may act for itself";
        return Err(ErrorResponse::new("unauthorized_client", refused));
    }
    // What concerns a person has no meaning here.
    let of_people = [OPENID, OFFLINE_ACCESS, "email"];
    let registered = &client.registration().scopes;
    let open = registered.iter().filter(|scope| !of_people.contains(&scope.as_str()));
    let scopes: Vec<String> = match parameters.scopes() {
        None => open.cloned().collect(),
        Some(requested) => {
            let scopes: Vec<String> =
                open.filter(|scope| requested.contains(&scope.as_str())).cloned().collect();
            if scopes.len() < requested.len() {
                let refused = "a scope is not open to this client";
                return Err(ErrorResponse::new("invalid_scope", refused));
            }
            scopes
        }
    };
    let token = provider.tokens.client_token(client, &scopes)?;
    Ok(response(&token, &scopes))
}

/// Tokens of a grant.
async fn tokens(
    provider: &Provider,
    client: &AuthenticatedClient,
    granted: Granted,
    scopes: &[String],
    nonce: Option<&str>,
) -> Result<Value, ErrorResponse> {
    let access_token = provider.tokens.access_token(&granted, scopes).await?;
    let mut response = response(&access_token, scopes);
    if let Some(refresh_token) = &granted.refresh_token {
        response["refresh_token"] = refresh_token.as_str().into();
    }
    if scopes.iter().any(|scope| scope == OPENID) {
        let client = client.registration();
        let id_token = provider.tokens.id_token(&granted.grant, client, &access_token, nonce)?;
        response["id_token"] = id_token.into();
    }
    Ok(response)
}

fn response(access_token: &str, scopes: &[String]) -> Value {
    let mut response = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": LIFETIME.as_secs(),
    });
    // A scope has at least one word (RFC 6749, section 3.3).
    if !scopes.is_empty() {
        response["scope"] = scopes.join(" ").into();
    }
    response
}

fn is_verifier(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    VERIFIER_CHARACTERS.contains(&text.len()) && text.bytes().all(is_plain)
}
