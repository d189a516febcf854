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

impl Role {
    /// Every role.
    pub(crate) const ALL: [Self; 5] =
        [Self::Viewer, Self::Merchandiser, Self::Fulfilment, Self::Finance, Self::Admin];

    /// Name in tokens, on the command line and as a group.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Merchandiser => "merchandiser",
            Self::Fulfilment => "fulfilment",
            Self::Finance => "finance",
            Self::Admin => "admin",
        }
    }

    /// Role of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
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
    /// The account was enabled again; its old password and its passkeys count no longer.
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
    /// The person showed that mail to the address is read.
    #[n(6)]
    EmailVerified {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// A link to another address was made; earlier ones are void.
    #[n(7)]
    EmailChangeOffered {
        #[n(0)]
        number: u32,
        #[cbor(n(1), with = "kernel::cbor")]
        expires: Timestamp,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The account took up another address.
    #[n(8)]
    EmailChanged {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// What was signed in was signed out, everywhere.
    #[n(9)]
    SignedOut {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// An authenticator app was set up, in place of an earlier one; its recovery codes are new.
    #[n(10)]
    SecondFactorEnabled {
        /// Time step of the one-time password that proved it.
        #[n(0)]
        step: i64,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// A one-time password was accepted.
    #[n(11)]
    OneTimePasswordUsed {
        /// Its time step.
        #[n(0)]
        step: i64,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// A recovery code was used up.
    #[n(12)]
    RecoveryCodeUsed {
        #[n(0)]
        number: u8,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// New recovery codes took the place of all that there were.
    #[n(13)]
    RecoveryCodesReplaced {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The second factor was turned off.
    #[n(14)]
    SecondFactorDisabled {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// A passkey was added.
    #[n(15)]
    PasskeyAdded {
        /// Digest of the credential's identifier.
        #[n(0)]
        passkey: String,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// A passkey was removed.
    #[n(16)]
    PasskeyRemoved {
        /// Digest of the credential's identifier.
        #[n(0)]
        passkey: String,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// A one-time link was made that goes to the address of the account: who uses it has shown that mail to it is read. It counts like
    /// other links, of which the newest is valid.
    #[n(17)]
    ResetOffered {
        #[n(0)]
        number: u32,
        #[cbor(n(1), with = "kernel::cbor")]
        expires: Timestamp,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The account got another role, or none.
    #[n(18)]
    RoleAssigned {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cbor(n(0), with = "kernel::cbor::known_variant", has_nil)]
        role: Option<Role>,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The consent to a client was taken back; what it was granted is void.
    #[n(19)]
    ConsentWithdrawn {
        #[n(0)]
        client: ClientId,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The account was deleted, with the record of its person.
    #[n(20)]
    Deleted {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The standard claims about the person were replaced.
    #[n(21)]
    Described {
        #[cbor(n(0), with = "kernel::cbor")]
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
    /// Whether a record of the account is another one since: of the person, of the second factor, or of a passkey.
    pub(crate) fn changes_record(&self) -> bool {
        matches!(
            self,
            Self::PasswordSet { .. }
                | Self::EmailChangeOffered { .. }
                | Self::EmailChanged { .. }
                | Self::SecondFactorEnabled { .. }
                | Self::RecoveryCodesReplaced { .. }
                | Self::SecondFactorDisabled { .. }
                | Self::PasskeyAdded { .. }
                | Self::PasskeyRemoved { .. }
                | Self::Enabled { .. }
                | Self::Described { .. }
        )
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "account_created",
            Self::SetUpOffered { .. } => "set_up_offered",
            Self::PasswordSet { .. } => "password_set",
            Self::Disabled { .. } => "account_disabled",
            Self::Enabled { .. } => "account_enabled",
            Self::ConsentGiven { .. } => "consent_given",
            Self::EmailVerified { .. } => "email_verified",
            Self::EmailChangeOffered { .. } => "email_change_offered",
            Self::EmailChanged { .. } => "email_changed",
            Self::SignedOut { .. } => "signed_out",
            Self::SecondFactorEnabled { .. } => "second_factor_enabled",
            Self::OneTimePasswordUsed { .. } => "one_time_password_used",
            Self::RecoveryCodeUsed { .. } => "recovery_code_used",
            Self::RecoveryCodesReplaced { .. } => "recovery_codes_replaced",
            Self::SecondFactorDisabled { .. } => "second_factor_disabled",
            Self::PasskeyAdded { .. } => "passkey_added",
            Self::PasskeyRemoved { .. } => "passkey_removed",
            Self::ResetOffered { .. } => "reset_offered",
            Self::RoleAssigned { .. } => "role_assigned",
            Self::ConsentWithdrawn { .. } => "consent_withdrawn",
            Self::Deleted { .. } => "account_deleted",
            Self::Described { .. } => "account_described",
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
