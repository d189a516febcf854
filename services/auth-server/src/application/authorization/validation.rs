//! Validation of authorization requests, in the order in which their parts can be believed. Without a client and an address that is
//! registered for it, nothing is sent anywhere.

use super::{
    claims_request::ClaimsRequest,
    parameters::Parameters,
    request::{
        AuthorizationRefusal, AuthorizationRequest, Prompt, UntrustedRequest, Validated,
        WantedPerson, refusal,
    },
    request_source::{Channel, SourcedRequest},
    response_target::{ResponseMode, ResponseSignature, ResponseTarget},
};
use crate::{
    application::{
        accounts::standard_claims::scopes_of,
        clients::Clients,
        issuer::Issuer,
        tokens::{
            Tokens,
            rules::{PASSWORD_ONLY, response_algorithm},
        },
    },
    domain::{
        client_rules,
        events::{ClientId, GrantType, Registration},
        redirect_uri::URI_BYTES_MAX,
    },
};
use kernel::{Timestamp, security_checks::holds};
use storage::StorageError;

/// Longest `nonce`, in bytes.
const NONCE_BYTES_MAX: usize = 512;
/// Longest e-mail address that is filled in for somebody, in bytes.
const LOGIN_HINT_BYTES_MAX: usize = 254;
/// Longest list of languages that is kept, in bytes.
const UI_LOCALES_BYTES_MAX: usize = 100;
/// Bytes of a code challenge (RFC 7636, section 4.2); one of S256 always has the fewest.
const CHALLENGE_BYTES: usize = 43;

/// Bytes of a thumbprint.
const DIGEST_BYTES: usize = 32;

/// Validates a request.
pub(crate) async fn validate(
    sourced: &SourcedRequest,
    clients: &Clients,
    tokens: &Tokens,
) -> Result<Validated, StorageError> {
    let parameters = &sourced.parameters;
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
        .filter(|uri| uri.len() <= URI_BYTES_MAX)
        .filter(|uri| holds("redirect_uri", registration.has_redirect_uri(uri)));
    let Some(redirect_uri) = redirect_uri else {
        return Ok(Validated::Untrusted(UntrustedRequest::RedirectUri));
    };
    let mode = response_mode(parameters);
    let target = target(parameters, redirect_uri, &id, registration, mode.unwrap_or_default());
    if let Err(refusal) = mode {
        return Ok(Validated::Refused(target, refusal));
    }
    let registered = Registered { id, registration, changed_at: client.changed_at };
    Ok(match request(sourced, registered, &target, tokens) {
        Ok(request) => Validated::Request(Box::new(request)),
        Err(refusal) => Validated::Refused(target, refusal),
    })
}

/// Where a refusal goes of a request whose parameters cannot be had: to an address beside them, if the client registered it.
pub(crate) async fn response_target(
    parameters: &Parameters,
    clients: &Clients,
) -> Result<Option<ResponseTarget>, StorageError> {
    let Some(id) = parameters.get("client_id").and_then(ClientId::parse) else { return Ok(None) };
    let client = clients.find(&id).await?;
    let registration = client.as_deref().and_then(|client| client.registration());
    let Some(registration) = registration else { return Ok(None) };
    let uri = parameters.get("redirect_uri").filter(|uri| registration.has_redirect_uri(uri));
    let mode = response_mode(parameters).unwrap_or_default();
    Ok(uri.map(|uri| target(parameters, uri, &id, registration, mode)))
}

/// Where the response goes, and how: signed for the client, if the way that it asks for is signed.
fn target(
    parameters: &Parameters,
    redirect_uri: &str,
    client: &ClientId,
    registration: &Registration,
    (mode, is_signed): (ResponseMode, bool),
) -> ResponseTarget {
    let algorithm = response_algorithm(registration);
    ResponseTarget {
        redirect_uri: redirect_uri.to_owned(),
        mode,
        state: parameters.state().ok().flatten().map(ToOwned::to_owned),
        signature: is_signed.then(|| ResponseSignature { client: client.clone(), algorithm }),
        is_self_registered: registration.policy.registration_token_digest.is_some(),
    }
}

/// Way of the response, and whether it is signed.
fn response_mode(parameters: &Parameters) -> Result<(ResponseMode, bool), AuthorizationRefusal> {
    match parameters.get("response_mode") {
        None | Some("query") => Ok((ResponseMode::Query, false)),
        Some("fragment") => Ok((ResponseMode::Fragment, false)),
        Some("form_post") => Ok((ResponseMode::FormPost, false)),
        Some("jwt" | "query.jwt") => Ok((ResponseMode::Query, true)),
        Some("fragment.jwt") => Ok((ResponseMode::Fragment, true)),
        Some("form_post.jwt") => Ok((ResponseMode::FormPost, true)),
        Some(_) => Err(refusal("invalid_request", "this response_mode is not supported")),
    }
}

/// Client of a request as it is registered.
struct Registered<'a> {
    id: ClientId,
    registration: &'a Registration,
    changed_at: Timestamp,
}

fn request(
    sourced: &SourcedRequest,
    client: Registered<'_>,
    target: &ResponseTarget,
    tokens: &Tokens,
) -> Result<AuthorizationRequest, AuthorizationRefusal> {
    let (registration, parameters) = (client.registration, &sourced.parameters);
    check_source(sourced, registration)?;
    check_extensions(parameters, &tokens.issuer)?;
    check_response_type(parameters, registration)?;
    if parameters.state().is_err() {
        return Err(refusal("invalid_request", "the state is too long, or has control characters"));
    }
    let nonce = parameters.get("nonce");
    if nonce.is_some_and(|nonce| nonce.len() > NONCE_BYTES_MAX) {
        return Err(refusal("invalid_request", "the nonce is too long"));
    }
    let claims = claims(parameters)?;
    let mut requested = parameters.scopes().unwrap_or_default();
    // What is asked for by name is asked of the person as the scope that covers it.
    let named: Vec<&String> = claims.id_token.iter().chain(&claims.userinfo).collect();
    requested.extend(scopes_of(&named));
    let scopes = registration.permitted(&requested);
    if scopes.is_empty() {
        return Err(refusal("invalid_scope", "none of the scopes is open to this client"));
    }
    Ok(AuthorizationRequest {
        client: client.id,
        client_changed_at: client.changed_at,
        target: target.clone(),
        scopes,
        code_challenge: code_challenge(parameters, registration)?,
        nonce: nonce.map(ToOwned::to_owned),
        dpop_key: dpop_key(parameters)?,
        prompt: prompt(parameters)?,
        id_token_claims: claims.id_token.into_iter().collect(),
        pushed: sourced.pushed.clone(),
        device: None,
        max_age: max_age(parameters)?,
        wanted: match parameters.get("id_token_hint") {
            Some(hint) => Some(wanted(hint, tokens)),
            None => claims.subject.map(WantedPerson::Subject),
        },
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
    if parameters.has("registration") {
        return Err(refusal("registration_not_supported", "this extension is not supported"));
    }
    if parameters.all("resource").iter().all(|resource| resource == issuer.origin()) {
        Ok(())
    } else {
        Err(refusal("invalid_target", "the resource is not known here"))
    }
}

/// Whether the request came the way that is registered.
fn check_source(
    sourced: &SourcedRequest,
    registration: &Registration,
) -> Result<(), AuthorizationRefusal> {
    let policy = &registration.policy;
    let is_pushed = sourced.pushed.is_some() || sourced.channel == Channel::Client;
    let comes_pushed = is_pushed || !client_rules::requires_pushed_requests(policy);
    if !holds("pushed_request", comes_pushed) {
        return Err(refusal("invalid_request", "the client is registered for pushed requests"));
    }
    let comes_signed = sourced.is_signed || !client_rules::requires_signed_requests(policy);
    if !holds("signed_request", comes_signed) {
        return Err(refusal("invalid_request", "the client is registered for signed requests"));
    }
    Ok(())
}

/// Claims that are asked for by name. An essential class of authentication that nobody can have here is refused.
fn claims(parameters: &Parameters) -> Result<ClaimsRequest, AuthorizationRefusal> {
    let Some(text) = parameters.get("claims") else { return Ok(ClaimsRequest::default()) };
    let claims = ClaimsRequest::parse(text);
    let claims = claims.map_err(|_| refusal("invalid_request", "the claims are malformed"))?;
    let is_met = |acr: &String| acr == PASSWORD_ONLY;
    if claims.essential_acr.is_empty() || claims.essential_acr.iter().any(is_met) {
        return Ok(claims);
    }
    let unmet = "unmet_authentication_requirements";
    Err(refusal(unmet, "nobody can sign in as is wanted"))
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
        let is_needed =
            registration.requires_pkce || !registration.is_confidential() || method.is_some();
        if !holds("code_challenge", !is_needed) {
            return Err(refusal("invalid_request", "a code_challenge is needed"));
        }
        return Ok(None);
    };
    // A method that is left out means plain, which protects nothing that an attacker sees.
    if !holds("code_challenge_method", method == Some("S256")) {
        return Err(refusal("invalid_request", "the code_challenge_method must be S256"));
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_digest = challenge.len() == CHALLENGE_BYTES && challenge.bytes().all(is_plain);
    if !holds("code_challenge_form", is_digest) {
        return Err(refusal("invalid_request", "the code_challenge is no SHA-256 in base64url"));
    }
    Ok(Some(challenge.to_owned()))
}

/// Thumbprint of a key (RFC 9449, section 10).
fn dpop_key(parameters: &Parameters) -> Result<Option<String>, AuthorizationRefusal> {
    let Some(thumbprint) = parameters.get("dpop_jkt") else { return Ok(None) };
    let is_digest = jose::base64url_decode(thumbprint).is_ok_and(|it| it.len() == DIGEST_BYTES);
    let malformed = refusal("invalid_request", "the dpop_jkt is no SHA-256 in base64url");
    is_digest.then(|| Some(thumbprint.to_owned())).ok_or(malformed)
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
            "create" => prompt.create = true,
            _ => return Err(refusal("invalid_request", "this prompt is not supported")),
        }
    }
    let count = [prompt.none, prompt.create, prompt.login || prompt.consent];
    if (prompt.none || prompt.create) && count.into_iter().filter(|it| *it).count() > 1 {
        return Err(refusal("invalid_request", "the prompts none and create stand alone"));
    }
    Ok(prompt)
}

fn max_age(parameters: &Parameters) -> Result<Option<i64>, AuthorizationRefusal> {
    let Some(text) = parameters.get("max_age") else { return Ok(None) };
    let seconds = text.parse::<u32>().map(i64::from);
    seconds.map(Some).map_err(|_| refusal("invalid_request", "the max_age is no number of seconds"))
}
