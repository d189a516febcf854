//! Accounts: creating, setting up, signing in. What happened is in the journal; address and password are a record beside it.

pub(crate) mod addresses;
pub(crate) mod administration;
pub(crate) mod breached_passwords;
pub(crate) mod changes;
pub(crate) mod new_password;
pub(crate) mod passwords;
pub(crate) mod person_records;
pub(crate) mod records;
pub(crate) mod sign_up;
pub(crate) mod standard_claims;

use super::{
    error::AuthError,
    keys::handle::{HandleKey, Purpose},
    tokens::revision::Revision,
};
use crate::domain::{
    Rejection,
    account::Account,
    events::{AccountEvent, ClientId, Role},
};
use addresses::Addresses;
use identifiers::{AccountId, Email};
use journal::Repository;
use kernel::{Ids, Timestamp, prefixed_id};
use new_password::Password;
use passwords::PasswordHasher;
use person_records::{Person, PersonRecords};
use std::{fmt, sync::Arc, time::Duration};
use storage::{StorageError, Write};

/// Prefix of the streams of accounts.
pub(crate) const ACCOUNT_PREFIX: &str = "account-";
/// Time for which a one-time link can be used.
pub(crate) const SET_UP_VALID: Duration = Duration::from_hours(24);

/// Accounts of the shop.
pub(crate) struct Accounts {
    pub(crate) repository: Repository<Account>,
    pub(crate) addresses: Addresses,
    pub(crate) records: PersonRecords,
    pub(crate) ids: Ids,
    pub(crate) passwords: PasswordHasher,
    pub(crate) handles: Arc<HandleKey>,
    pub(crate) revision: Arc<Revision>,
}

impl Accounts {
    /// Creates an account, with a free address if it has one.
    pub(crate) async fn create(
        &self,
        email: Option<&Email>,
        role: Option<Role>,
    ) -> Result<AccountId, AuthError> {
        let now = self.ids.now();
        let create = |account: Option<&Account>| Account::create(account, role, now);
        self.create_with(email, None, create).await
    }

    /// Creates an account by this decision, together with the record of its person. An address whose account was never written, because
    /// the process died in between, leads to that account.
    pub(super) async fn create_with(
        &self,
        email: Option<&Email>,
        password: Option<String>,
        decide: impl Fn(Option<&Account>) -> Result<Vec<AccountEvent>, Rejection>,
    ) -> Result<AccountId, AuthError> {
        let id = match email {
            Some(email) => self.claimed(email).await?,
            None => self.ids.next(),
        };
        let email = email.map(|it| it.as_str().to_owned());
        let write = PersonRecords::put(id, &Person { email, password, ..Person::default() })?;
        let stream = prefixed_id(ACCOUNT_PREFIX, id);
        let created = self.repository.create(&stream, decide, |_| vec![write.clone()]).await;
        match created.map_err(AuthError::from) {
            Err(AuthError::Rejected(Rejection::AccountExists)) => {
                Err(Rejection::AddressTaken.into())
            }
            other => other.map(|_| id),
        }
    }

    /// Identifier of a new account for which an address is claimed, or of the one that the address leads to and that was never written.
    async fn claimed(&self, email: &Email) -> Result<AccountId, AuthError> {
        let id = match self.addresses.holder(email).await? {
            Some(holder) if !self.was_written(holder).await? => holder,
            _ => self.ids.next(),
        };
        self.addresses.claim(email, id).await?;
        Ok(id)
    }

    async fn was_written(&self, id: AccountId) -> Result<bool, StorageError> {
        Ok(self.repository.load(&prefixed_id(ACCOUNT_PREFIX, id)).await?.state.is_some())
    }

    /// Makes a one-time link's handle for an account.
    pub(crate) async fn offer_set_up(&self, id: AccountId) -> Result<String, AuthError> {
        let now = self.ids.now();
        let expires = now.checked_add(SET_UP_VALID).unwrap_or(Timestamp::MAX);
        let offer = |account: &Account| {
            if !account.is_enabled {
                return Err(Rejection::AccountDisabled);
            }
            Ok(account.offer_set_up(expires, now))
        };
        let account = self.change(id, offer, &[]).await?;
        let number = account.state.map_or(0, |account| account.next_offer().saturating_sub(1));
        Ok(self.handles.issue(Purpose::SetUp, id.into(), number))
    }

    /// Account of a one-time link that can be used now.
    pub(crate) async fn offered(&self, handle: &str) -> Result<(AccountId, Person), AuthError> {
        let (id, number) = self.opened(handle)?;
        let account = self.load(id).await?.ok_or(Rejection::OfferInvalid)?;
        account.check_offer(number, self.ids.now())?;
        Ok((id, self.person(id).await?.unwrap_or_default()))
    }

    /// Sets the password by a one-time link, and the address of an account that has none yet, in one commit with these writes.
    pub(crate) async fn set_up(
        &self,
        handle: &str,
        email: &Email,
        password: &Password,
        writes: Vec<Write>,
    ) -> Result<AccountId, AuthError> {
        let (id, person) = self.offered(handle).await?;
        let (_, number) = self.opened(handle)?;
        // Hashed before anything is claimed: it may take a while, or be refused.
        let hash = self.passwords.hash(password).await?;
        let now = self.ids.now();
        if person.email.is_none() {
            self.addresses.claim(email, id).await?;
        }
        let set = |account: &Account, person: &mut Person| {
            person.email.get_or_insert_with(|| email.as_str().to_owned());
            (person.password, person.pending_email) = (Some(hash.clone()), None);
            account.set_up(number, now)
        };
        let writes = [writes, self.passkey_deletions(id).await?].concat();
        self.change_person(id, set, writes).await.map(|_| id)
    }

    /// Account of somebody who knows its address and its password. Whether there is such an account, whether it is disabled, or
    /// only the password is wrong makes no difference, in the answer or in the time that it takes.
    pub(crate) async fn authenticate(
        &self,
        email: &Email,
        password: &str,
    ) -> Result<Option<AccountId>, AuthError> {
        let found = self.holder(email).await?;
        let found = found.filter(|(_, account, _)| account.is_enabled && account.is_set_up);
        let hash = found.as_ref().and_then(|(.., person)| person.password.as_deref());
        let is_right = self.passwords.verify(password, hash).await?;
        Ok(found.map(|(id, ..)| id).filter(|_| is_right))
    }

    /// Handle of a device on which somebody signed in with the present password. It proves nothing but that.
    pub(crate) async fn device(&self, id: AccountId) -> Result<String, AuthError> {
        let account = self.load(id).await?.ok_or(Rejection::UnknownAccount)?;
        Ok(self.handles.issue(Purpose::Device, id.into(), account.passwords))
    }

    /// Whether the owner of an address signed in on the device of this handle before, with the present password.
    pub(crate) async fn is_known_device(
        &self,
        email: &Email,
        device: &str,
    ) -> Result<bool, AuthError> {
        let Some((id, number)) = self.handles.open(Purpose::Device, device) else {
            return Ok(false);
        };
        let Some(holder) = self.reached_at(email).await?.filter(|it| *it == AccountId(id)) else {
            return Ok(false);
        };
        Ok(self.load(holder).await?.is_some_and(|account| account.passwords == number))
    }

    /// Account of this identifier, unless it was deleted.
    pub(crate) async fn load(&self, id: AccountId) -> Result<Option<Arc<Account>>, StorageError> {
        let account = self.repository.load(&prefixed_id(ACCOUNT_PREFIX, id)).await?.state;
        Ok(account.filter(|account| account.deleted_at.is_none()))
    }

    /// Gives an account a role, or none.
    pub(crate) async fn assign_role(
        &self,
        id: AccountId,
        role: Option<Role>,
    ) -> Result<(), AuthError> {
        let now = self.ids.now();
        let assign = |account: &Account| Ok(account.assign_role(role, now));
        self.change(id, assign, &[]).await.map(drop)
    }

    /// Takes back a consent, with what the client was granted by it.
    pub(crate) async fn withdraw_consent(
        &self,
        id: AccountId,
        client: &ClientId,
    ) -> Result<(), AuthError> {
        let now = self.ids.now();
        let withdraw = |account: &Account| Ok(account.withdraw_consent(client, now));
        self.change(id, withdraw, &[]).await.map(drop)
    }

    /// Record of a person.
    pub(crate) async fn person(&self, id: AccountId) -> Result<Option<Person>, StorageError> {
        self.records.find(id).await
    }

    /// Replaces the standard claims about a person.
    pub(crate) async fn describe(
        &self,
        id: AccountId,
        claims: serde_json::Map<String, serde_json::Value>,
    ) -> Result<(), AuthError> {
        let now = self.ids.now();
        let describe = |_: &Account, person: &mut Person| {
            if person.claims == claims {
                return Ok(Vec::new());
            }
            person.claims.clone_from(&claims);
            Ok(Account::describe(now))
        };
        self.change_person(id, describe, Vec::new()).await.map(drop)
    }

    /// Disables or enables an account.
    pub(crate) async fn enable(&self, id: AccountId, is_enabled: bool) -> Result<(), AuthError> {
        let now = self.ids.now();
        let change = |account: &Account| {
            Ok(if is_enabled { account.enable(now) } else { account.disable(now) })
        };
        // Passkeys of before count no longer.
        let writes = if is_enabled { self.passkey_deletions(id).await? } else { Vec::new() };
        self.change(id, change, &writes).await.map(drop)
    }

    /// Remembers a consent to scopes for a client that is registered since this time.
    pub(crate) async fn consent(
        &self,
        id: AccountId,
        client: &ClientId,
        registered_at: Timestamp,
        scopes: &[String],
    ) -> Result<(), AuthError> {
        let now = self.ids.now();
        let consent = |account: &Account| account.consent(client, registered_at, scopes, now);
        self.change(id, consent, &[]).await.map(drop)
    }

    /// All accounts with their records, in the order in which they were created.
    pub(crate) async fn list(
        &self,
    ) -> Result<Vec<(AccountId, Arc<Account>, Person)>, StorageError> {
        let mut accounts = Vec::new();
        for (id, person) in self.records.list().await? {
            // One that is deleted meanwhile is not there any more.
            if let Some(account) = self.load(id).await? {
                accounts.push((id, account, person));
            }
        }
        Ok(accounts)
    }

    fn opened(&self, handle: &str) -> Result<(AccountId, u32), Rejection> {
        let opened = self.handles.open(Purpose::SetUp, handle);
        opened.map(|(id, number)| (AccountId(id), number)).ok_or(Rejection::OfferInvalid)
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Accounts")
    }
}
