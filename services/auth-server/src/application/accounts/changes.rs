//! Changes of an account that its owner makes: sign-up, password, e-mail address, sign-out everywhere. The record of the person changes in
//! the commit of the event that says so.

use super::{
    ACCOUNT_PREFIX, Accounts, new_password::Password, person_records::Person, records::unavailable,
};
use crate::{
    application::error::AuthError,
    domain::{Rejection, account::Account},
};
use identifiers::{AccountId, Email};
use kernel::{Timestamp, prefixed_id};
use std::time::Duration;
use storage::Write;

/// Time for which a link can be used that was mailed to the owner of an account.
pub(crate) const MAILED_LINK_VALID: Duration = Duration::from_mins(30);

impl Accounts {
    /// A new account of somebody who has read the mail to this address.
    pub(crate) async fn sign_up(
        &self,
        email: &Email,
        password: &Password,
    ) -> Result<AccountId, AuthError> {
        // Hashed before anything is claimed: it may take a while, or be refused.
        let hash = self.passwords.hash(password).await?;
        let now = self.ids.now();
        let sign_up = |account: Option<&Account>| Account::sign_up(account, now);
        self.create_with(Some(email), Some(hash), sign_up).await
    }

    /// Makes a one-time link for the owner of an account; its number. The writes that depend on it are in the same commit.
    pub(crate) async fn offer_reset(
        &self,
        id: AccountId,
        writes: impl Fn(u32) -> Vec<Write>,
    ) -> Result<u32, AuthError> {
        let now = self.ids.now();
        let expires = now.checked_add(MAILED_LINK_VALID).unwrap_or(Timestamp::MAX);
        let number = |account: &Account| account.next_offer().saturating_sub(1);
        let offer = |account: Option<&Account>| {
            account.ok_or(Rejection::UnknownAccount)?.offer_reset(expires, now)
        };
        let stream = prefixed_id(ACCOUNT_PREFIX, id);
        let offered = self.repository.execute(&stream, offer, |account| writes(number(account)));
        let offered = offered.await?;
        // The link leaves the process.
        offered.commit().wait().await.map_err(unavailable)?;
        Ok(offered.state.as_deref().map_or(0, number))
    }

    /// Another password in place of the present one.
    pub(crate) async fn change_password(
        &self,
        id: AccountId,
        password: &Password,
        writes: Vec<Write>,
    ) -> Result<Timestamp, AuthError> {
        let hash = self.passwords.hash(password).await?;
        let now = self.ids.now();
        let change = |account: &Account, person: &mut Person| {
            (person.password, person.pending_email) = (Some(hash.clone()), None);
            account.change_password(now)
        };
        self.change_person(id, change, writes).await.map(|_| now)
    }

    /// Makes a link by which the account takes up another address; its number.
    pub(crate) async fn offer_email_change(
        &self,
        id: AccountId,
        email: &Email,
        writes: impl Fn(u32) -> Vec<Write>,
    ) -> Result<(), AuthError> {
        let now = self.ids.now();
        let expires = now.checked_add(MAILED_LINK_VALID).unwrap_or(Timestamp::MAX);
        let number = self.load(id).await?.map_or(0, |account| account.last_email_change());
        let writes = writes(number.saturating_add(1));
        let change = |account: &Account, person: &mut Person| {
            if account.last_email_change() != number {
                return Err(Rejection::RecordChanged);
            }
            person.pending_email = Some(email.as_str().to_owned());
            account.offer_email_change(expires, now)
        };
        self.change_person(id, change, writes).await.map(drop)
    }

    /// Account and addresses, the present and the next, of a link to another address that can be used now.
    pub(crate) async fn offered_email(
        &self,
        id: AccountId,
        number: u32,
    ) -> Result<(Option<String>, Email), AuthError> {
        let account = self.load(id).await?.ok_or(Rejection::OfferInvalid)?;
        account.check_email_change(number, self.ids.now())?;
        let person = self.person(id).await?.unwrap_or_default();
        let next = person.pending_email.as_deref().and_then(|next| Email::parse(next).ok());
        Ok((person.email, next.ok_or(Rejection::OfferInvalid)?))
    }

    /// Takes up the address of a link, together with these writes.
    pub(crate) async fn change_email(
        &self,
        id: AccountId,
        number: u32,
        writes: Vec<Write>,
    ) -> Result<(), AuthError> {
        let (_, next) = self.offered_email(id, number).await?;
        self.addresses.claim(&next, id).await?;
        let now = self.ids.now();
        let change = |account: &Account, person: &mut Person| {
            let is_same = person.pending_email.as_deref() == Some(next.as_str());
            if !is_same {
                return Err(Rejection::OfferInvalid);
            }
            person.email = person.pending_email.take();
            account.change_email(number, now)
        };
        self.change_person(id, change, writes).await.map(drop)
    }

    /// Signs out whoever is signed in to an account, and voids what was granted.
    pub(crate) async fn sign_out_everywhere(&self, id: AccountId) -> Result<(), AuthError> {
        let now = self.ids.now();
        let sign_out = |account: &Account| account.sign_out_everywhere(now);
        self.change(id, sign_out, &[]).await.map(drop)
    }
}
