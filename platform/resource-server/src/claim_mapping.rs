//! Claims of a verified token as a principal: the names by which issuers say the same thing, and the roles that their groups stand for.

use crate::{Principal, RoleMapping, TokenError, TrustedIssuer};
use jose::{ClaimError, Claims};
use kernel::security_checks::holds;
use serde_json::Value;

/// Longest subject, in bytes (OpenID Connect Core, section 2).
const SUBJECT_BYTES_MAX: usize = 255;
/// Most roles and most scopes of a principal; further ones are ignored.
const WORDS_MAX: usize = 64;
/// Claims of ID tokens and logout tokens, which no access token has.
const CLAIMS_OF_OTHERS: [&str; 5] = ["nonce", "at_hash", "c_hash", "s_hash", "events"];
/// Types that some issuers name among the claims.
const TYPES_OF_OTHERS: [&str; 5] =
    ["ID", "Refresh", "Offline", "Logout", "Registration-Access-Token"];
/// Names of the claim with the client, in the order in which they count.
const CLIENT_NAMES: [&str; 3] = ["client_id", "azp", "cid"];

/// Refuses what marks a token for another purpose, where the header does not say that it is an access token.
pub(crate) fn refuse_other_types(claims: &Claims) -> Result<(), TokenError> {
    let is_named =
        |name: &&str| claims.text("typ").is_some_and(|typ| typ.eq_ignore_ascii_case(name));
    let is_other = CLAIMS_OF_OTHERS.iter().any(|name| claims.get(name).is_some())
        || TYPES_OF_OTHERS.iter().any(is_named);
    if !holds("access_token_claims", !is_other) {
        return Err(TokenError::Type);
    }
    Ok(())
}

/// Principal of these claims, of the issuer of this name, and with this subject.
pub(crate) fn principal(
    issuer: &TrustedIssuer,
    name: &str,
    claims: &Claims,
    subject: Option<&str>,
) -> Result<Principal, TokenError> {
    let is_subject = |subject: &&str| !subject.is_empty() && subject.len() <= SUBJECT_BYTES_MAX;
    let subject = subject.filter(is_subject).ok_or(ClaimError::Malformed("sub"))?;
    let client = client(claims);
    let mut scopes = issuer.scopes.clone();
    for name in ["scope", "scp"] {
        scopes.extend(claims.get(name).map(words).unwrap_or_default());
    }
    scopes.truncate(WORDS_MAX);
    let mut roles = roles(&issuer.roles, claims);
    roles.truncate(WORDS_MAX);
    Ok(Principal {
        issuer: name.to_owned(),
        subject: subject.to_owned(),
        client: client.map(ToOwned::to_owned),
        roles,
        scopes,
        actor: (issuer.actor)(name, subject),
    })
}

/// Client that a token was issued to.
pub(crate) fn client(claims: &Claims) -> Option<&str> {
    CLIENT_NAMES.into_iter().find_map(|name| claims.text(name))
}

fn roles(mapping: &RoleMapping, claims: &Claims) -> Vec<String> {
    match mapping {
        RoleMapping::Own => claims.get("roles").map(words).unwrap_or_default(),
        RoleMapping::Claim { path, values } => {
            let said = at_path(claims, path).map(words).unwrap_or_default();
            let is_given = |wanted: &[String]| wanted.iter().any(|value| said.contains(value));
            values
                .iter()
                .filter(|(_, wanted)| is_given(wanted))
                .map(|(role, _)| role.clone())
                .collect()
        }
    }
}

/// Claim of this name, which may have dots, or at this path.
fn at_path<'a>(claims: &'a Claims, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let mut names = path.split('.');
    let first = claims.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}

/// Words of a text that separates them by spaces, or of an array of texts.
fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => {
            text.split(' ').filter(|it| !it.is_empty()).map(ToOwned::to_owned).collect()
        }
        Value::Array(items) => {
            items.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
        }
        _ => Vec::new(),
    }
}
