//! Token exchange (RFC 8693): a client that was given a person's token gets one of its own for the same person, which says who acts for
//! whom, opens no more and lives no longer.

use super::{
    ACCESS_TOKEN, AccessToken, Tokens, active::ActiveToken, binding::Binding, rules::lifetime,
};
use crate::application::{clients::authentication::AuthenticatedClient, error::AuthError};
use kernel::security_checks::holds;
use serde_json::{Value, json};
use std::time::Duration;

/// Type of access tokens, and the more general one that they are of as well (section 3).
pub(crate) const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
pub(crate) const JWT_TYPE: &str = "urn:ietf:params:oauth:token-type:jwt";
/// Most clients of which one acts for the next.
const ACTORS_MAX: usize = 4;
/// Claims about the person's sign-in that go on.
const KEPT_CLAIMS: [&str; 4] = ["auth_time", "acr", "amr", "roles"];

/// Reason why a token is not exchanged.
#[derive(Debug)]
pub(crate) enum ExchangeRefusal {
    /// The token is not valid, or bound to a key or a certificate that did not come along.
    SubjectToken,
    /// The actor's token is not valid, or not the client's own.
    ActorToken,
    /// More scopes than the token has, or than the client may have.
    Scope,
    TooManyActors,
    Failed(AuthError),
}

/// Request to exchange a token.
#[derive(Clone, Copy)]
pub(crate) struct ExchangeRequest<'a> {
    pub(crate) client: &'a AuthenticatedClient,
    pub(crate) subject_token: &'a str,
    pub(crate) actor_token: Option<&'a str>,
    /// Scopes that are asked for; all that are possible if none is named.
    pub(crate) scopes: Option<&'a [&'a str]>,
    /// What the new token is bound to.
    pub(crate) binding: Binding<'a>,
    /// What the client presents.
    pub(crate) presented: Binding<'a>,
}

/// Token that was issued in place of another.
#[derive(Debug)]
pub(crate) struct ExchangedToken {
    pub(crate) token: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) lifetime: Duration,
}

impl Tokens {
    /// Exchanges a token.
    pub(crate) async fn exchange(
        &self,
        request: ExchangeRequest<'_>,
    ) -> Result<ExchangedToken, ExchangeRefusal> {
        let client = request.client;
        let subject = self.active(request.subject_token).await?;
        let is_usable = |token: &ActiveToken| {
            let Binding { key, certificate } = request.presented;
            let is_its_key = token.dpop_key().is_none() || token.dpop_key() == key;
            let is_its_certificate =
                token.certificate().is_none() || token.certificate() == certificate;
            holds("exchanged_token_key", is_its_key)
                && holds("exchanged_token_certificate", is_its_certificate)
        };
        let subject = subject.filter(is_usable).ok_or(ExchangeRefusal::SubjectToken)?;
        if let Some(actor) = request.actor_token {
            let actor = self.active(actor).await?.filter(is_usable);
            let is_own = actor.is_some_and(|it| it.claims.text("sub") == Some(client.id.as_str()));
            if !is_own {
                return Err(ExchangeRefusal::ActorToken);
            }
        }
        let scopes = scopes(&subject, request)?;
        let now = self.ids.now().as_second();
        let ends = subject.claims.seconds("exp").ok().flatten().unwrap_or(now);
        let rest = Duration::from_secs(u64::try_from(ends - now).unwrap_or(0));
        let lifetime = lifetime(client.registration()).min(rest);
        let token = AccessToken {
            subject: subject.claims.text("sub").unwrap_or_default(),
            client: &client.id,
            scopes: &scopes,
            binding: request.binding,
        };
        let mut claims = self.access_claims(&token, &self.identifier(&subject), lifetime);
        claims.insert("act".to_owned(), actors(&subject, client)?);
        for name in KEPT_CLAIMS {
            if let Some(value) = subject.claims.get(name) {
                claims.insert(name.to_owned(), value.clone());
            }
        }
        let token =
            self.signed(crate::application::tokens::ACCESS_ALGORITHM, ACCESS_TOKEN, claims)?;
        Ok(ExchangedToken { token, scopes, lifetime })
    }

    /// Identifier of the new token: it ends with the grant of the old one.
    fn identifier(&self, subject: &ActiveToken) -> Vec<u8> {
        match &subject.grant {
            Some((id, _)) => self.identifier_of(*id),
            None => self.identifier_alone(),
        }
    }
}

/// Scopes of the new token: those of the old one that the client may have as well, or fewer.
fn scopes(
    subject: &ActiveToken,
    request: ExchangeRequest<'_>,
) -> Result<Vec<String>, ExchangeRefusal> {
    let registered = &request.client.registration().scopes;
    let open: Vec<&String> = registered.iter().filter(|scope| subject.has_scope(scope)).collect();
    let Some(requested) = request.scopes else { return Ok(open.into_iter().cloned().collect()) };
    let is_open = |scope: &&str| open.iter().any(|it| it == scope);
    if !holds("exchanged_token_scope", requested.iter().all(is_open)) {
        return Err(ExchangeRefusal::Scope);
    }
    Ok(requested.iter().map(|scope| (*scope).to_owned()).collect())
}

/// Who acts (section 4.1): the client, for those who acted before it.
fn actors(subject: &ActiveToken, client: &AuthenticatedClient) -> Result<Value, ExchangeRefusal> {
    let (mut before, mut count) = (subject.claims.get("act"), 1);
    while let Some(actor) = before {
        (before, count) = (actor.get("act"), count + 1);
    }
    if count > ACTORS_MAX {
        return Err(ExchangeRefusal::TooManyActors);
    }
    let mut actor = json!({"sub": client.id.as_str()});
    if let Some(before) = subject.claims.get("act") {
        actor["act"] = before.clone();
    }
    Ok(actor)
}

impl From<AuthError> for ExchangeRefusal {
    fn from(error: AuthError) -> Self {
        Self::Failed(error)
    }
}
