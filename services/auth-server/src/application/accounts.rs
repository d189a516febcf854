//! Accounts: creating, setting up, signing in. What happened is in the journal; address and password are a record beside it.

use super::{
    error::AuthError,
    handle::{HandleKey, Purpose},
    passwords::{Password, PasswordHasher},
};
use crate::domain::{
    Rejection,
    account::Account,
    address::Address,
    events::{ClientId, Role},
};
use identifiers::{AccountId, Email};
use journal::{LoadedAggregate, Repository};
use kernel::{Ids, Timestamp, prefixed_id};
use ring::hmac;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};
use storage::{Collection, Document, Documents, QUERY_DOCUMENTS_MAX, StorageError, Write};

/// Prefix of the streams of accounts.
pub(crate) const ACCOUNT_PREFIX: &str = "account-";
/// Prefix of the streams of addresses.
pub(crate) const ADDRESS_PREFIX: &str = "address-";
/// Time for which a one-time link can be used.
pub(crate) const SET_UP_VALID: Duration = Duration::from_hours(24);

/// Records of people, by account.
static PEOPLE: Collection = Collection { name: "people", indexes: &[] };

/// Record of a person: what is personal or secret, to be replaced or erased.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Person {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    /// Hash of the password, as a PHC string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

impl Person {
    /// Whether this is the person's address; capital letters make no difference.
    fn is_reached_at(&self, email: &Email) -> bool {
        let own = self.email.as_deref().map(str::to_lowercase);
        own == Some(email.as_str().to_lowercase())
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Person")
    }
}

/// Accounts of the shop.
pub(crate) struct Accounts {
    pub(crate) repository: Repository<Account>,
    pub(crate) addresses: Repository<Address>,
    pub(crate) documents: Arc<dyn Documents>,
    pub(crate) ids: Ids,
    pub(crate) passwords: PasswordHasher,
    pub(crate) handles: Arc<HandleKey>,
    /// Key of the digests by which addresses are found.
    pub(crate) address_key: hmac::Key,
}

impl Accounts {
    /// Creates an account, with a free address if it has one. An address whose account was never written, because the process
    /// died in between, leads to that account.
    pub(crate) async fn create(
        &self,
        email: Option<&Email>,
        role: Option<Role>,
    ) -> Result<AccountId, AuthError> {
        let (id, now) = (self.ids.next::<AccountId>(), self.ids.now());
        let id = match email {
            None => id,
            Some(email) => self.holder_or(email, id).await?,
        };
        let person = Person { email: email.map(|it| it.as_str().to_owned()), password: None };
        let write = put(id, &person)?;
        let stream = prefixed_id(ACCOUNT_PREFIX, id);
        let created = self.repository.create(
            &stream,
            |account| Account::create(account, role, now),
            |_| vec![write.clone()],
        );
        match created.await.map_err(AuthError::from) {
            Err(AuthError::Rejected(Rejection::AccountExists)) => {
                Err(Rejection::AddressTaken.into())
            }
            other => other.map(|_| id),
        }
    }

    /// Account that an address belongs to; this one if it was free.
    async fn holder_or(&self, email: &Email, account: AccountId) -> Result<AccountId, AuthError> {
        let (stream, now) = (self.address_stream(email), self.ids.now());
        let keep = |address: Option<&Address>| match address {
            Some(_) => Ok(Vec::new()),
            None => Address::claim(None, account, now),
        };
        let address = self.addresses.execute(&stream, keep, |_| Vec::new()).await?;
        Ok(address.state.map_or(account, |address| address.holder))
    }

    /// Makes a one-time link's handle for an account.
    pub(crate) async fn offer_set_up(&self, id: AccountId) -> Result<String, AuthError> {
        let now = self.ids.now();
        let expires = now.checked_add(SET_UP_VALID).unwrap_or(Timestamp::MAX);
        let offer = |account: Option<&Account>| {
            let account = account.ok_or(Rejection::UnknownAccount)?;
            if !account.is_enabled {
                return Err(Rejection::AccountDisabled);
            }
            Ok(account.offer_set_up(expires, now))
        };
        let account = self.change(id, offer).await?;
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

    /// Sets the password by a one-time link, and the address of an account that has none yet.
    pub(crate) async fn set_up(
        &self,
        handle: &str,
        email: &Email,
        password: &Password,
    ) -> Result<AccountId, AuthError> {
        let (id, person) = self.offered(handle).await?;
        let (_, number) = self.opened(handle)?;
        // Hashed before anything is claimed: it may take a while, or be refused.
        let hash = self.passwords.hash(password).await?;
        let now = self.ids.now();
        if person.email.is_none() {
            let claim = |address: Option<&Address>| Address::claim(address, id, now);
            self.addresses.execute(&self.address_stream(email), claim, |_| Vec::new()).await?;
        }
        let email = person.email.unwrap_or_else(|| email.as_str().to_owned());
        let write = put(id, &Person { email: Some(email), password: Some(hash) })?;
        let set =
            |account: Option<&Account>| account.ok_or(Rejection::OfferInvalid)?.set_up(number, now);
        let stream = prefixed_id(ACCOUNT_PREFIX, id);
        self.repository.execute(&stream, set, |_| vec![write.clone()]).await?;
        Ok(id)
    }

    /// Account of somebody who knows its address and its password. Whether there is such an account, whether it is disabled, or
    /// only the password is wrong makes no difference, in the answer or in the time that it takes.
    pub(crate) async fn authenticate(
        &self,
        email: &Email,
        password: &str,
    ) -> Result<Option<AccountId>, AuthError> {
        let id = self.of_address(email).await?;
        let mut hash = None;
        if let Some(id) = id
            && self.load(id).await?.is_some_and(|account| account.is_enabled && account.is_set_up)
        {
            let person = self.person(id).await?;
            hash = person.filter(|person| person.is_reached_at(email)).and_then(|it| it.password);
        }
        let is_right = self.passwords.verify(password, hash.as_deref()).await?;
        Ok(id.filter(|_| is_right))
    }

    /// Account that an address belongs to.
    pub(crate) async fn of_address(&self, email: &Email) -> Result<Option<AccountId>, AuthError> {
        let address = self.addresses.load(&self.address_stream(email)).await?;
        Ok(address.state.map(|address| address.holder))
    }

    /// Handle of a device on which somebody signed in. It proves nothing but that.
    pub(crate) fn device(&self, id: AccountId) -> String {
        self.handles.issue(Purpose::Device, id.into(), 0)
    }

    /// Whether the owner of an address signed in on the device of this handle before.
    pub(crate) async fn is_known_device(
        &self,
        email: &Email,
        device: &str,
    ) -> Result<bool, AuthError> {
        let Some((id, _)) = self.handles.open(Purpose::Device, device) else { return Ok(false) };
        Ok(self.of_address(email).await? == Some(AccountId(id)))
    }

    /// Account of this identifier.
    pub(crate) async fn load(&self, id: AccountId) -> Result<Option<Arc<Account>>, StorageError> {
        Ok(self.repository.load(&prefixed_id(ACCOUNT_PREFIX, id)).await?.state)
    }

    /// Record of a person.
    pub(crate) async fn person(&self, id: AccountId) -> Result<Option<Person>, StorageError> {
        let Some(stored) = self.documents.find(&PEOPLE, &id.to_string()).await? else {
            return Ok(None);
        };
        let person = serde_json::from_slice(&stored.body);
        person.map(Some).map_err(|_| StorageError::Corrupt(format!("the record of account {id}")))
    }

    /// Disables or enables an account.
    pub(crate) async fn enable(&self, id: AccountId, is_enabled: bool) -> Result<(), AuthError> {
        let now = self.ids.now();
        let change = |account: Option<&Account>| {
            let account = account.ok_or(Rejection::UnknownAccount)?;
            Ok(if is_enabled { account.enable(now) } else { account.disable(now) })
        };
        self.change(id, change).await.map(drop)
    }

    /// Remembers a consent.
    pub(crate) async fn consent(
        &self,
        id: AccountId,
        client: &ClientId,
        scopes: &[String],
    ) -> Result<(), AuthError> {
        let now = self.ids.now();
        let change = |account: Option<&Account>| {
            account.ok_or(Rejection::UnknownAccount)?.consent(client, scopes, now)
        };
        self.change(id, change).await.map(drop)
    }

    /// All accounts with their records, in the order in which they were created.
    pub(crate) async fn list(
        &self,
    ) -> Result<Vec<(AccountId, Arc<Account>, Person)>, StorageError> {
        let mut accounts = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.documents.scan(&PEOPLE, after.as_deref(), QUERY_DOCUMENTS_MAX).await?;
            let Some(last) = page.last() else { return Ok(accounts) };
            after = Some(last.key.clone());
            for document in page {
                let corrupt = || StorageError::Corrupt(format!("a record: {}", document.key));
                let id: AccountId = document.key.parse().map_err(|_| corrupt())?;
                let person = serde_json::from_slice(&document.body).map_err(|_| corrupt())?;
                let account = self.load(id).await?.ok_or_else(corrupt)?;
                accounts.push((id, account, person));
            }
        }
    }

    fn opened(&self, handle: &str) -> Result<(AccountId, u32), Rejection> {
        let opened = self.handles.open(Purpose::SetUp, handle);
        opened.map(|(id, number)| (AccountId(id), number)).ok_or(Rejection::OfferInvalid)
    }

    async fn change(
        &self,
        id: AccountId,
        decide: impl Fn(Option<&Account>) -> Result<Vec<crate::domain::events::AccountEvent>, Rejection>,
    ) -> Result<LoadedAggregate<Account>, AuthError> {
        let stream = prefixed_id(ACCOUNT_PREFIX, id);
        Ok(self.repository.execute(&stream, decide, |_| Vec::new()).await?)
    }

    /// Stream of an address: a keyed digest of it, whose capital letters make no difference.
    fn address_stream(&self, email: &Email) -> String {
        [ADDRESS_PREFIX, &self.address_digest(email)].concat()
    }

    /// Keyed digest of an address.
    pub(crate) fn address_digest(&self, email: &Email) -> String {
        let tag = hmac::sign(&self.address_key, email.as_str().to_lowercase().as_bytes());
        jose::base64url_encode(tag.as_ref())
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Accounts")
    }
}

fn put(id: AccountId, person: &Person) -> Result<Write, StorageError> {
    let body = serde_json::to_vec(person);
    let body = body.map_err(|error| StorageError::Corrupt(error.to_string()))?;
    let document = Document { key: id.to_string(), body: body.into(), fields: Vec::new() };
    Ok(Write::Put { collection: &PEOPLE, document })
}
