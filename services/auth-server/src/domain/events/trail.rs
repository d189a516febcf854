//! Domain events of sign-ins and of keys, which belong to no other aggregate.

use identifiers::AccountId;
use kernel::Timestamp;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Event of somebody who signs in or out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum SignInEvent {
    /// A person signed in.
    #[n(0)]
    SignedIn {
        #[n(0)]
        account: AccountId,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The credentials were not right. There is no account if the e-mail address belongs to none.
    #[n(1)]
    SignInFailed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[n(0)]
        account: Option<AccountId>,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// There were too many failures: further attempts are refused for a while.
    #[n(2)]
    LockedOut {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[n(0)]
        account: Option<AccountId>,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// A person signed out.
    #[n(3)]
    SignedOut {
        #[n(0)]
        account: AccountId,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
}

/// Event of the signing keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum KeyEvent {
    /// New signing keys were made; or, in an emergency, took the place of the earlier ones at once.
    #[n(0)]
    KeysRotated {
        #[n(0)]
        at_once: bool,
        #[cbor(n(1), with = "kernel::cbor")]
        signs_from: Timestamp,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
    },
}

impl SignInEvent {
    /// Account whose person signs in or out, as far as one is known.
    pub(crate) fn account(&self) -> Option<AccountId> {
        match self {
            Self::SignedIn { account, .. } | Self::SignedOut { account, .. } => Some(*account),
            Self::SignInFailed { account, .. } | Self::LockedOut { account, .. } => *account,
        }
    }

    /// Time of the event.
    pub(crate) fn at(&self) -> Timestamp {
        match self {
            Self::SignedIn { at, .. }
            | Self::SignInFailed { at, .. }
            | Self::LockedOut { at, .. }
            | Self::SignedOut { at, .. } => *at,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::SignedIn { .. } => "signed_in",
            Self::SignInFailed { .. } => "sign_in_failed",
            Self::LockedOut { .. } => "locked_out",
            Self::SignedOut { .. } => "signed_out",
        }
    }
}

impl KeyEvent {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::KeysRotated { .. } => "keys_rotated",
        }
    }
}
