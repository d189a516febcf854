//! Changes of an account that whoever administers the shop makes: each in one commit.

use super::{Accounts, new_password::Password, person_records::Person};
use crate::{
    application::error::AuthError,
    domain::{
        account::{Account, AccountUpdate, NewAccount},
        events::Role,
    },
};
use identifiers::{AccountId, Email};

impl Accounts {
    /// Adds an account with a free address; with a password it can be used at once, unless it is disabled.
    pub(crate) async fn add(
        &self,
        email: &Email,
        role: Option<Role>,
        password: Option<&Password>,
        is_enabled: bool,
    ) -> Result<AccountId, AuthError> {
        // Hashed before anything is claimed: it may take a while, or be refused.
        let password = self.hashed(password).await?;
        let now = self.ids.now();
        let new = NewAccount { role, has_password: password.is_some(), is_enabled };
        let add = |account: Option<&Account>| Account::add(account, new, now);
        self.create_with(Some(email), password, add).await
    }

    /// Enables or disables an account, and gives it another password, as far as that is wanted: if it is at one of the expected versions.
    pub(crate) async fn update(
        &self,
        id: AccountId,
        expected: Option<&[u64]>,
        is_enabled: Option<bool>,
        password: Option<&Password>,
    ) -> Result<(), AuthError> {
        let password = self.hashed(password).await?;
        let now = self.ids.now();
        let update = AccountUpdate { is_enabled, has_password: password.is_some() };
        let change = |account: &Account, person: &mut Person| {
            account.check_version(expected)?;
            if password.is_some() {
                (person.password, person.pending_email) = (password.clone(), None);
            }
            account.update(update, now)
        };
        // Passkeys of before count no longer.
        let ends_passkeys = is_enabled == Some(true) || password.is_some();
        let writes = if ends_passkeys { self.passkey_deletions(id).await? } else { Vec::new() };
        self.change_person(id, change, writes).await.map(drop)
    }

    /// Takes a role away from an account that has it.
    pub(crate) async fn end_role(&self, id: AccountId, role: Role) -> Result<(), AuthError> {
        let now = self.ids.now();
        let end = |account: &Account| Ok(account.end_role(role, now));
        self.change(id, end, &[]).await.map(drop)
    }

    async fn hashed(&self, password: Option<&Password>) -> Result<Option<String>, AuthError> {
        match password {
            Some(password) => self.passwords.hash(password).await.map(Some),
            None => Ok(None),
        }
    }
}
