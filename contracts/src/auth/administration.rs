//! Contract of the administration of accounts, clients, groups, consents, sessions and keys, as the command line does it.

use super::SERVICE;
use identifiers::AccountId;
use kernel::Timestamp;
use rpc::contract;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

kernel::codes! {
    ACCOUNTS_REFUSED = "accounts_refused", 409, "Something else stands in the way of the command; the title says what.";
}

/// Command of whoever administers accounts. Accounts go by their e-mail addresses.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AccountCommand {
    /// Add an account; without a password the answer is a one-time link with which one is set.
    AddUser {
        /// E-mail address.
        email: String,
        /// Role of somebody who runs the shop.
        role: Option<String>,
        /// Password.
        password: Option<String>,
    },
    /// List all accounts.
    ListUsers,
    /// Disable an account.
    DisableUser {
        /// E-mail address.
        email: String,
    },
    /// Replace the standard claims about a person.
    DescribeUser {
        /// E-mail address.
        email: String,
        /// JSON object of claims.
        claims: String,
    },
    /// Make a one-time link with which a new password is set.
    ResetUser {
        /// E-mail address.
        email: String,
        /// Turn two-step sign-in off.
        second_factor: bool,
        /// Remove all passkeys.
        passkeys: bool,
    },
    /// Register a client.
    AddClient {
        /// What it is to be, in the words of the auth server and its command line.
        registration: Value,
    },
    /// List all clients.
    ListClients,
    /// Remove a client.
    RemoveClient {
        /// Identifier.
        id: String,
    },
    /// List the groups with their accounts.
    ListGroups,
    /// Add an account to a group.
    JoinGroup {
        /// Name of the group.
        group: String,
        /// E-mail address.
        email: String,
    },
    /// Remove an account from a group.
    LeaveGroup {
        /// Name of the group.
        group: String,
        /// E-mail address.
        email: String,
    },
    /// List the clients that may act for a person.
    ListConsents {
        /// E-mail address.
        email: String,
    },
    /// Take back the consent of a person to a client.
    RevokeConsent {
        /// E-mail address.
        email: String,
        /// Identifier of the client.
        client: String,
    },
    /// List the sessions of a person.
    ListSessions {
        /// E-mail address.
        email: String,
    },
    /// Sign a person out in one session, or everywhere.
    EndSession {
        /// E-mail address.
        email: String,
        /// Session; all of them without one.
        session: Option<String>,
    },
    /// Rotate the signing keys.
    RotateKeys {
        /// Whether the new keys sign at once, and the earlier ones are void.
        at_once: bool,
    },
}

impl fmt::Debug for AccountCommand {
    /// Without what is personal or secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AccountCommand")
    }
}

/// Answer to a command of the same name.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountAnswer {
    /// It is done, and there is nothing more to say.
    Done,
    /// An account was added.
    UserAdded {
        /// One-time link, unless there is a password.
        link: Option<String>,
    },
    /// A link was made.
    UserReset {
        /// One-time link.
        link: String,
        /// Whether two-step sign-in was on, where it was to be turned off.
        second_factor: Option<bool>,
        /// Number of passkeys that were removed, where they were to be.
        passkeys: Option<usize>,
    },
    /// All accounts.
    Users(Vec<AccountSummary>),
    /// A client was registered.
    ClientAdded(ClientCredentials),
    /// All clients.
    Clients(Vec<ClientSummary>),
    /// The groups.
    Groups(Vec<GroupSummary>),
    /// Consents of a person.
    Consents(Vec<ConsentSummary>),
    /// Sessions of a person.
    Sessions(Vec<SessionSummary>),
    /// The keys were rotated.
    KeysRotated {
        /// From when the new keys sign.
        signs_from: Timestamp,
    },
}

impl fmt::Debug for AccountAnswer {
    /// Without what is personal or secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AccountAnswer")
    }
}

/// Account in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountSummary {
    /// Identifier, the subject of its tokens.
    pub id: AccountId,
    /// E-mail address, if it has one yet.
    pub email: Option<String>,
    /// Role, of somebody who runs the shop.
    pub role: Option<String>,
    /// `active`, `disabled`, or `invited` before a password was set.
    pub status: String,
    /// When it was created.
    pub created_at: Timestamp,
}

/// Client that was registered, as a file of credentials has it.
#[derive(Clone, Serialize, Deserialize)]
pub struct ClientCredentials {
    /// Identifier.
    pub client_id: String,
    /// Secret, which is shown once and kept nowhere.
    pub client_secret: Option<String>,
    /// Address at which it gets tokens.
    pub token_endpoint: String,
    /// Scopes that mean nothing to this shop: they are granted as they are, for others to read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_scopes: Vec<String>,
}

impl fmt::Debug for ClientCredentials {
    /// Without the secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ClientCredentials")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Client in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientSummary {
    /// Identifier.
    pub client_id: String,
    /// Name that people read.
    pub name: String,
    /// `public`, `secret` or `private_key`.
    pub authentication: String,
    /// Scopes that it may have.
    pub scopes: Vec<String>,
    /// Addresses to which its answers go.
    pub redirect_uris: Vec<String>,
}

/// Group with its accounts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupSummary {
    /// Name of the group.
    pub group: String,
    /// E-mail addresses of its accounts.
    pub members: Vec<String>,
}

/// Consent in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConsentSummary {
    /// Identifier of the client.
    pub client_id: String,
    /// Scopes that it may have.
    pub scopes: Vec<String>,
}

/// Session in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionSummary {
    /// Public identifier, which is no secret.
    pub id: String,
    /// When somebody signed in.
    pub began: Timestamp,
    /// Browser and system, in words, if it told them.
    pub browser: Option<String>,
}

contract! {
    /// Contract of the administration of accounts.
    pub trait AccountAdministration in (SERVICE) {
        /// Does what a command says. Refused with `invalid_field` where the command makes no sense, with `not_found` where what it is about
        /// is not there, and with `accounts_refused` where something else stands in its way.
        once fn administer(command: AccountCommand) -> AccountAnswer;
    }
}
