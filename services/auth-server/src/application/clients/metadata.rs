//! Client metadata (RFC 7591, section 2; OpenID Connect Dynamic Client Registration, section 2): what a stranger may ask to be registered
//! as. It gets what concerns the people who agree to it, and nothing else.

mod addresses;
mod described;

pub(crate) use described::described;

use super::certificates::distinguished_name;
use crate::domain::{
    events::{
        CertificateSubject, ClientAuthentication, ClientPolicy, GrantType, Registration,
        SubjectKind, TokenAlgorithm,
    },
    redirect_uri,
};
use addresses::{https_host, redirect_uris, sector};
use jose::{Algorithm, JwkSet};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::net::IpAddr;

/// Scopes that are open to everybody whom a person agrees to.
pub(crate) const OPEN_SCOPES: [&str; 6] =
    ["openid", "email", "profile", "address", "phone", "offline_access"];
/// Grant types by which a person agrees.
const OPEN_GRANT_TYPES: [GrantType; 3] =
    [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode];
/// Most addresses of one kind.
const URIS_MAX: usize = 20;
/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// Largest key set that is kept, in bytes.
const KEYS_BYTES_MAX: usize = 16 * 1024;

/// Reason why metadata is refused (RFC 7591, section 3.2.2), with a sentence for developers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetadataRefusal {
    RedirectUri(&'static str),
    Metadata(&'static str),
    SoftwareStatement,
}

/// Registration that metadata asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestedClient {
    /// Without a secret yet.
    pub(crate) registration: Registration,
    /// Address of the list of the redirect URIs of its sector.
    pub(crate) sector_identifier_uri: Option<String>,
}

/// Metadata as it is sent. What is not known is ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ClientMetadata {
    redirect_uris: Option<Vec<String>>,
    post_logout_redirect_uris: Option<Vec<String>>,
    request_uris: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    grant_types: Option<Vec<String>>,
    application_type: Option<String>,
    client_name: Option<String>,
    logo_uri: Option<String>,
    policy_uri: Option<String>,
    tos_uri: Option<String>,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    scope: Option<String>,
    subject_type: Option<String>,
    sector_identifier_uri: Option<String>,
    token_endpoint_auth_method: Option<String>,
    token_endpoint_auth_signing_alg: Option<String>,
    id_token_signed_response_alg: Option<String>,
    userinfo_signed_response_alg: Option<String>,
    authorization_signed_response_alg: Option<String>,
    request_object_signing_alg: Option<String>,
    id_token_encrypted_response_alg: Option<Value>,
    userinfo_encrypted_response_alg: Option<Value>,
    authorization_encrypted_response_alg: Option<Value>,
    request_object_encryption_alg: Option<Value>,
    backchannel_logout_uri: Option<String>,
    require_pushed_authorization_requests: Option<bool>,
    require_signed_request_object: Option<bool>,
    dpop_bound_access_tokens: Option<bool>,
    tls_client_certificate_bound_access_tokens: Option<bool>,
    tls_client_auth_subject_dn: Option<String>,
    tls_client_auth_san_dns: Option<String>,
    tls_client_auth_san_uri: Option<String>,
    tls_client_auth_san_ip: Option<String>,
    tls_client_auth_san_email: Option<String>,
    software_statement: Option<Value>,
}

/// Registration that these bytes ask for.
pub(crate) fn requested(body: &[u8]) -> Result<RequestedClient, MetadataRefusal> {
    const MALFORMED: MetadataRefusal =
        MetadataRefusal::Metadata("the metadata is no JSON object of the types of RFC 7591");
    // An array would be read as well, as the values of the members in their order.
    let members: Map<String, Value> = serde_json::from_slice(body).map_err(|_| MALFORMED)?;
    let metadata = serde_json::from_value::<ClientMetadata>(Value::Object(members));
    let metadata = metadata.map_err(|_| MALFORMED)?;
    check_unsupported(&metadata)?;
    let grant_types = grant_types(&metadata)?;
    let authentication = authentication(&metadata)?;
    let is_native = is_native(&metadata)?;
    let redirect_uris = redirect_uris(&metadata, is_native, &grant_types)?;
    let sector = sector(&metadata, &redirect_uris)?;
    let keys = keys(&metadata, authentication)?;
    let is_public = authentication == ClientAuthentication::Public;
    let post_logout = metadata.post_logout_redirect_uris.clone().unwrap_or_default();
    if post_logout.len() > URIS_MAX
        || !post_logout.iter().all(|uri| redirect_uri::can_be_registered(uri))
    {
        return Err(MetadataRefusal::Metadata("a post_logout_redirect_uri cannot be registered"));
    }
    let registration = Registration {
        name: name(&metadata, &redirect_uris)?,
        authentication,
        secret_digest: None,
        keys,
        post_logout_redirect_uris: post_logout,
        grant_types,
        scopes: scopes(&metadata),
        is_trusted: false,
        requires_pkce: is_public,
        id_token_algorithm: algorithm(metadata.id_token_signed_response_alg.as_deref())?,
        policy: policy(&metadata, authentication, sector)?,
        redirect_uris,
    };
    let sector_identifier_uri = metadata.sector_identifier_uri;
    Ok(RequestedClient { registration, sector_identifier_uri })
}

/// What would have to be understood and is not.
fn check_unsupported(metadata: &ClientMetadata) -> Result<(), MetadataRefusal> {
    let refused = MetadataRefusal::Metadata;
    if metadata.software_statement.is_some() {
        return Err(MetadataRefusal::SoftwareStatement);
    }
    let encrypted = [
        &metadata.id_token_encrypted_response_alg,
        &metadata.userinfo_encrypted_response_alg,
        &metadata.authorization_encrypted_response_alg,
        &metadata.request_object_encryption_alg,
    ];
    if encrypted.iter().any(|it| it.is_some()) {
        return Err(refused("encrypted tokens are not supported"));
    }
    let response_types = metadata.response_types.iter().flatten();
    if response_types.into_iter().any(|it| it != "code") {
        return Err(refused("only the response_type code is supported"));
    }
    Ok(())
}

fn grant_types(metadata: &ClientMetadata) -> Result<Vec<GrantType>, MetadataRefusal> {
    let Some(names) = &metadata.grant_types else { return Ok(vec![GrantType::AuthorizationCode]) };
    let mut grant_types = Vec::new();
    for name in names {
        let grant_type = GrantType::of_name(name).filter(|it| OPEN_GRANT_TYPES.contains(it));
        let refused = MetadataRefusal::Metadata("a grant_type is not open to this client");
        let grant_type = grant_type.ok_or(refused)?;
        if !grant_types.contains(&grant_type) {
            grant_types.push(grant_type);
        }
    }
    let of_people = [GrantType::AuthorizationCode, GrantType::DeviceCode];
    if !of_people.iter().any(|it| grant_types.contains(it)) {
        let needed = "the grant_type authorization_code or that of devices is needed";
        return Err(MetadataRefusal::Metadata(needed));
    }
    Ok(grant_types)
}

fn authentication(metadata: &ClientMetadata) -> Result<ClientAuthentication, MetadataRefusal> {
    match metadata.token_endpoint_auth_method.as_deref() {
        None | Some("client_secret_basic" | "client_secret_post") => {
            Ok(ClientAuthentication::Secret)
        }
        Some("private_key_jwt") => Ok(ClientAuthentication::PrivateKey),
        Some("tls_client_auth") => Ok(ClientAuthentication::Certificate),
        Some("self_signed_tls_client_auth") => Ok(ClientAuthentication::SelfSignedCertificate),
        Some("none") => Ok(ClientAuthentication::Public),
        Some(_) => {
            Err(MetadataRefusal::Metadata("the token_endpoint_auth_method is not supported"))
        }
    }
}

fn is_native(metadata: &ClientMetadata) -> Result<bool, MetadataRefusal> {
    match metadata.application_type.as_deref() {
        None | Some("web") => Ok(false),
        Some("native") => Ok(true),
        Some(_) => Err(MetadataRefusal::Metadata("the application_type is neither web nor native")),
    }
}

fn keys(
    metadata: &ClientMetadata,
    authentication: ClientAuthentication,
) -> Result<Option<String>, MetadataRefusal> {
    let refused = MetadataRefusal::Metadata;
    let keys = match (&metadata.jwks, &metadata.jwks_uri) {
        (Some(_), Some(_)) => return Err(refused("jwks and jwks_uri exclude each other")),
        (Some(jwks), None) => Some(jwks.to_string()),
        (None, Some(uri)) if https_host(uri).is_none() => {
            return Err(refused("the jwks_uri is not https"));
        }
        (None, _) => None,
    };
    if let Some(keys) = &keys {
        let is_usable = keys.len() <= KEYS_BYTES_MAX
            && JwkSet::parse(keys.as_bytes()).is_ok_and(|set| !set.keys().is_empty());
        if !is_usable {
            return Err(refused("the jwks have no public key that can be used, or are too large"));
        }
    }
    let is_needed = match authentication {
        ClientAuthentication::PrivateKey | ClientAuthentication::SelfSignedCertificate => true,
        ClientAuthentication::Public
        | ClientAuthentication::Secret
        | ClientAuthentication::Certificate => false,
    };
    if is_needed && keys.is_none() && metadata.jwks_uri.is_none() {
        return Err(refused("this token_endpoint_auth_method needs jwks or a jwks_uri"));
    }
    Ok(keys)
}

/// Name that people read; the host to which the answers go where none is given.
fn name(metadata: &ClientMetadata, redirect_uris: &[String]) -> Result<String, MetadataRefusal> {
    let host = redirect_uris.first().and_then(|uri| https_host(uri));
    let name = metadata.client_name.clone().filter(|name| !name.trim().is_empty()).or(host);
    let name = name.unwrap_or_else(|| "App".to_owned());
    if name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(MetadataRefusal::Metadata("the client_name is too long or malformed"));
    }
    Ok(name)
}

/// Scopes that are asked for, of those that are open.
fn scopes(metadata: &ClientMetadata) -> Vec<String> {
    let Some(scope) = &metadata.scope else { return OPEN_SCOPES.map(ToOwned::to_owned).to_vec() };
    let is_wanted = |open: &&str| scope.split(' ').any(|wanted| wanted == *open);
    OPEN_SCOPES.into_iter().filter(is_wanted).map(ToOwned::to_owned).collect()
}

/// Algorithm of what is signed for the client.
fn algorithm(name: Option<&str>) -> Result<Option<TokenAlgorithm>, MetadataRefusal> {
    let Some(name) = name else { return Ok(None) };
    let unsupported = MetadataRefusal::Metadata("a signature algorithm is not supported");
    TokenAlgorithm::of_name(name).map(Some).ok_or(unsupported)
}

/// Algorithm of what the client signs.
fn own_algorithm(name: Option<&str>) -> Result<Option<String>, MetadataRefusal> {
    match name {
        Some(name) if Algorithm::of_name(name).is_none() => {
            Err(MetadataRefusal::Metadata("a signature algorithm is not supported"))
        }
        name => Ok(name.map(ToOwned::to_owned)),
    }
}

/// Name of the certificate, of which there is exactly one (RFC 8705, section 2.1.2).
fn certificate_subject(
    metadata: &ClientMetadata,
    authentication: ClientAuthentication,
) -> Result<Option<CertificateSubject>, MetadataRefusal> {
    if authentication != ClientAuthentication::Certificate {
        return Ok(None);
    }
    let named = [
        (SubjectKind::DistinguishedName, &metadata.tls_client_auth_subject_dn),
        (SubjectKind::DnsName, &metadata.tls_client_auth_san_dns),
        (SubjectKind::Uri, &metadata.tls_client_auth_san_uri),
        (SubjectKind::IpAddress, &metadata.tls_client_auth_san_ip),
        (SubjectKind::Email, &metadata.tls_client_auth_san_email),
    ];
    let mut named = named
        .into_iter()
        .filter_map(|(kind, value)| Some(CertificateSubject { kind, value: value.clone()? }));
    let refused = "tls_client_auth needs exactly one name of the certificate, of a usable form";
    match (named.next(), named.next()) {
        (Some(subject), None) if is_usable(&subject) => Ok(Some(subject)),
        _ => Err(MetadataRefusal::Metadata(refused)),
    }
}

/// Whether a certificate can have this name.
pub(crate) fn is_usable(subject: &CertificateSubject) -> bool {
    let value = &subject.value;
    let is_of_kind = match subject.kind {
        SubjectKind::DistinguishedName => distinguished_name(value).is_some(),
        SubjectKind::IpAddress => value.parse::<IpAddr>().is_ok(),
        SubjectKind::DnsName | SubjectKind::Uri | SubjectKind::Email => {
            value.bytes().all(|byte| byte.is_ascii_graphic())
        }
    };
    !value.is_empty() && value.len() <= redirect_uri::URI_BYTES_MAX && is_of_kind
}

fn policy(
    metadata: &ClientMetadata,
    authentication: ClientAuthentication,
    sector: Option<String>,
) -> Result<ClientPolicy, MetadataRefusal> {
    let shown = [&metadata.logo_uri, &metadata.policy_uri, &metadata.tos_uri];
    let told = [&metadata.backchannel_logout_uri];
    let addresses = shown.into_iter().chain(told).flatten();
    let request_uris = metadata.request_uris.clone().unwrap_or_default();
    let is_usable =
        |uri: &String| uri.len() <= redirect_uri::URI_BYTES_MAX && https_host(uri).is_some();
    let are_usable = addresses.chain(&request_uris).all(is_usable);
    if request_uris.len() > URIS_MAX || !are_usable {
        return Err(MetadataRefusal::Metadata(
            "an address is not https, too long, or one of too many",
        ));
    }
    Ok(ClientPolicy {
        is_fapi: false,
        requires_pushed_requests: metadata.require_pushed_authorization_requests == Some(true),
        requires_signed_requests: metadata.require_signed_request_object == Some(true),
        requires_dpop: metadata.dpop_bound_access_tokens == Some(true),
        jwks_uri: metadata.jwks_uri.clone(),
        request_uris,
        sector,
        access_token_seconds: None,
        userinfo_algorithm: algorithm(metadata.userinfo_signed_response_alg.as_deref())?,
        response_algorithm: algorithm(metadata.authorization_signed_response_alg.as_deref())?,
        request_object_algorithm: own_algorithm(metadata.request_object_signing_alg.as_deref())?,
        assertion_algorithm: own_algorithm(metadata.token_endpoint_auth_signing_alg.as_deref())?,
        back_channel_logout_uri: metadata.backchannel_logout_uri.clone(),
        logo_uri: metadata.logo_uri.clone(),
        policy_uri: metadata.policy_uri.clone(),
        terms_uri: metadata.tos_uri.clone(),
        registration_token_digest: None,
        // Nobody gives a role to himself.
        role: None,
        requires_certificate: metadata.tls_client_certificate_bound_access_tokens == Some(true),
        certificate_subject: certificate_subject(metadata, authentication)?,
    })
}

#[cfg(test)]
mod tests;
