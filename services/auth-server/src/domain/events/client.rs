//! Domain events of clients, and what is registered of them.

use super::{ClientPolicy, is_default};
use identifiers::AccountId;
use kernel::Timestamp;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Identifier of a client (`client_id`), as an operator chose it.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
pub(crate) struct ClientId(#[n(0)] String);

/// Longest identifier of a client, in bytes.
const CLIENT_ID_BYTES_MAX: usize = 64;

impl ClientId {
    /// Identifier of this text: letters, digits and `-._~`. None has the form of an account's identifier, so that no client is
    /// ever taken for a person.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let fits = !text.is_empty() && text.len() <= CLIENT_ID_BYTES_MAX;
        let is_account = text.parse::<AccountId>().is_ok();
        (fits && text.bytes().all(is_plain) && !is_account).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Method by which a client proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub(crate) enum ClientAuthentication {
    /// None: a public client (`none`).
    #[n(0)]
    Public,
    /// A secret (`client_secret_basic`, `client_secret_post`).
    #[n(1)]
    Secret,
    /// A token signed with its own key (`private_key_jwt`).
    #[n(2)]
    PrivateKey,
    /// A certificate of a trusted authority, for a registered name (`tls_client_auth`).
    #[n(3)]
    Certificate,
    /// A certificate with a registered key (`self_signed_tls_client_auth`).
    #[n(4)]
    SelfSignedCertificate,
}

/// Grant type that a client may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub(crate) enum GrantType {
    #[n(0)]
    AuthorizationCode,
    #[n(1)]
    RefreshToken,
    #[n(2)]
    ClientCredentials,
    #[n(3)]
    DeviceCode,
    #[n(4)]
    TokenExchange,
}

impl GrantType {
    const ALL: [Self; 5] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::TokenExchange,
    ];

    /// Name in the protocol (`grant_type`).
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }

    /// Grant type of this name in the protocol.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Names of all.
    pub(crate) fn names() -> [&'static str; 5] {
        Self::ALL.map(Self::name)
    }
}

/// Signature algorithm of tokens that a client may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum TokenAlgorithm {
    #[n(0)]
    #[serde(rename = "RS256")]
    Rs256,
    #[n(1)]
    #[serde(rename = "ES256")]
    Es256,
    #[n(2)]
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl TokenAlgorithm {
    const ALL: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];

    /// Name (`alg`).
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Algorithm of this name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Names of all.
    pub(crate) fn names() -> [&'static str; 3] {
        Self::ALL.map(Self::name)
    }
}

/// Registration of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct Registration {
    /// Name that people read when they are asked for consent.
    #[n(0)]
    pub(crate) name: String,
    #[n(1)]
    pub(crate) authentication: ClientAuthentication,
    /// SHA-256 of the secret, in base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(2)]
    pub(crate) secret_digest: Option<String>,
    /// Public keys as a JWK set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(3)]
    pub(crate) keys: Option<String>,
    #[n(4)]
    pub(crate) redirect_uris: Vec<String>,
    #[n(5)]
    pub(crate) post_logout_redirect_uris: Vec<String>,
    #[n(6)]
    pub(crate) grant_types: Vec<GrantType>,
    #[n(7)]
    pub(crate) scopes: Vec<String>,
    /// Whether it belongs to the shop itself, so that nobody is asked for consent.
    #[n(8)]
    pub(crate) is_trusted: bool,
    /// Whether an authorization request needs a code challenge. False only for a client with a secret that is older than PKCE.
    #[n(9)]
    pub(crate) requires_pkce: bool,
    /// Algorithm of its ID tokens (`id_token_signed_response_alg`); RS256, which every client knows, if it named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cbor(n(10), with = "kernel::cbor::known_variant", has_nil)]
    pub(crate) id_token_algorithm: Option<TokenAlgorithm>,
    /// What the extensions of the protocol ask of it.
    #[serde(default, skip_serializing_if = "is_default")]
    #[cbor(n(11), skip_if = "is_default")]
    pub(crate) policy: ClientPolicy,
}

/// Event of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum ClientEvent {
    /// The client was registered.
    #[n(0)]
    Registered {
        #[n(0)]
        registration: Registration,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The client was removed; what it was granted is void.
    #[n(1)]
    Removed {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The client replaced its registration; what it was granted goes on.
    #[n(2)]
    Updated {
        #[n(0)]
        registration: Registration,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
}

impl ClientEvent {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "client_registered",
            Self::Removed { .. } => "client_removed",
            Self::Updated { .. } => "client_updated",
        }
    }
}
