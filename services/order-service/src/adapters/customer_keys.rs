//! Pseudonyms of customers: the identifiers of their keys, which are keyed hashes of their e-mail addresses.

use crate::{
    domain::events::Customer,
    ports::customers::{Customers, ErasureStage, key_of},
};
use kernel::Timestamp;
use std::sync::Arc;
use storage::StorageError;
use subject_keys::{Erasure, KeyId, SubjectKeys};

/// Purpose for which contact details are kept: to deliver and settle orders, and to prove them to the tax office.
const PURPOSE: &str = "order_contact";

/// Pseudonyms from the keys of the process.
#[derive(Clone, Debug)]
pub(crate) struct CustomerKeys(pub(crate) Arc<SubjectKeys>);

impl Customers for CustomerKeys {
    fn current(&self, email: &str) -> Customer {
        customer(self.0.id(PURPOSE, &folded(email)))
    }

    fn first(&self, email: &str) -> Customer {
        customer(self.0.first_id(PURPOSE, &folded(email)))
    }

    fn readable(&self, email: &str) -> Vec<Customer> {
        self.0.readable_ids(PURPOSE, &folded(email)).into_iter().map(customer).collect()
    }

    fn advance(&self, customer: Customer, to: ErasureStage) -> Result<(), StorageError> {
        let stage = match to {
            ErasureStage::Requested => Erasure::Requested,
            ErasureStage::RetainedUntil(until) => Erasure::Restricted(until),
            ErasureStage::Done => Erasure::Done,
        };
        self.0
            .advance_erasures(PURPOSE, &[(key_of(customer), stage)])
            .map_err(|error| StorageError::Unavailable(error.to_string()))
    }

    fn requested(&self) -> Vec<Customer> {
        self.0.requested(PURPOSE).into_iter().map(customer).collect()
    }

    fn due(&self, now: Timestamp) -> Vec<Customer> {
        self.0.due(PURPOSE, now).into_iter().map(customer).collect()
    }
}

fn customer(key: KeyId) -> Customer {
    Customer(u64::from_le_bytes(key.to_bytes()))
}

/// E-mail address in one form for each person.
fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}
