//! Contract of the auth server towards whoever answers for a person's data: what it knows of the account with an e-mail address, and the
//! erasure of it.

use super::SERVICE;
use crate::{auth_event::SignInOutcome, shared::AccountId};
use kernel::{Cursor, Timestamp};
use rpc::contract;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What the service knows of a person: everything but secrets, of which it is told that they exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonAccount {
    /// Identifier of the account.
    pub id: AccountId,
    /// E-mail address.
    pub email: String,
    /// Whether mail to it was shown to be read.
    pub is_email_verified: bool,
    /// Address that is to take its place, once the mail to it was read.
    pub pending_email: Option<String>,
    /// Standard claims beyond the address (OpenID Connect Core, section 5.1).
    pub claims: Map<String, Value>,
    /// Role, of somebody who runs the shop.
    pub role: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Whether somebody can sign in.
    pub is_enabled: bool,
    /// Whether a password is set.
    pub has_password: bool,
    /// Second factor, if there is one.
    pub second_factor: Option<PersonSecondFactor>,
    /// Passkeys.
    pub passkeys: Vec<PersonPasskey>,
    /// Sessions that go on, the newest first, at most 50.
    pub sessions: Vec<PersonSession>,
    /// What clients may do.
    pub consents: Vec<PersonConsent>,
}

/// Second factor of an account: an authenticator app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonSecondFactor {
    /// Recovery codes that were not used.
    pub recovery_codes_left: u32,
}

/// Passkey of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonPasskey {
    /// Public identifier of the credential, in base64url. There is no other name.
    pub credential: String,
    /// When it was added.
    pub added_at: Timestamp,
}

/// Session of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonSession {
    /// When somebody signed in.
    pub began_at: Timestamp,
    /// Browser and system, in words, if it told them.
    pub browser: Option<String>,
}

/// Consent to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonConsent {
    /// Client.
    pub client: String,
    /// Scopes.
    pub scopes: Vec<String>,
}

/// Page of what happened to an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonHistory {
    /// Grants that are kept: those with a token, and for a day longer.
    pub grants: Vec<PersonGrant>,
    /// Who signed in and out, or tried to, in the last days.
    pub sign_ins: Vec<PersonSignIn>,
    /// Cursor of the next page; absent on the last page.
    pub next: Option<Cursor>,
}

/// Grant: what a client was authorized to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonGrant {
    /// Client.
    pub client: String,
    /// Scopes.
    pub scopes: Vec<String>,
    /// When it was authorized.
    pub authorized_at: Timestamp,
    /// Whether it was ended early.
    pub is_revoked: bool,
}

/// Attempt to sign in, or out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonSignIn {
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: SignInOutcome,
}

contract! {
    /// Contract of the auth server towards whoever answers for a person's data.
    pub trait People in (SERVICE) {
        /// What is known of the account whose person is reached at this e-mail address, if there is one.
        idempotent fn find(email: String) -> Option<PersonAccount>;

        /// Page of what happened to an account.
        idempotent fn history(account: AccountId, after: Option<Cursor>) -> PersonHistory;

        /// Closes the account of this e-mail address, if there is one: it is disabled, and signed out everywhere. It is what an erasure
        /// begins with, so that nothing is added to what is erased; it still leads from the address to the account. Refused with
        /// `forbidden` while the person runs the shop.
        idempotent fn close(email: String) -> Option<AccountId>;

        /// Deletes an account, with all that is known of its person. One that there is not is deleted already.
        idempotent fn delete(account: AccountId) -> ();
    }
}
