//! Port to the pseudonyms of customers, under whose keys their contact details are stored.

use crate::domain::events::Customer;
use kernel::Timestamp;
use std::fmt::Debug;
use storage::StorageError;
use subject_keys::KeyId;

/// Key under which a customer's contact details are stored.
pub(crate) fn key_of(Customer(number): Customer) -> KeyId {
    KeyId::from_bytes(number.to_le_bytes())
}

/// Stage of the erasure of a customer. It only ever advances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErasureStage {
    /// Requested; what is open needs the contact details.
    Requested,
    /// Nobody reads them any more; they are kept, encrypted, until this time.
    RetainedUntil(Timestamp),
    /// Their key is destroyed.
    Done,
}

/// Pseudonyms of customers.
pub(crate) trait Customers: Send + Sync + Debug {
    /// Pseudonym for a new order with this e-mail address. After an erasure it is another one.
    fn current(&self, email: &str) -> Customer;

    /// Pseudonym of the orders with this e-mail address that were placed before there were pseudonyms.
    fn first(&self, email: &str) -> Customer;

    /// Pseudonyms under which orders with this e-mail address can be read: those whose erasure is deferred, and the current one.
    fn readable(&self, email: &str) -> Vec<Customer>;

    /// Advances the erasure of a customer; durable when this returns.
    fn advance(&self, customer: Customer, to: ErasureStage) -> Result<(), StorageError>;

    /// Customers whose erasure is deferred.
    fn requested(&self) -> Vec<Customer>;

    /// Customers whose contact details need not be kept any longer at this time.
    fn due(&self, now: Timestamp) -> Vec<Customer>;
}
