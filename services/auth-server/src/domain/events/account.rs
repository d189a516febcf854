//! Domain events of accounts and of their e-mail addresses.

use super::ClientId;
use identifiers::AccountId;
use kernel::Timestamp;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

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
