//! Domain events of grants.

use super::{ClientId, is_default};
use identifiers::AccountId;
use kernel::Timestamp;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Authorization that a person gave to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct Authorization {
    #[n(0)]
    pub(crate) client: ClientId,
    #[n(1)]
    pub(crate) account: AccountId,
    /// Public identifier of the session (`sid`).
    #[n(2)]
    pub(crate) session: String,
    #[n(3)]
    pub(crate) scopes: Vec<String>,
    #[n(4)]
    pub(crate) redirect_uri: String,
    /// When the person signed in (`auth_time`).
    #[cbor(n(5), with = "kernel::cbor")]
    pub(crate) authenticated_at: Timestamp,
    /// End of the authorization code.
    #[cbor(n(6), with = "kernel::cbor")]
    pub(crate) code_expires: Timestamp,
    /// SHA-256 of the code verifier, in base64url (S256).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(7)]
    pub(crate) code_challenge: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(8)]
    pub(crate) nonce: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    #[cbor(n(9), skip_if = "is_default")]
    pub(crate) extensions: AuthorizationExtensions,
}

/// What the extensions of the protocol add to an authorization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(default)]
#[cbor(map)]
pub(crate) struct AuthorizationExtensions {
    /// Thumbprint of the key without whose proof the code is not redeemed (`dpop_jkt`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[n(0)]
    pub(crate) dpop_key: Option<String>,
    /// Claims that the client asked for by name in the ID token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cbor(n(1), skip_if = "is_default")]
    pub(crate) id_token_claims: Vec<String>,
    /// How the person signed in (`amr`, RFC 8176); by a password where nothing is said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cbor(n(2), skip_if = "is_default")]
    pub(crate) methods: Vec<String>,
}

/// Reason why a grant ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub(crate) enum RevocationReason {
    /// The client gave it back.
    #[n(0)]
    Client,
    /// Its code was presented again.
    #[n(1)]
    CodeReplayed,
    /// A refresh token that had been replaced was presented again.
    #[n(2)]
    RefreshTokenReplayed,
}

/// Event of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum GrantEvent {
    /// A person authorized a client; the authorization code was issued.
    #[n(0)]
    Authorized {
        #[n(0)]
        authorization: Authorization,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The code was redeemed, for a refresh token too if it can be refreshed.
    #[n(1)]
    Redeemed {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
        /// End of the first refresh token, if it is not used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cbor(n(1), with = "kernel::cbor", has_nil)]
        idle_until: Option<Timestamp>,
        /// End of every refresh token of the grant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cbor(n(2), with = "kernel::cbor", has_nil)]
        refreshable_until: Option<Timestamp>,
        /// Thumbprint of the key without whose proof nothing is refreshed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[n(3)]
        dpop_key: Option<String>,
        /// Thumbprint of the certificate without which nothing is refreshed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[n(4)]
        certificate: Option<String>,
    },
    /// A refresh token was replaced by its successor.
    #[n(2)]
    Refreshed {
        /// Number of the successor, from 1; the same number again where refresh tokens are not replaced.
        #[n(0)]
        generation: u32,
        #[cbor(n(1), with = "kernel::cbor")]
        idle_until: Timestamp,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The grant ended, with all its tokens.
    #[n(3)]
    Revoked {
        #[n(0)]
        reason: RevocationReason,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
}

impl GrantEvent {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Authorized { .. } => "authorized",
            Self::Redeemed { .. } => "code_redeemed",
            Self::Refreshed { .. } => "refreshed",
            Self::Revoked { .. } => "grant_revoked",
        }
    }
}
