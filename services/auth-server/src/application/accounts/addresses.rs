//! E-mail addresses: each belongs to one account, by a stream that is named after a keyed digest of it.

use super::person_records::PersonRecords;
use crate::{application::error::AuthError, domain::address::Address};
use identifiers::{AccountId, Email};
use journal::Repository;
use kernel::{Ids, Timestamp};
use ring::hmac;
use std::fmt;
use storage::StorageError;

/// Prefix of the streams of addresses.
pub(crate) const ADDRESS_PREFIX: &str = "address-";

/// E-mail addresses of the accounts.
pub(crate) struct Addresses {
    pub(crate) repository: Repository<Address>,
    pub(crate) records: PersonRecords,
    pub(crate) ids: Ids,
    /// Key of the digests.
    pub(crate) key: hmac::Key,
}

impl Addresses {
    /// Account for which an address is claimed.
    pub(crate) async fn holder(&self, email: &Email) -> Result<Option<AccountId>, StorageError> {
        let address = self.repository.load(&self.stream(email)).await?;
        Ok(address.state.map(|address| address.holder))
    }

    /// Claims an address for an account, which takes it up within the time of a reservation by a record that names it. A claim that was
    /// never taken up, because the process died in between or another address was chosen meanwhile, keeps nobody from the address.
    pub(crate) async fn claim(&self, email: &Email, account: AccountId) -> Result<(), AuthError> {
        let (stream, now) = (self.stream(email), self.ids.now());
        let held = self.repository.load(&stream).await?.state;
        let abandoned = match &held {
            Some(held) if self.is_abandoned(held, email, now).await? => Some(&**held),
            _ => None,
        };
        let claim = |address: Option<&Address>| Address::claim(address, account, abandoned, now);
        self.repository.execute(&stream, claim, |_| Vec::new()).await?;
        Ok(())
    }

    async fn is_abandoned(
        &self,
        address: &Address,
        email: &Email,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        if !address.is_reservation_over(now) {
            return Ok(false);
        }
        let person = self.records.find(address.holder).await?;
        Ok(!person.is_some_and(|person| person.is_reached_at(email)))
    }

    /// Keyed digest of an address, whose capital letters make no difference.
    pub(crate) fn digest(&self, email: &Email) -> String {
        let tag = hmac::sign(&self.key, email.as_str().to_lowercase().as_bytes());
        jose::base64url_encode(tag.as_ref())
    }

    fn stream(&self, email: &Email) -> String {
        [ADDRESS_PREFIX, &self.digest(email)].concat()
    }
}

impl fmt::Debug for Addresses {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Addresses")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        adapters::settings::AuthSettings,
        application::accounts::new_password::Password,
        domain::{Rejection, address::RESERVATION},
        provider::Provider,
    };
    use engine_memory::MemoryEngine;
    use kernel::{ManualClock, SeededRandomness};
    use std::sync::Arc;

    async fn provider() -> (Arc<Provider>, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
        let storage = MemoryEngine::new().service("auth-server");
        (Provider::open(&AuthSettings::default(), &storage, &ids).await.unwrap(), clock)
    }

    fn email(text: &str) -> Email {
        Email::parse(text).unwrap()
    }

    fn is_taken<T>(result: &Result<T, AuthError>) -> bool {
        matches!(result, Err(AuthError::Rejected(Rejection::AddressTaken)))
    }

    #[tokio::test]
    async fn an_address_whose_account_was_never_made_leads_to_that_account() {
        let (provider, _) = provider().await;
        let (ada, accounts) = (email("ada@example.com"), &provider.accounts);
        let lost = provider.ids.next::<AccountId>();
        accounts.addresses.claim(&ada, lost).await.unwrap();
        assert_eq!(accounts.create(Some(&ada), None).await.unwrap(), lost);
        assert!(is_taken(&accounts.create(Some(&ada), None).await), "and now it has an account");
    }

    #[tokio::test]
    async fn an_address_that_was_claimed_in_vain_is_free_after_the_reservation() {
        let (provider, clock) = provider().await;
        let (accounts, password) =
            (&provider.accounts, Password::choose("correct horse battery", "").unwrap());
        let [one, other] = ["one@example.com", "other@example.com"].map(email);
        let id = accounts.create(None, None).await.unwrap();
        let link = accounts.offer_set_up(id).await.unwrap();
        // The same link in two windows, with another address in each; the process dies after the first claim.
        accounts.addresses.claim(&other, id).await.unwrap();
        accounts.set_up(&link, &one, &password, Vec::new()).await.unwrap();
        assert!(is_taken(&accounts.create(Some(&other), None).await), "it may still be taken up");
        assert!(accounts.authenticate(&other, "correct horse battery").await.unwrap().is_none());
        clock.advance(RESERVATION);
        assert!(is_taken(&accounts.create(Some(&one), None).await), "it was taken up");
        let new = accounts.create(Some(&other), None).await.unwrap();
        assert_eq!(accounts.addresses.holder(&other).await.unwrap(), Some(new));
        assert_eq!(accounts.addresses.holder(&one).await.unwrap(), Some(id));
    }
}
