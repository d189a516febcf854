//! Groups of accounts, which are the roles of those who run the shop, and consents to clients.

use super::{
    Administration, AdministrationError,
    clients::parsed_client,
    users::{ListedAccount, parsed_role},
};
use crate::{
    application::error::AuthError,
    domain::{Rejection, events::Role},
};

/// Consent in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedConsent {
    /// Identifier of the client.
    pub client: String,
    /// Scopes that it may have.
    pub scopes: Vec<String>,
}

impl Administration {
    /// Accounts of each group, by the names of the groups.
    ///
    /// # Errors
    ///
    /// The storage cannot be used.
    pub async fn groups(
        &self,
    ) -> Result<Vec<(&'static str, Vec<ListedAccount>)>, AdministrationError> {
        let users = self.users().await?;
        let members = |role: Role| {
            users.iter().filter(|user| user.role == Some(role.name())).cloned().collect()
        };
        Ok(Role::ALL.into_iter().map(|role| (role.name(), members(role))).collect())
    }

    /// Adds an account to a group. It leaves the one in which it was: an account has one role.
    ///
    /// # Errors
    ///
    /// There is no such account or group.
    pub async fn join_group(&self, group: &str, email: &str) -> Result<(), AdministrationError> {
        let role = parsed_role(group)?;
        let id = self.account(email).await?;
        Ok(self.0.accounts.assign_role(id, Some(role)).await?)
    }

    /// Removes an account from a group; again is no change.
    ///
    /// # Errors
    ///
    /// There is no such account or group.
    pub async fn leave_group(&self, group: &str, email: &str) -> Result<(), AdministrationError> {
        let role = parsed_role(group)?;
        let id = self.account(email).await?;
        Ok(self.0.accounts.end_role(id, role).await?)
    }

    /// Clients that may act for a person.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub async fn consents(&self, email: &str) -> Result<Vec<ListedConsent>, AdministrationError> {
        let id = self.account(email).await?;
        let Some(account) = self.0.accounts.load(id).await? else { return Ok(Vec::new()) };
        let consents = account.consents().map(|(client, scopes)| ListedConsent {
            client: client.as_str().to_owned(),
            scopes: scopes.into_iter().map(ToOwned::to_owned).collect(),
        });
        Ok(consents.collect())
    }

    /// Takes back the consent of a person to a client, with what the client was granted by it; again is no change.
    ///
    /// # Errors
    ///
    /// There is no such account, or no such client.
    pub async fn revoke_consent(
        &self,
        email: &str,
        client: &str,
    ) -> Result<(), AdministrationError> {
        let ((id, account), client) = (self.loaded(email).await?, parsed_client(client)?);
        // One that was removed may have left a consent behind.
        let has_consent = account.consents().any(|(known, _)| *known == client);
        if !has_consent && self.0.clients.find(&client).await?.is_none() {
            return Err(AuthError::from(Rejection::UnknownClient).into());
        }
        Ok(self.0.accounts.withdraw_consent(id, &client).await?)
    }
}
