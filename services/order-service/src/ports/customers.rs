//! Port to the pseudonyms of customers, under whose keys their contact details are stored.

use crate::domain::events::Customer;
use async_trait::async_trait;
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
#[async_trait]
pub(crate) trait Customers: Send + Sync + Debug {
    /// Pseudonym for a new order with this e-mail address. After an erasure it is another one.
    fn current(&self, email: &str) -> Customer;

    /// Pseudonym of the orders with this e-mail address that were placed before there were pseudonyms.
    fn first(&self, email: &str) -> Customer;

    /// Pseudonyms under which orders with this e-mail address can be read: those whose erasure is deferred, and the current one.
    fn readable(&self, email: &str) -> Vec<Customer>;

    /// Whether the erasure of a customer was requested, however far it is.
    fn is_given_up(&self, customer: Customer) -> bool;

    /// Requests the erasure of a customer, under whose pseudonym nothing is placed from here on; durable when this returns.
    async fn request(&self, customer: Customer) -> Result<(), StorageError>;

    /// Advances the erasure of a customer; durable when this returns.
    async fn advance(&self, customer: Customer, to: ErasureStage) -> Result<(), StorageError>;

    /// Customers whose erasure is deferred.
    fn requested(&self) -> Vec<Customer>;

    /// Customers who were erased, and whose contact details nobody can read.
    fn erased(&self) -> Vec<Customer>;

    /// Customers whose contact details need not be kept any longer at this time.
    fn due(&self, now: Timestamp) -> Vec<Customer>;

    /// Records that a checkout of a customer has left no order: the index has nothing of it, and its saga has the contact details.
    async fn note_attempt(&self, customer: Customer) -> Result<(), StorageError>;

    /// Whether that was recorded.
    async fn has_attempts(&self, customer: Customer, now: Timestamp) -> Result<bool, StorageError>;
}
