//! Accounts with their records: those of the person, of the second factor and of passkeys are documents beside the journal. They change in
//! the commit of the event that says so, and only if they are still those that were read (optimistic concurrency control, by the version
//! that the account keeps of them).

use super::{
    ACCOUNT_PREFIX, Accounts,
    person_records::{Person, PersonRecords},
};
use crate::{
    application::{
        error::AuthError,
        sessions::list,
        sign_in::{passkeys, second_factors},
    },
    domain::{Rejection, account::Account, events::AccountEvent},
};
use identifiers::{AccountId, Email};
use journal::LoadedAggregate;
use kernel::prefixed_id;
use std::sync::Arc;
use storage::{CommitError, StorageError, Write};

/// Attempts at a change while others change the same records.
const ATTEMPTS_MAX: usize = 8;

impl Accounts {
    /// Account of this identifier, unless it was deleted, once its last change is flushed: records are not seen before.
    pub(crate) async fn flushed(
        &self,
        id: AccountId,
    ) -> Result<Option<Arc<Account>>, StorageError> {
        let loaded = self.repository.load(&prefixed_id(ACCOUNT_PREFIX, id)).await?;
        loaded.commit().wait().await.map_err(unavailable)?;
        Ok(loaded.state.filter(|account| account.deleted_at.is_none()))
    }

    /// The same, with the record of its person.
    pub(crate) async fn read(
        &self,
        id: AccountId,
    ) -> Result<Option<(Arc<Account>, Person)>, StorageError> {
        let Some(account) = self.flushed(id).await? else { return Ok(None) };
        Ok(Some((account, self.person(id).await?.unwrap_or_default())))
    }

    /// Account whose person is reached at an address. One that was changed from this address to another is not.
    pub(crate) async fn holder(
        &self,
        email: &Email,
    ) -> Result<Option<(AccountId, Arc<Account>, Person)>, StorageError> {
        let Some(id) = self.addresses.holder(email).await? else { return Ok(None) };
        let read = self.read(id).await?.filter(|(_, person)| person.is_reached_at(email));
        Ok(read.map(|(account, person)| (id, account, person)))
    }

    /// Identifier of the account whose person is reached at an address.
    pub(crate) async fn reached_at(
        &self,
        email: &Email,
    ) -> Result<Option<AccountId>, StorageError> {
        Ok(self.holder(email).await?.map(|(id, ..)| id))
    }

    /// Changes an account that was not deleted, in one commit with these writes.
    pub(crate) async fn change(
        &self,
        id: AccountId,
        decide: impl Fn(&Account) -> Result<Vec<AccountEvent>, Rejection>,
        writes: &[Write],
    ) -> Result<LoadedAggregate<Account>, AuthError> {
        let decide = |account: Option<&Account>| {
            let account = account.filter(|account| account.deleted_at.is_none());
            decide(account.ok_or(Rejection::UnknownAccount)?)
        };
        let stream = prefixed_id(ACCOUNT_PREFIX, id);
        let changed = self.repository.execute(&stream, decide, |_| writes.to_vec()).await?;
        self.revision.advance();
        Ok(changed)
    }

    /// The same with writes that were made from the records of this version; none if there are others meanwhile.
    async fn change_at(
        &self,
        version: u32,
        id: AccountId,
        decide: impl Fn(&Account) -> Result<Vec<AccountEvent>, Rejection>,
        writes: &[Write],
    ) -> Result<Option<LoadedAggregate<Account>>, AuthError> {
        let decide = |account: &Account| {
            account.check_record(version)?;
            decide(account)
        };
        match self.change(id, decide, writes).await {
            Err(AuthError::Rejected(Rejection::RecordChanged)) => Ok(None),
            changed => changed.map(Some),
        }
    }

    /// Changes an account and the record of its person in one commit, together with these writes. A record that somebody else changes
    /// meanwhile is read again.
    pub(crate) async fn change_person(
        &self,
        id: AccountId,
        change: impl Fn(&Account, &mut Person) -> Result<Vec<AccountEvent>, Rejection>,
        writes: Vec<Write>,
    ) -> Result<LoadedAggregate<Account>, AuthError> {
        for _ in 0..ATTEMPTS_MAX {
            let (account, read) = self.read(id).await?.ok_or(Rejection::UnknownAccount)?;
            let mut person = read.clone();
            change(&account, &mut person)?;
            let all = [&writes[..], &[PersonRecords::put(id, &person)?]].concat();
            let decide = |account: &Account| change(account, &mut read.clone());
            let changed = self.change_at(account.record_version, id, decide, &all).await?;
            if let Some(changed) = changed {
                return Ok(changed);
            }
        }
        Err(Rejection::RecordChanged.into())
    }

    /// Deletes an account and what is known of its person, in one commit, if it is at one of the expected versions. The address is free a
    /// while later.
    pub(crate) async fn delete(
        &self,
        id: AccountId,
        expected: Option<&[u64]>,
    ) -> Result<(), AuthError> {
        let now = self.ids.now();
        for _ in 0..ATTEMPTS_MAX {
            let account = self.flushed(id).await?.ok_or(Rejection::UnknownAccount)?;
            let mut writes = self.passkey_deletions(id).await?;
            writes.extend([PersonRecords::delete(id), second_factors::deletion(id)]);
            writes.extend(list::deletions(&*self.records.documents, id).await?);
            let delete = |account: &Account| {
                account.check_version(expected)?;
                Ok(account.delete(now))
            };
            if self.change_at(account.record_version, id, delete, &writes).await?.is_some() {
                return Ok(());
            }
        }
        Err(Rejection::RecordChanged.into())
    }

    /// The writes that delete the records of all passkeys of an account.
    pub(crate) async fn passkey_deletions(
        &self,
        id: AccountId,
    ) -> Result<Vec<Write>, StorageError> {
        passkeys::deletions(&*self.records.documents, id).await
    }
}

pub(crate) fn unavailable(error: CommitError) -> StorageError {
    StorageError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests;
