//! Policy of a client: what the extensions of the protocol ask of it, and what it is given by them.

use super::{Role, TokenAlgorithm, is_default};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Policy of a client. The default asks for nothing beyond OAuth 2.1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(default)]
#[cbor(map)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the registration, as stored"
)]
pub(crate) struct ClientPolicy {
    /// Whether the FAPI 2.0 Security Profile applies.
    #[serde(skip_serializing_if = "is_default")]
    #[cbor(n(0), skip_if = "is_default")]
    pub(crate) is_fapi: bool,
    /// Whether authorization requests must be pushed (`require_pushed_authorization_requests`).
    #[serde(skip_serializing_if = "is_default")]
    #[cbor(n(1), skip_if = "is_default")]
    pub(crate) requires_pushed_requests: bool,
    /// Whether authorization requests must be signed (`require_signed_request_object`).
    #[serde(skip_serializing_if = "is_default")]
    #[cbor(n(2), skip_if = "is_default")]
    pub(crate) requires_signed_requests: bool,
    /// Whether its access tokens are always bound to a key of its own (`dpop_bound_access_tokens`).
    #[serde(skip_serializing_if = "is_default")]
    #[cbor(n(3), skip_if = "is_default")]
    pub(crate) requires_dpop: bool,
    /// Address of its public keys (`jwks_uri`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[n(4)]
    pub(crate) jwks_uri: Option<String>,
    /// Addresses of request objects (`request_uris`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cbor(n(5), skip_if = "is_default")]
    pub(crate) request_uris: Vec<String>,
    /// Host of the sector in which its subjects are pairwise (OpenID Connect Core, section 8.1); without one they are public.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[n(6)]
    pub(crate) sector: Option<String>,
    /// Lifetime of its access tokens in seconds, if it is not the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[n(7)]
    pub(crate) access_token_seconds: Option<u32>,
    /// Algorithm of signed userinfo (`userinfo_signed_response_alg`); without one it is plain JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cbor(n(8), with = "kernel::cbor::known_variant", has_nil)]
    pub(crate) userinfo_algorithm: Option<TokenAlgorithm>,
    /// Algorithm of signed authorization responses (`authorization_signed_response_alg`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cbor(n(9), with = "kernel::cbor::known_variant", has_nil)]
    pub(crate) response_algorithm: Option<TokenAlgorithm>,
    /// Name of the one algorithm of its request objects (`request_object_signing_alg`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[n(10)]
    pub(crate) request_object_algorithm: Option<String>,
    /// Name of the one algorithm of its assertions (`token_endpoint_auth_signing_alg`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[n(11)]
    pub(crate) assertion_algorithm: Option<String>,
    /// Address that is told when a session ends (`backchannel_logout_uri`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[n(12)]
    pub(crate) back_channel_logout_uri: Option<String>,
    /// Its logo (`logo_uri`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[n(13)]
    pub(crate) logo_uri: Option<String>,
    /// How it treats what it learns (`policy_uri`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[n(14)]
    pub(crate) policy_uri: Option<String>,
    /// Its terms of service (`tos_uri`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[n(15)]
    pub(crate) terms_uri: Option<String>,
    /// SHA-256 of the token with which it manages its own registration, in base64url; none if an operator registered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[n(16)]
    pub(crate) registration_token_digest: Option<String>,
    /// Role of a client that runs the shop by itself; only an operator gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cbor(n(17), with = "kernel::cbor::known_variant", has_nil)]
    pub(crate) role: Option<Role>,
    /// Whether its access tokens are always bound to its certificate (`tls_client_certificate_bound_access_tokens`).
    #[serde(skip_serializing_if = "is_default")]
    #[cbor(n(18), skip_if = "is_default")]
    pub(crate) requires_certificate: bool,
    /// Name of its certificate, which proves who it is (`tls_client_auth`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[n(19)]
    pub(crate) certificate_subject: Option<CertificateSubject>,
}

/// Name that a certificate must have (RFC 8705, section 2.1.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct CertificateSubject {
    #[n(0)]
    pub(crate) kind: SubjectKind,
    #[n(1)]
    pub(crate) value: String,
}

/// Where a certificate has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub(crate) enum SubjectKind {
    /// As its subject, in the form of RFC 4514.
    #[n(0)]
    DistinguishedName,
    #[n(1)]
    DnsName,
    #[n(2)]
    Uri,
    #[n(3)]
    IpAddress,
    #[n(4)]
    Email,
}

impl SubjectKind {
    pub(crate) const ALL: [Self; 5] =
        [Self::DistinguishedName, Self::DnsName, Self::Uri, Self::IpAddress, Self::Email];

    /// Name of the metadata with it.
    pub(crate) fn metadata_name(self) -> &'static str {
        match self {
            Self::DistinguishedName => "tls_client_auth_subject_dn",
            Self::DnsName => "tls_client_auth_san_dns",
            Self::Uri => "tls_client_auth_san_uri",
            Self::IpAddress => "tls_client_auth_san_ip",
            Self::Email => "tls_client_auth_san_email",
        }
    }
}
