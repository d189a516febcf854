//! Sessions: where people are signed in.

use super::{Administration, AdministrationError};
use crate::{
    application::{sessions::list::ListedSession, sign_in::log::SignIn},
    domain::{Rejection, account::Account},
};
use identifiers::AccountId;
use kernel::Timestamp;
use std::sync::Arc;

/// Session of an account that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSession {
    /// Public identifier, which is no secret.
    pub id: String,
    /// When somebody signed in.
    pub began: Timestamp,
    /// Browser and system, in words, if it told them.
    pub browser: Option<String>,
}

impl Administration {
    /// Sessions of a person that go on, the newest first. One that nobody used for a while may be among them.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub async fn sessions(&self, email: &str) -> Result<Vec<AccountSession>, AdministrationError> {
        let (id, account) = self.loaded(email).await?;
        let listed = self.0.session_list.of(id, &account).await?.into_iter();
        let session =
            |ListedSession { sid, began, browser, .. }| AccountSession { id: sid, began, browser };
        Ok(listed.map(session).collect())
    }

    /// Signs a person out in one session. Clients are told, as far as they want to be.
    ///
    /// # Errors
    ///
    /// There is no such account, or it has no such session.
    pub async fn end_session(&self, email: &str, session: &str) -> Result<(), AdministrationError> {
        let (id, account) = self.loaded(email).await?;
        let own = self.0.session_list.of(id, &account).await?;
        if !own.iter().any(|own| own.sid == session) {
            let unknown = format_args!("{email} has no session {session:?}");
            return Err(AdministrationError::new(unknown));
        }
        self.0.sessions.end_public(session).await?;
        Ok(self.0.sessions.log.record(SignIn::SignedOut(id)).await?)
    }

    /// Signs a person out everywhere; what was granted to clients is void as well.
    ///
    /// # Errors
    ///
    /// There is no such account, or it is disabled.
    pub async fn end_sessions(&self, email: &str) -> Result<(), AdministrationError> {
        let id = self.account(email).await?;
        self.0.session_list.end_all(id).await?;
        Ok(self.0.accounts.sign_out_everywhere(id).await?)
    }

    pub(super) async fn loaded(
        &self,
        email: &str,
    ) -> Result<(AccountId, Arc<Account>), AdministrationError> {
        let id = self.account(email).await?;
        let account = self.0.accounts.load(id).await?;
        let unknown = || AdministrationError::new(Rejection::UnknownAccount);
        Ok((id, account.ok_or_else(unknown)?))
    }
}
