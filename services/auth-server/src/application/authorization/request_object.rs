//! Request object (JAR, RFC 9101; OpenID Connect Core, section 6): the parameters of an authorization request, signed by the client. Only
//! what is inside counts.

use super::parameters::Parameters;
use crate::{
    application::{issuer::Issuer, tokens::rules::accepted_algorithms},
    domain::{
        client_rules,
        events::{ClientId, Registration},
    },
};
use jose::{Algorithm, Claims, JoseError, JwkSet, Jws};
use kernel::Timestamp;
use serde_json::Value;

/// Seconds by which the clock of a client may differ.
const LEEWAY_SECONDS: i64 = 30;
/// Most seconds for which a request object of FAPI 2.0 is valid (FAPI 2.0 Message Signing, section 5.3.1).
const VALID_SECONDS_MAX: i64 = 3_600;
/// Claims of the token itself, which are no parameters.
const TOKEN_CLAIMS: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];

/// Reason why a request object is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestObjectRefusal {
    /// Not signed, or by an algorithm that is not supported.
    Unsupported,
    /// Anything else, as a sentence for developers.
    Invalid(&'static str),
}

/// What a request object must fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signer<'a> {
    pub(crate) client: &'a ClientId,
    pub(crate) registration: &'a Registration,
    pub(crate) keys: &'a JwkSet,
}

/// Parameters of a request object that is signed by this client for this issuer.
pub(crate) fn parameters_of(
    object: &str,
    signer: Signer<'_>,
    issuer: &Issuer,
    now: Timestamp,
) -> Result<Parameters, RequestObjectRefusal> {
    let claims = verified(object, signer)?;
    check_token(&claims, signer, issuer, now)?;
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    for (name, value) in claims.iter().filter(|(name, _)| !TOKEN_CLAIMS.contains(name)) {
        for text in texts(value)? {
            pairs.append_pair(name, &text);
        }
    }
    if claims.get("client_id").is_none() {
        pairs.append_pair("client_id", signer.client.as_str());
    }
    let parameters = Parameters::parse(pairs.finish().as_bytes());
    parameters.map_err(|error| RequestObjectRefusal::Invalid(error.description()))
}

fn verified(object: &str, signer: Signer<'_>) -> Result<Claims, RequestObjectRefusal> {
    const UNVERIFIED: RequestObjectRefusal =
        RequestObjectRefusal::Invalid("the request object is not signed by the client");
    let policy = &signer.registration.policy;
    let jws = Jws::parse(object).map_err(|error| match error {
        JoseError::Algorithm if !client_rules::requires_signed_requests(policy) => {
            RequestObjectRefusal::Unsupported
        }
        _ => UNVERIFIED,
    })?;
    let header = jws.header();
    let is_typed =
        header.typ.is_none() || header.is_typed("jwt") || header.is_typed("oauth-authz-req+jwt");
    if !is_typed {
        return Err(RequestObjectRefusal::Invalid("the request object is of another type"));
    }
    let named = policy.request_object_algorithm.as_deref().and_then(Algorithm::of_name);
    let allowed = named.as_ref().map_or(accepted_algorithms(policy), std::slice::from_ref);
    let payload = jws.verify_by_set(signer.keys, allowed).map_err(|_| UNVERIFIED)?;
    Claims::parse(&payload).map_err(|_| UNVERIFIED)
}

/// Checks what the token says of itself. A token that could be taken for a client assertion is refused (RFC 9101, section 10.8).
fn check_token(
    claims: &Claims,
    signer: Signer<'_>,
    issuer: &Issuer,
    now: Timestamp,
) -> Result<(), RequestObjectRefusal> {
    let invalid = RequestObjectRefusal::Invalid;
    let is_strict = client_rules::requires_signed_requests(&signer.registration.policy);
    let client = Some(signer.client.as_str());
    let is_client = |name: &str| claims.get(name).is_none() || claims.text(name) == client;
    if !is_client("iss") || (is_strict && claims.get("iss").is_none()) {
        return Err(invalid("the request object is of another issuer"));
    }
    if !is_client("client_id") {
        return Err(invalid("the request object is of another client"));
    }
    if claims.text("sub") == client {
        return Err(invalid("the request object is a client assertion"));
    }
    if claims.get("request").is_some() || claims.get("request_uri").is_some() {
        return Err(invalid("the request object holds another one"));
    }
    if is_strict || claims.get("aud").is_some() {
        let audiences = claims.audiences().map_err(|_| invalid("the audience is missing"))?;
        if !audiences.contains(&issuer.as_str()) {
            return Err(invalid("the request object is for another audience"));
        }
    }
    check_times(claims, is_strict, now)
}

fn check_times(
    claims: &Claims,
    is_strict: bool,
    now: Timestamp,
) -> Result<(), RequestObjectRefusal> {
    let invalid = RequestObjectRefusal::Invalid;
    let second = |name| claims.seconds(name).map_err(|_| invalid("a time is malformed"));
    let (expires, begins, issued) = (second("exp")?, second("nbf")?, second("iat")?);
    let now = now.as_second();
    if expires.is_some_and(|expires| now >= expires.saturating_add(LEEWAY_SECONDS)) {
        return Err(invalid("the request object has expired"));
    }
    let is_ahead = |time: Option<i64>| time.is_some_and(|time| now < time - LEEWAY_SECONDS);
    if is_ahead(begins) || is_ahead(issued) {
        return Err(invalid("the request object is not valid yet"));
    }
    if !is_strict {
        return Ok(());
    }
    match (expires, begins) {
        (Some(expires), Some(begins))
            if expires.saturating_sub(begins) <= VALID_SECONDS_MAX
                && now.saturating_sub(begins) <= VALID_SECONDS_MAX =>
        {
            Ok(())
        }
        _ => Err(invalid("the request object must be valid for an hour at most")),
    }
}

/// Values of a parameter: one, or several of an array.
fn texts(value: &Value) -> Result<Vec<String>, RequestObjectRefusal> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Number(_) | Value::Bool(_) | Value::Object(_) => Ok(vec![value.to_string()]),
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => {
            let items = items.iter().map(|item| item.as_str().map(ToOwned::to_owned));
            let malformed =
                RequestObjectRefusal::Invalid("a parameter is an array of other than texts");
            items.collect::<Option<_>>().ok_or(malformed)
        }
    }
}

#[cfg(test)]
mod tests;
