//! Pseudonyms of customers: the identifiers of their keys, which are keyed hashes of their e-mail addresses.

use crate::{
    domain::events::Customer,
    ports::customers::{Customers, ErasureStage, key_of},
};
use async_trait::async_trait;
use journal::ServiceStorage;
use kernel::Timestamp;
use std::sync::Arc;
use storage::{KeyValue, StorageError};
use subject_keys::{Erasure, KeyId, SubjectKeys, WriteKeysError};

/// Purpose for which contact details are kept: to deliver and settle orders, and to prove them to the tax office.
const PURPOSE: &str = "order_contact";

/// Pseudonyms from the keys of the process.
#[derive(Clone, Debug)]
pub(crate) struct CustomerKeys {
    keys: Arc<SubjectKeys>,
    values: Arc<dyn KeyValue>,
}

impl CustomerKeys {
    pub(crate) fn of(storage: &ServiceStorage) -> Self {
        let (keys, values) = (Arc::clone(&storage.subject_keys), Arc::clone(&storage.key_value));
        Self { keys, values }
    }
}

/// Changes the keys on a thread that may wait for the disk: the file grows with every erasure.
pub(super) async fn change(
    keys: &Arc<SubjectKeys>,
    change: impl FnOnce(&SubjectKeys) -> Result<(), WriteKeysError> + Send + 'static,
) -> Result<(), StorageError> {
    let keys = Arc::clone(keys);
    let changed = tokio::task::spawn_blocking(move || change(&keys)).await;
    let unavailable = |error: &dyn ToString| StorageError::Unavailable(error.to_string());
    changed.map_err(|error| unavailable(&error))?.map_err(|error| unavailable(&error))
}

#[async_trait]
impl Customers for CustomerKeys {
    fn current(&self, email: &str) -> Customer {
        customer(self.keys.id(PURPOSE, &folded(email)))
    }

    fn first(&self, email: &str) -> Customer {
        first_customer(&self.keys, email)
    }

    fn readable(&self, email: &str) -> Vec<Customer> {
        self.keys.readable_ids(PURPOSE, &folded(email)).into_iter().map(customer).collect()
    }

    fn is_given_up(&self, customer: Customer) -> bool {
        self.keys.erasure(key_of(customer)).is_some()
    }

    async fn request(&self, customer: Customer) -> Result<(), StorageError> {
        let key = key_of(customer);
        change(&self.keys, move |keys| keys.request_erasures(PURPOSE, &[key])).await
    }

    async fn advance(&self, customer: Customer, to: ErasureStage) -> Result<(), StorageError> {
        let stage = match to {
            ErasureStage::Requested => Erasure::Requested,
            ErasureStage::RetainedUntil(until) => Erasure::Restricted(until),
            ErasureStage::Done => Erasure::Done,
        };
        let key = key_of(customer);
        change(&self.keys, move |keys| keys.advance_erasures(PURPOSE, &[(key, stage)])).await
    }

    fn requested(&self) -> Vec<Customer> {
        self.keys.requested(PURPOSE).into_iter().map(customer).collect()
    }

    fn erased(&self) -> Vec<Customer> {
        self.keys.erased(PURPOSE).into_iter().map(customer).collect()
    }

    fn due(&self, now: Timestamp) -> Vec<Customer> {
        self.keys.due(PURPOSE, now).into_iter().map(customer).collect()
    }

    async fn note_attempt(&self, customer: Customer) -> Result<(), StorageError> {
        // It lies before the end of the saga in the log, so nobody has to wait for it.
        self.values.put(&attempt_key(customer), "1".into(), None).await.map(drop)
    }

    async fn has_attempts(&self, customer: Customer, now: Timestamp) -> Result<bool, StorageError> {
        Ok(self.values.value(&attempt_key(customer), now).await?.is_some())
    }
}

/// Pseudonym of the orders with this e-mail address that were placed before there were pseudonyms.
pub(crate) fn first_customer(keys: &SubjectKeys, email: &str) -> Customer {
    customer(keys.first_id(PURPOSE, &folded(email)))
}

/// Pseudonym of a key.
pub(super) fn customer(key: KeyId) -> Customer {
    Customer(u64::from_le_bytes(key.to_bytes()))
}

/// Key of the note that a customer has attempts that left no order.
fn attempt_key(customer: Customer) -> String {
    format!("customer_attempt/{}", key_of(customer))
}

/// E-mail address in one form for each person.
fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}
