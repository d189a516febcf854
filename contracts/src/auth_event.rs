//! Feed of the auth server: what happened to accounts, clients, grants and keys. No event has a secret or an address of a person.

use identifiers::{AccountId, GrantId};
use rpc::FeedEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Event of the auth server's feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AuthEvent {
    /// An account changed: it was created or disabled, a password was set, and the like.
    AccountChanged {
        /// Account.
        account_id: AccountId,
        /// What happened, such as `created`, `disabled` or `password_set`.
        change: String,
    },
    /// Somebody signed in or out, or tried to in vain.
    SignInAttempted {
        /// Account; absent where the e-mail address belongs to none.
        account_id: Option<AccountId>,
        /// What came of it.
        outcome: SignInOutcome,
    },
    /// A person gave a client consent to act for them, or took it back.
    ConsentChanged {
        /// Account.
        account_id: AccountId,
        /// Client.
        client_id: String,
        /// What happened: `given` or `withdrawn`.
        change: String,
    },
    /// A client was registered, changed or removed.
    ClientChanged {
        /// Client.
        client_id: String,
        /// What happened, such as `registered` or `removed`.
        change: String,
    },
    /// A grant began or ended. One that ended has no valid token.
    GrantChanged {
        /// Grant, whose identifier is part of that of its access tokens.
        grant_id: GrantId,
        /// What happened: `authorized`, `code_redeemed`, `revoked`, or `code_replayed` and `refresh_token_replayed`, which end the grant.
        change: String,
    },
    /// The signing keys were rotated.
    KeysRotated {
        /// Whether the earlier keys and what they signed are void at once.
        at_once: bool,
    },
}

/// What came of an attempt to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignInOutcome {
    /// Signed in.
    SignedIn,
    /// The credentials were not right.
    Failed,
    /// There were too many failures; further attempts are refused for a while.
    LockedOut,
    /// Signed out.
    SignedOut,
}

impl FeedEvent for AuthEvent {
    const SOURCE: &'static str = "auth-server";
    const TYPES: &'static [&'static str] = &[
        "account_changed",
        "sign_in_attempted",
        "consent_changed",
        "client_changed",
        "grant_changed",
        "keys_rotated",
    ];
}
