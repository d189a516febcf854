//! Use cases of address books: what a customer stores, shows and removes, and its export and erasure.

use super::error::OrderError;
use crate::{
    domain::{
        address_book::{AddressBook, NewAddress},
        events::{Address, address_book::AddressUse},
        rejection::Rejection,
    },
    ports::address_keys::AddressKeys,
};
use identifiers::{AccountId, AddressId};
use journal::Repository;
use kernel::{Ids, prefixed_id};
use std::sync::Arc;
use storage::StorageError;

/// Prefix of the names of the streams of address books.
pub(crate) const STREAM_PREFIX: &str = "addresses-";
/// Upper bound of the memory of cached address books, in bytes.
pub(crate) const BYTES_MAX: usize = 4 << 20;

/// Address books of the customers.
#[derive(Clone, Debug)]
pub(crate) struct AddressBooks {
    pub(crate) repository: Arc<Repository<AddressBook>>,
    pub(crate) keys: Arc<dyn AddressKeys>,
    pub(crate) ids: Ids,
}

impl AddressBooks {
    /// Address book of a customer; an empty one if nothing was ever stored.
    pub(crate) async fn book(&self, account: AccountId) -> Result<Arc<AddressBook>, OrderError> {
        let loaded = self.repository.load(&stream(account)).await?;
        Ok(loaded.state.unwrap_or_default())
    }

    /// Stores an address, a new one or one in place of the present one, and makes it the default for these uses.
    pub(crate) async fn store(
        &self,
        account: AccountId,
        id: AddressId,
        address: Address,
        uses: Vec<AddressUse>,
    ) -> Result<Arc<AddressBook>, OrderError> {
        let now = self.ids.now();
        let decide = |book: Option<&AddressBook>| {
            // Decided on again after an erasure, it is stored under the key that came next.
            let customer = self.keys.current(account);
            let new = NewAddress { id, address: address.clone(), customer, uses: uses.clone() };
            AddressBook::store(book, &new, now)
        };
        let loaded = self.repository.execute(&stream(account), decide, |_| Vec::new()).await?;
        Ok(loaded.state.unwrap_or_default())
    }

    /// Removes an address, if it is there.
    pub(crate) async fn remove(
        &self,
        account: AccountId,
        id: AddressId,
    ) -> Result<Arc<AddressBook>, OrderError> {
        let now = self.ids.now();
        let decide =
            |book: Option<&AddressBook>| Ok::<_, Rejection>(AddressBook::remove(book, id, now));
        let loaded = self.repository.execute(&stream(account), decide, |_| Vec::new()).await?;
        Ok(loaded.state.unwrap_or_default())
    }

    /// Erases what an account stored until now: from the request on nothing is stored under its key, then the event takes it out of
    /// the book, then the key is destroyed. A crash in between is made good by the next start, or by a repetition. Of an account
    /// that stored nothing no key is given up.
    pub(crate) async fn erase(&self, account: AccountId) -> Result<(), OrderError> {
        for customer in self.keys.readable(account) {
            let book = self.book(account).await?;
            if !book.has_data_of(customer) && !self.keys.is_given_up(customer) {
                continue;
            }
            self.keys.request(customer).await?;
            let now = self.ids.now();
            let decide = |book: Option<&AddressBook>| {
                Ok::<_, Rejection>(AddressBook::erase(book, customer, now))
            };
            let erased = self.repository.execute(&stream(account), decide, |_| Vec::new()).await?;
            let erased = erased.commit().wait().await;
            erased.map_err(|error| StorageError::Unavailable(error.to_string()))?;
            self.keys.destroy(customer).await?;
        }
        Ok(())
    }

    /// Ends the erasures that a shutdown interrupted.
    pub(crate) async fn resume_erasures(&self) -> Result<(), StorageError> {
        for customer in self.keys.requested() {
            self.keys.destroy(customer).await?;
        }
        Ok(())
    }
}

fn stream(account: AccountId) -> String {
    prefixed_id(STREAM_PREFIX, account)
}
