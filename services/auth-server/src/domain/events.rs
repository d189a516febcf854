//! Domain events of accounts, addresses, clients and grants. Stored, so they change only by additions. They carry no secret and
//! no address of a person: those are records beside them.

use identifiers::AccountId;
use kernel::Timestamp;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Identifier of a client (`client_id`), as an operator chose it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Encode, Decode)]
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

/// Role of somebody who runs the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub(crate) enum Role {
    #[n(0)]
    Viewer,
    #[n(1)]
    Merchandiser,
    #[n(2)]
    Fulfilment,
    #[n(3)]
    Finance,
    #[n(4)]
    Admin,
}

/// Event of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum AccountEvent {
    /// The account was created, with a role if it is one of those who run the shop.
    #[n(0)]
    Created {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cbor(n(1), with = "kernel::cbor::known_variant", has_nil)]
        role: Option<Role>,
    },
    /// A one-time link was made, by which a password can be set; earlier ones are void.
    #[n(1)]
    SetUpOffered {
        #[n(0)]
        number: u32,
        #[cbor(n(1), with = "kernel::cbor")]
        expires: Timestamp,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// A password was set; what was signed in before is signed out.
    #[n(2)]
    PasswordSet {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The account was disabled.
    #[n(3)]
    Disabled {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The account was enabled again; its old password counts no longer.
    #[n(4)]
    Enabled {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The person agreed that a client may have these scopes.
    #[n(5)]
    ConsentGiven {
        #[n(0)]
        client: ClientId,
        #[n(1)]
        scopes: Vec<String>,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
    },
}

/// Event of an e-mail address, whose stream bears its keyed digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum AddressEvent {
    /// The address belongs to this account.
    #[n(0)]
    Claimed {
        #[n(0)]
        account: AccountId,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
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
}

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
    },
    /// A refresh token was replaced by its successor.
    #[n(2)]
    Refreshed {
        /// Number of the successor, from 1.
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

impl AccountEvent {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "account_created",
            Self::SetUpOffered { .. } => "set_up_offered",
            Self::PasswordSet { .. } => "password_set",
            Self::Disabled { .. } => "account_disabled",
            Self::Enabled { .. } => "account_enabled",
            Self::ConsentGiven { .. } => "consent_given",
        }
    }
}

impl AddressEvent {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Claimed { .. } => "address_claimed",
        }
    }
}

impl ClientEvent {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "client_registered",
            Self::Removed { .. } => "client_removed",
        }
    }
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
