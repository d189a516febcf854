//! Keys of address books: keyed hashes of their accounts.

use super::customer_keys::{change, customer};
use crate::{
    domain::events::Customer,
    ports::{address_keys::AddressKeys, customers::key_of},
};
use async_trait::async_trait;
use identifiers::AccountId;
use journal::ServiceStorage;
use std::sync::Arc;
use storage::StorageError;
use subject_keys::{Erasure, SubjectKeys};

/// Purpose for which addresses are kept: to fill in the forms of their customer.
const PURPOSE: &str = "address_book";

/// Keys of the process.
#[derive(Clone, Debug)]
pub(crate) struct AccountAddressKeys(Arc<SubjectKeys>);

impl AccountAddressKeys {
    pub(crate) fn of(storage: &ServiceStorage) -> Self {
        Self(Arc::clone(&storage.subject_keys))
    }
}

#[async_trait]
impl AddressKeys for AccountAddressKeys {
    fn current(&self, account: AccountId) -> Customer {
        customer(self.0.id(PURPOSE, &account.to_string()))
    }

    fn readable(&self, account: AccountId) -> Vec<Customer> {
        let ids = self.0.readable_ids(PURPOSE, &account.to_string());
        ids.into_iter().map(customer).collect()
    }

    fn is_given_up(&self, customer: Customer) -> bool {
        self.0.erasure(key_of(customer)).is_some()
    }

    fn requested(&self) -> Vec<Customer> {
        self.0.requested(PURPOSE).into_iter().map(customer).collect()
    }

    async fn request(&self, customer: Customer) -> Result<(), StorageError> {
        let key = key_of(customer);
        change(&self.0, move |keys| keys.request_erasures(PURPOSE, &[key])).await
    }

    async fn destroy(&self, customer: Customer) -> Result<(), StorageError> {
        let key = key_of(customer);
        change(&self.0, move |keys| keys.advance_erasures(PURPOSE, &[(key, Erasure::Done)])).await
    }
}
