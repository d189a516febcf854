//! Policy part of a registration request: what the extensions of the protocol are to ask of it, checked before it is registered.

use super::metadata::is_usable;
use super::registration_request::{
    RegistrationRequest, RegistrationRequestError, token_algorithm, wrong,
};
use crate::domain::{
    events::{CertificateSubject, ClientPolicy, SubjectKind},
    redirect_uri,
};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Lifetimes of access tokens that can be asked for, in seconds.
const ACCESS_TOKEN_SECONDS: RangeInclusive<u32> = 30..=86_400;
/// Most addresses of request objects.
const REQUEST_URIS_MAX: usize = 20;

/// Policy of a requested client. The default asks for nothing beyond OAuth 2.1.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the registration")]
pub struct PolicyRequest {
    /// Whether the FAPI 2.0 Security Profile applies: keys in place of a secret, pushed requests, tokens bound to a key.
    pub is_fapi: bool,
    /// Whether its access tokens are always bound to a key of its own (DPoP).
    pub requires_dpop: bool,
    /// Whether its access tokens are always bound to its certificate (mutual TLS).
    pub requires_certificate: bool,
    /// Name of the certificate of a trusted authority by which it proves who it is: the name of its metadata in RFC 8705, such as
    /// `tls_client_auth_san_dns`, and the value.
    pub certificate_subject: Option<(String, String)>,
    /// Whether it proves who it is by a certificate with one of its keys.
    pub has_self_signed_certificate: bool,
    /// Whether its authorization requests must be pushed (PAR).
    pub requires_pushed_requests: bool,
    /// Whether its authorization requests must be signed (JAR).
    pub requires_signed_requests: bool,
    /// Address of its public keys, if it publishes them itself.
    pub jwks_uri: Option<String>,
    /// Addresses of its request objects.
    pub request_uris: Vec<String>,
    /// Whether it knows people by identifiers that no client of another host knows them by.
    pub is_pairwise: bool,
    /// Lifetime of its access tokens in seconds; ten minutes by default.
    pub access_token_seconds: Option<u32>,
    /// Algorithm of signed userinfo; plain JSON by default.
    pub userinfo_algorithm: Option<String>,
    /// Algorithm of signed authorization responses (JARM).
    pub response_algorithm: Option<String>,
    /// Address that is told when a session ends.
    pub back_channel_logout_uri: Option<String>,
}

impl PolicyRequest {
    /// Policy of the requested client.
    pub(crate) fn policy(
        &self,
        request: &RegistrationRequest,
    ) -> Result<ClientPolicy, RegistrationRequestError> {
        let has_keys = request.keys.is_some() || self.jwks_uri.is_some();
        if request.keys.is_some() && self.jwks_uri.is_some() {
            return wrong("a client either has registered keys or publishes them");
        }
        let proves_by_key = has_keys || self.certificate_subject.is_some();
        if self.is_fapi && (!proves_by_key || request.is_without_pkce) {
            return wrong("FAPI 2.0 needs keys or a certificate in place of a secret, and PKCE");
        }
        if self.has_self_signed_certificate && (!has_keys || self.certificate_subject.is_some()) {
            return wrong("a self-signed certificate needs keys, and no name");
        }
        if self.is_fapi && request.id_token_algorithm.as_deref() == Some("RS256") {
            return wrong("FAPI 2.0 has no RS256");
        }
        if (self.requires_signed_requests || !self.request_uris.is_empty()) && !has_keys {
            return wrong("signed requests need keys");
        }
        if self.access_token_seconds.is_some_and(|seconds| !ACCESS_TOKEN_SECONDS.contains(&seconds))
        {
            return wrong("access tokens live for 30 seconds to a day");
        }
        let addresses = [&self.jwks_uri, &self.back_channel_logout_uri];
        let mut addresses = addresses.into_iter().flatten().chain(&self.request_uris);
        if let Some(address) = addresses.find(|address| !is_fetchable(address)) {
            return wrong(&format!(
                "{address:?} cannot be registered: expected https, or http on a loopback address"
            ));
        }
        if self.request_uris.len() > REQUEST_URIS_MAX {
            return wrong("a client has at most 20 addresses of request objects");
        }
        Ok(ClientPolicy {
            is_fapi: self.is_fapi,
            requires_pushed_requests: self.requires_pushed_requests,
            requires_signed_requests: self.requires_signed_requests,
            requires_dpop: self.requires_dpop,
            requires_certificate: self.requires_certificate,
            certificate_subject: self.subject()?,
            jwks_uri: self.jwks_uri.clone(),
            request_uris: self.request_uris.clone(),
            sector: self.sector(request)?,
            access_token_seconds: self.access_token_seconds,
            userinfo_algorithm: token_algorithm(self.userinfo_algorithm.as_deref())?,
            response_algorithm: token_algorithm(self.response_algorithm.as_deref())?,
            back_channel_logout_uri: self.back_channel_logout_uri.clone(),
            ..ClientPolicy::default()
        })
    }

    fn subject(&self) -> Result<Option<CertificateSubject>, RegistrationRequestError> {
        let Some((name, value)) = &self.certificate_subject else { return Ok(None) };
        let kind = SubjectKind::ALL.into_iter().find(|kind| kind.metadata_name() == name);
        let subject = kind.map(|kind| CertificateSubject { kind, value: value.clone() });
        match subject.filter(is_usable) {
            Some(subject) => Ok(Some(subject)),
            None => wrong(&format!("{value:?} is no name of a certificate as {name}")),
        }
    }

    /// Host of the redirect URIs, within which pairwise identifiers are the same.
    fn sector(
        &self,
        request: &RegistrationRequest,
    ) -> Result<Option<String>, RegistrationRequestError> {
        if !self.is_pairwise {
            return Ok(None);
        }
        match redirect_uri::sector(&request.redirect_uris) {
            Some(host) => Ok(Some(host.to_owned())),
            None => wrong("pairwise identifiers need redirect URIs of one host"),
        }
    }
}

/// Whether the server can be asked to fetch from an address, or to post to it.
fn is_fetchable(address: &str) -> bool {
    let scheme = address.split_once("://").map(|(scheme, _)| scheme);
    matches!(scheme, Some("https" | "http")) && redirect_uri::can_be_registered(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(policy: PolicyRequest) -> RegistrationRequest {
        RegistrationRequest {
            id: "app".to_owned(),
            redirect_uris: vec!["https://app.example/back".to_owned()],
            policy,
            ..RegistrationRequest::default()
        }
    }

    fn policy(policy: PolicyRequest) -> Result<ClientPolicy, RegistrationRequestError> {
        let request = request(policy);
        request.policy.policy(&request)
    }

    #[test]
    fn a_client_without_wishes_has_the_default_policy() {
        assert_eq!(policy(PolicyRequest::default()).unwrap(), ClientPolicy::default());
    }

    #[test]
    fn the_profile_of_fapi_needs_keys_and_pkce() {
        let jwks_uri = Some("https://app.example/keys".to_owned());
        let fapi = PolicyRequest { is_fapi: true, ..PolicyRequest::default() };
        assert!(policy(fapi.clone()).is_err(), "no keys");
        let with_keys = PolicyRequest { jwks_uri, ..fapi };
        assert!(policy(with_keys.clone()).unwrap().is_fapi);
        let without_pkce =
            RegistrationRequest { is_without_pkce: true, ..request(with_keys.clone()) };
        assert!(with_keys.policy(&without_pkce).is_err());
        let algorithm = Some("RS256".to_owned());
        let rs256 =
            RegistrationRequest { id_token_algorithm: algorithm, ..request(with_keys.clone()) };
        assert!(with_keys.policy(&rs256).is_err());
    }

    #[test]
    fn addresses_and_lifetimes_are_checked() {
        for address in ["http://app.example/keys", "ftp://app.example/", "app:/keys", ""] {
            let wrong =
                PolicyRequest { jwks_uri: Some(address.to_owned()), ..PolicyRequest::default() };
            assert!(policy(wrong).is_err(), "{address}");
        }
        for (seconds, is_accepted) in
            [(29, false), (30, true), (86_400, true), (86_401, false), (0, false)]
        {
            let access_token_seconds = Some(seconds);
            let accepted =
                policy(PolicyRequest { access_token_seconds, ..PolicyRequest::default() });
            assert_eq!(accepted.is_ok(), is_accepted, "{seconds}");
        }
    }

    #[test]
    fn a_sector_is_one_host() {
        let pairwise = PolicyRequest { is_pairwise: true, ..PolicyRequest::default() };
        assert_eq!(policy(pairwise.clone()).unwrap().sector.as_deref(), Some("app.example"));
        let mut two = request(pairwise.clone());
        two.redirect_uris.push("https://other.example/back".to_owned());
        assert!(pairwise.policy(&two).is_err());
    }
}
