//! Access of administrators to the interfaces for programs: by a bearer token of a client that has the scope, or of a person who runs the
//! shop as an admin. What they change bears their name in the audit trail.

use super::presented_token::{self, TokenRefusal, TokenRequest};
use crate::{
    application::{error::AuthError, issuer::MOUNT, tokens::active::ActiveToken},
    domain::events::{ClientId, Role},
    provider::Provider,
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{StatusCode, header};
use kernel::{Edge, Origin, security_checks::holds};
use std::sync::Arc;
use transport::Context;

/// Guard of an interface.
#[derive(Clone, Debug)]
pub(crate) struct AdministratorsOnly {
    pub(crate) provider: Arc<Provider>,
    /// Scopes of which a client needs one to read.
    pub(crate) read: &'static [&'static str],
    /// Scopes of which a client needs one to change anything.
    pub(crate) write: &'static [&'static str],
    /// Body of a refusal with this status, in the manner of the interface.
    pub(crate) refusal: fn(StatusCode) -> Response,
}

/// Lets a request pass if its token allows it.
pub(crate) async fn require(
    State(guard): State<AdministratorsOnly>,
    request: Request,
    next: Next,
) -> Response {
    let scopes = if request.method().is_safe() { guard.read } else { guard.write };
    let (path, headers) = (request.uri().path(), request.headers());
    let token = TokenRequest {
        method: request.method(),
        path: path.strip_prefix(MOUNT).unwrap_or(path),
        headers,
        in_body: None,
    };
    let actor = match admitted(&guard.provider, token, scopes).await {
        Ok(actor) => actor,
        Err(refusal) => return refused(&guard, refusal),
    };
    let agent = headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok());
    let context = Context::current();
    let origin = Origin::new(Edge::Operator, Some(&actor), context.client, agent);
    Context { origin: Some(origin), ..context }.scope(next.run(request)).await
}

/// Whoever a request is made by, such as `client:robot`.
async fn admitted(
    provider: &Provider,
    request: TokenRequest<'_>,
    scopes: &'static [&'static str],
) -> Result<String, TokenRefusal> {
    let (active, scheme) = presented_token::active(provider, request).await?;
    if !holds("administration_scope", is_admitted(provider, &active, scopes).await?) {
        let scope = scopes.first().copied().unwrap_or_default();
        return Err(TokenRefusal::InsufficientScope(scheme, scope));
    }
    Ok(match &active.grant {
        Some((_, grant)) => format!("account:{}", grant.authorization.account),
        None => format!("client:{}", active.claims.text("client_id").unwrap_or_default()),
    })
}

/// A client needs one of the scopes. A person must be an admin at this time; and because any program to which an admin signs in has such a
/// token, it must also be one that belongs to the shop, or that was given the scope.
async fn is_admitted(
    provider: &Provider,
    active: &ActiveToken,
    scopes: &[&str],
) -> Result<bool, AuthError> {
    let has_scope = scopes.iter().any(|scope| active.has_scope(scope));
    let Some((_, grant)) = &active.grant else { return Ok(has_scope) };
    let account = provider.accounts.load(grant.authorization.account).await?;
    if account.is_none_or(|account| account.role != Some(Role::Admin)) {
        return Ok(false);
    }
    Ok(has_scope || is_trusted(provider, active.client().as_ref()).await?)
}

async fn is_trusted(provider: &Provider, client: Option<&ClientId>) -> Result<bool, AuthError> {
    let Some(client) = client else { return Ok(false) };
    let client = provider.clients.find(client).await?;
    let registration = client.as_deref().and_then(|client| client.registration());
    Ok(registration.is_some_and(|registration| registration.is_trusted))
}

/// The refusal in the manner of the interface, with the challenge of the protocol.
fn refused(guard: &AdministratorsOnly, refusal: TokenRefusal) -> Response {
    let (head, _) = refusal.into_response().into_parts();
    let mut response = (guard.refusal)(head.status);
    response.headers_mut().extend(head.headers);
    response
}
