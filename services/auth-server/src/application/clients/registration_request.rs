//! Registration requests: what somebody wants a client to be, checked before it is registered.

use super::policy_request::PolicyRequest;
use crate::{
    application::keys::seal::digest,
    domain::{
        events::{
            ClientAuthentication, ClientPolicy, GrantType, Registration, Role, TokenAlgorithm,
        },
        redirect_uri,
    },
};
use contracts::auth::{READ_SCOPE, WRITE_SCOPE};
use jose::{JwkSet, base64url_encode};
use kernel::Randomness;
use serde::{Deserialize, Serialize};

/// Bytes of a client's secret.
const SECRET_BYTES: usize = 32;
/// Longest name of a client, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// Most redirect URIs of a client, and most of its scopes.
const LIST_MAX: usize = 50;
/// Longest scope, in bytes.
const SCOPE_BYTES_MAX: usize = 100;

/// Reason why a client cannot be registered, as a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RegistrationRequestError(String);

/// Request to register a client.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationRequest {
    /// Identifier.
    pub id: String,
    /// Name that people read; the identifier by default.
    pub name: Option<String>,
    /// Addresses to which its answers go.
    pub redirect_uris: Vec<String>,
    /// Addresses to which people go on after they signed out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Names of grant types; `authorization_code` and `refresh_token` by default.
    pub grant_types: Vec<String>,
    /// Scopes; `openid`, `email` and `offline_access` by default.
    pub scopes: Vec<String>,
    /// Whether it can keep no secret.
    pub is_public: bool,
    /// Whether it belongs to the shop, so that people are not asked.
    pub is_trusted: bool,
    /// Whether it may do without PKCE.
    pub is_without_pkce: bool,
    /// Its public keys as a JWK set, if it signs assertions instead of sending a secret.
    pub keys: Option<String>,
    /// Algorithm of its ID tokens, `RS256` by default, `ES256` or `EdDSA`.
    pub id_token_algorithm: Option<String>,
    /// Role of a client that runs the shop by itself. By default its scopes are then those of the operator edge.
    pub role: Option<String>,
    /// What the extensions of the protocol ask of it.
    pub policy: PolicyRequest,
}

impl RegistrationRequest {
    /// Registration of the requested client, and its secret if it gets one, which is kept nowhere.
    pub(crate) fn registration(
        &self,
        randomness: &dyn Randomness,
    ) -> Result<(Registration, Option<String>), RegistrationRequestError> {
        let has_keys = self.keys.is_some() || self.policy.jwks_uri.is_some();
        let has_certificate =
            self.policy.has_self_signed_certificate || self.policy.certificate_subject.is_some();
        let authentication = match (has_keys, self.is_public) {
            (true, true) => return wrong("a public client has no keys"),
            (false, true) if has_certificate => {
                return wrong("a public client proves nothing by a certificate");
            }
            (false, true) => ClientAuthentication::Public,
            (_, false) if self.policy.has_self_signed_certificate => {
                ClientAuthentication::SelfSignedCertificate
            }
            (_, false) if has_certificate => ClientAuthentication::Certificate,
            (false, false) => ClientAuthentication::Secret,
            (true, false) => ClientAuthentication::PrivateKey,
        };
        if let Some(keys) = &self.keys
            && !JwkSet::parse(keys.as_bytes()).is_ok_and(|keys| !keys.keys().is_empty())
        {
            return wrong("the keys are no JWK set with a public key for signatures");
        }
        let is_named = |name: &String| !name.trim().is_empty() && name.len() <= NAME_BYTES_MAX;
        if !self.name.as_ref().is_none_or(is_named) {
            return wrong(&format!(
                "the name has 1 to {NAME_BYTES_MAX} bytes, and not only spaces"
            ));
        }
        let grant_types = grant_types(&self.grant_types)?;
        check_uses(self, authentication, &grant_types)?;
        let role = role(self.role.as_deref())?;
        let policy = ClientPolicy { role, ..self.policy.policy(self)? };
        let secret = (authentication == ClientAuthentication::Secret).then(|| {
            let mut bytes = [0; SECRET_BYTES];
            randomness.fill(&mut bytes);
            base64url_encode(bytes)
        });
        let registration = Registration {
            name: self.name.clone().unwrap_or_else(|| self.id.clone()),
            authentication,
            secret_digest: secret.as_ref().map(digest),
            keys: self.keys.clone(),
            redirect_uris: self.redirect_uris.clone(),
            post_logout_redirect_uris: self.post_logout_redirect_uris.clone(),
            grant_types,
            scopes: scopes(self)?,
            is_trusted: self.is_trusted,
            requires_pkce: !self.is_without_pkce,
            id_token_algorithm: token_algorithm(self.id_token_algorithm.as_deref())?,
            policy,
        };
        Ok((registration, secret))
    }
}

/// What a client is to do must fit how it proves who it is.
fn check_uses(
    request: &RegistrationRequest,
    authentication: ClientAuthentication,
    grant_types: &[GrantType],
) -> Result<(), RegistrationRequestError> {
    let is_public = authentication == ClientAuthentication::Public;
    let with_code = grant_types.contains(&GrantType::AuthorizationCode);
    let alone = [GrantType::ClientCredentials, GrantType::TokenExchange];
    if is_public && alone.iter().any(|it| grant_types.contains(it)) {
        return wrong(
            "a public client cannot act for itself: client_credentials and token_exchange need a secret or keys",
        );
    }
    if request.role.is_some() && !grant_types.contains(&GrantType::ClientCredentials) {
        return wrong(
            "a client has a role for what it does by itself: it needs client_credentials",
        );
    }
    if is_public && request.is_without_pkce {
        return wrong("a public client cannot do without PKCE");
    }
    if with_code && request.redirect_uris.is_empty() {
        return wrong("a client with authorization codes needs a redirect URI");
    }
    let with_device = grant_types.contains(&GrantType::DeviceCode);
    if grant_types.contains(&GrantType::RefreshToken) && !(with_code || with_device) {
        return wrong("refresh tokens come with authorization codes, or with those of devices");
    }
    let uris = [&request.redirect_uris, &request.post_logout_redirect_uris];
    if uris.iter().any(|uris| uris.len() > LIST_MAX) {
        return wrong("a client has at most 50 redirect URIs");
    }
    let refused = uris.into_iter().flatten().find(|uri| !redirect_uri::can_be_registered(uri));
    match refused {
        None => Ok(()),
        Some(uri) => wrong(&format!(
            "{uri:?} cannot be registered: expected https, http on a loopback address, or a scheme with a dot; without a fragment"
        )),
    }
}

fn grant_types(names: &[String]) -> Result<Vec<GrantType>, RegistrationRequestError> {
    if names.is_empty() {
        return Ok(vec![GrantType::AuthorizationCode, GrantType::RefreshToken]);
    }
    let parsed = names.iter().map(|name| match name.as_str() {
        // Short for what is a URN in the protocol.
        "device" => Ok(GrantType::DeviceCode),
        "token_exchange" => Ok(GrantType::TokenExchange),
        other => match GrantType::of_name(other) {
            Some(grant_type) => Ok(grant_type),
            None => wrong(&format!("the grant type {other:?} is not known: expected authorization_code, refresh_token, client_credentials, device or token_exchange")),
        },
    });
    parsed.collect()
}

fn scopes(request: &RegistrationRequest) -> Result<Vec<String>, RegistrationRequestError> {
    let names = &request.scopes;
    if names.is_empty() && request.role.is_some() {
        return Ok([READ_SCOPE, WRITE_SCOPE].map(ToOwned::to_owned).to_vec());
    }
    if names.is_empty() {
        return Ok(["openid", "email", "offline_access"].map(ToOwned::to_owned).to_vec());
    }
    // RFC 6749, section 3.3.
    let is_scope = |scope: &&String| {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"\\".contains(&byte);
        !scope.is_empty() && scope.len() <= SCOPE_BYTES_MAX && scope.bytes().all(is_plain)
    };
    match names.iter().find(|name| !is_scope(name)) {
        Some(scope) => wrong(&format!("{scope:?} is no scope")),
        None if names.len() > LIST_MAX => wrong("a client has at most 50 scopes"),
        None => Ok(names.clone()),
    }
}

fn role(name: Option<&str>) -> Result<Option<Role>, RegistrationRequestError> {
    let Some(name) = name else { return Ok(None) };
    match Role::parse(name) {
        Some(role) => Ok(Some(role)),
        None => wrong(&format!("the role {name:?} is not known")),
    }
}

/// Algorithm of this name.
pub(crate) fn token_algorithm(
    name: Option<&str>,
) -> Result<Option<TokenAlgorithm>, RegistrationRequestError> {
    let Some(name) = name else { return Ok(None) };
    match TokenAlgorithm::of_name(name) {
        Some(algorithm) => Ok(Some(algorithm)),
        None => {
            wrong(&format!("tokens cannot be signed by {name:?}: expected RS256, ES256 or EdDSA"))
        }
    }
}

pub(crate) fn wrong<T>(sentence: &str) -> Result<T, RegistrationRequestError> {
    Err(RegistrationRequestError(sentence.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_redirect_uri_that_can_be_registered_is_read_alike_by_browsers(
            scheme in "https|http",
            host in "127\\.0\\.0\\.1|\\[::1\\]|localhost|[a-z0-9.:@\\[\\]-]{1,10}",
            rest in "[a-z0-9.:@/?#%\\\\ -]{0,12}",
        ) {
            let uri = format!("{scheme}://{host}{rest}");
            if redirect_uri::can_be_registered(&uri) {
                // The parser of the WHATWG, which browsers follow.
                let Ok(read) = url::Url::parse(&uri) else { return Ok(()) };
                let port = read.port().map(|port| format!(":{port}")).unwrap_or_default();
                let authority = [read.host_str().unwrap_or_default(), &port].concat();
                let own = redirect_uri::host(&uri);
                let default = if scheme == "https" { ":443" } else { ":80" };
                prop_assert_eq!(own.strip_suffix(default).unwrap_or(own), authority);
                prop_assert!(read.username().is_empty() && read.password().is_none());
                prop_assert_eq!(read.fragment(), None);
            }
        }
    }
}
