//! Authorization request (RFC 6749, section 4.1.1; OpenID Connect Core, section 3.1.2): validated in the order in which its parts can be
//! believed. Without a client and an address that is registered for it, nothing is sent anywhere.

use super::{
    clients::Clients,
    issuer::Issuer,
    parameters::Parameters,
    response_target::{ResponseMode, ResponseTarget},
    tokens::Tokens,
};
use crate::domain::{
    events::{ClientId, GrantType, Registration},
    redirect_uri::URI_BYTES_MAX,
};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use storage::StorageError;

/// Longest `nonce`, in bytes.
const NONCE_BYTES_MAX: usize = 512;
/// Longest e-mail address that is filled in for somebody, in bytes.
const LOGIN_HINT_BYTES_MAX: usize = 254;
/// Longest list of languages that is kept, in bytes.
const UI_LOCALES_BYTES_MAX: usize = 100;
/// Bytes of a code challenge (RFC 7636, section 4.2); one of S256 always has the fewest.
const CHALLENGE_BYTES: usize = 43;

/// What a request wants to be asked again, or not at all (`prompt`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Prompt {
    pub(crate) none: bool,
    pub(crate) login: bool,
    pub(crate) consent: bool,
}

/// Valid authorization request.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client: ClientId,
    /// Since when the client is registered: the request is valid for that registration.
    pub(crate) registered_at: Timestamp,
    pub(crate) target: ResponseTarget,
    pub(crate) scopes: Vec<String>,
    pub(crate) code_challenge: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) prompt: Prompt,
    /// Seconds since the last sign-in after which another is wanted.
    pub(crate) max_age: Option<i64>,
    /// Who is wanted, if it matters.
    pub(crate) wanted: Option<WantedPerson>,
    pub(crate) login_hint: Option<String>,
    /// Languages that the client wants for the pages.
    pub(crate) ui_locales: Option<String>,
}

/// Person whom a client wants to hear of (`id_token_hint`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WantedPerson {
    /// The one with this identifier.
    Subject(String),
    /// Nobody: the hint is no token of this provider.
    Nobody,
}

impl fmt::Debug for AuthorizationRequest {
    /// The client alone: the rest is the business of the person and the client.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AuthorizationRequest")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// Reason why a request is answered on a page of the provider, because it is not known where else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UntrustedRequest {
    /// No client, or none that is known.
    Client,
    /// No address, or none that is registered.
    RedirectUri,
    /// Parameters that nobody can read.
    Parameters,
}

/// Refusal that the client is told (RFC 6749, section 4.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AuthorizationRefusal {
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

/// Result of the validation.
#[derive(Debug)]
pub(crate) enum Validated {
    Request(Box<AuthorizationRequest>),
    Refused(ResponseTarget, AuthorizationRefusal),
    Untrusted(UntrustedRequest),
}

const fn refusal(error: &'static str, description: &'static str) -> AuthorizationRefusal {
    AuthorizationRefusal { error, description }
}

/// Validates a request.
pub(crate) async fn validate(
    parameters: &Parameters,
    clients: &Clients,
    tokens: &Tokens,
) -> Result<Validated, StorageError> {
    let Some(id) = parameters.get("client_id").and_then(ClientId::parse) else {
        return Ok(Validated::Untrusted(UntrustedRequest::Client));
    };
    let Some(client) = clients.find(&id).await? else {
        return Ok(Validated::Untrusted(UntrustedRequest::Client));
    };
    let Some(registration) = client.registration() else {
        return Ok(Validated::Untrusted(UntrustedRequest::Client));
    };
    let redirect_uri = parameters
        .get("redirect_uri")
        .filter(|uri| uri.len() <= URI_BYTES_MAX && registration.has_redirect_uri(uri));
    let Some(redirect_uri) = redirect_uri else {
        return Ok(Validated::Untrusted(UntrustedRequest::RedirectUri));
    };
    let state = parameters.state();
    let target = ResponseTarget {
        redirect_uri: redirect_uri.to_owned(),
        mode: ResponseMode::Query,
        state: state.ok().flatten().map(ToOwned::to_owned),
    };
    let mode = match response_mode(parameters) {
        Ok(mode) => mode,
        Err(refusal) => return Ok(Validated::Refused(target, refusal)),
    };
    let target = ResponseTarget { mode, ..target };
    let registered = Registered { id, registration, at: client.registered_at };
    Ok(match request(parameters, registered, &target, tokens) {
        Ok(request) => Validated::Request(Box::new(request)),
        Err(refusal) => Validated::Refused(target, refusal),
    })
}

fn response_mode(parameters: &Parameters) -> Result<ResponseMode, AuthorizationRefusal> {
    match parameters.get("response_mode") {
        None | Some("query") => Ok(ResponseMode::Query),
        Some("fragment") => Ok(ResponseMode::Fragment),
        Some("form_post") => Ok(ResponseMode::FormPost),
        Some(_) => Err(refusal("invalid_request", "this response_mode is not supported")),
    }
}

/// Client of a request as it is registered.
struct Registered<'a> {
    id: ClientId,
    registration: &'a Registration,
    at: Timestamp,
}

fn request(
    parameters: &Parameters,
    client: Registered<'_>,
    target: &ResponseTarget,
    tokens: &Tokens,
) -> Result<AuthorizationRequest, AuthorizationRefusal> {
    let registration = client.registration;
    check_extensions(parameters, &tokens.issuer)?;
    check_response_type(parameters, registration)?;
    if parameters.state().is_err() {
        return Err(refusal("invalid_request", "the state is too long, or has control characters"));
    }
    let nonce = parameters.get("nonce");
    if nonce.is_some_and(|nonce| nonce.len() > NONCE_BYTES_MAX) {
        return Err(refusal("invalid_request", "the nonce is too long"));
    }
    let scopes = registration.permitted(&parameters.scopes().unwrap_or_default());
    if scopes.is_empty() {
        return Err(refusal("invalid_scope", "none of the scopes is open to this client"));
    }
    Ok(AuthorizationRequest {
        client: client.id,
        registered_at: client.at,
        target: target.clone(),
        scopes,
        code_challenge: code_challenge(parameters, registration)?,
        nonce: nonce.map(ToOwned::to_owned),
        prompt: prompt(parameters)?,
        max_age: max_age(parameters)?,
        wanted: parameters.get("id_token_hint").map(|hint| wanted(hint, tokens)),
        login_hint: parameters
            .get("login_hint")
            .filter(|hint| hint.len() <= LOGIN_HINT_BYTES_MAX)
            .map(ToOwned::to_owned),
        ui_locales: parameters
            .get("ui_locales")
            .filter(|locales| locales.len() <= UI_LOCALES_BYTES_MAX)
            .map(ToOwned::to_owned),
    })
}

fn wanted(hint: &str, tokens: &Tokens) -> WantedPerson {
    let claims = tokens.hinted(hint);
    let subject = claims.as_ref().and_then(|claims| claims.text("sub"));
    subject.map_or(WantedPerson::Nobody, |subject| WantedPerson::Subject(subject.to_owned()))
}

/// Extensions that would change the meaning of the request are refused by name, and never ignored.
fn check_extensions(parameters: &Parameters, issuer: &Issuer) -> Result<(), AuthorizationRefusal> {
    for (name, error) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ] {
        if parameters.has(name) {
            return Err(refusal(error, "this extension is not supported"));
        }
    }
    match parameters.get("resource") {
        None => Ok(()),
        Some(resource) if resource == issuer.origin() => Ok(()),
        Some(_) => Err(refusal("invalid_target", "the resource is not known here")),
    }
}

fn check_response_type(
    parameters: &Parameters,
    registration: &Registration,
) -> Result<(), AuthorizationRefusal> {
    match parameters.get("response_type") {
        None => Err(refusal("invalid_request", "the response_type is missing")),
        Some("code") if registration.allows(GrantType::AuthorizationCode) => Ok(()),
        Some("code") => {
            Err(refusal("unauthorized_client", "the client may not use authorization codes"))
        }
        Some(_) => {
            Err(refusal("unsupported_response_type", "only the response_type code is supported"))
        }
    }
}

fn code_challenge(
    parameters: &Parameters,
    registration: &Registration,
) -> Result<Option<String>, AuthorizationRefusal> {
    let method = parameters.get("code_challenge_method");
    let Some(challenge) = parameters.get("code_challenge") else {
        // A public client has nothing else that binds the code to it.
        if registration.requires_pkce || !registration.is_confidential() || method.is_some() {
            return Err(refusal("invalid_request", "a code_challenge is needed"));
        }
        return Ok(None);
    };
    // A method that is left out means plain, which protects nothing that an attacker sees.
    if method != Some("S256") {
        return Err(refusal("invalid_request", "the code_challenge_method must be S256"));
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if challenge.len() != CHALLENGE_BYTES || !challenge.bytes().all(is_plain) {
        return Err(refusal("invalid_request", "the code_challenge is no SHA-256 in base64url"));
    }
    Ok(Some(challenge.to_owned()))
}

fn prompt(parameters: &Parameters) -> Result<Prompt, AuthorizationRefusal> {
    let mut prompt = Prompt::default();
    for word in parameters.get("prompt").unwrap_or_default().split(' ').filter(|it| !it.is_empty())
    {
        match word {
            "none" => prompt.none = true,
            // There is one account at a time: to choose another is to sign in again.
            "login" | "select_account" => prompt.login = true,
            "consent" => prompt.consent = true,
            _ => return Err(refusal("invalid_request", "this prompt is not supported")),
        }
    }
    if prompt.none && (prompt.login || prompt.consent) {
        return Err(refusal("invalid_request", "the prompt none stands alone"));
    }
    Ok(prompt)
}

fn max_age(parameters: &Parameters) -> Result<Option<i64>, AuthorizationRefusal> {
    let Some(text) = parameters.get("max_age") else { return Ok(None) };
    let seconds = text.parse::<u32>().map(i64::from);
    seconds.map(Some).map_err(|_| refusal("invalid_request", "the max_age is no number of seconds"))
}
