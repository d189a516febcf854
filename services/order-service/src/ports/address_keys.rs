//! Port to the keys under which address books are stored, one for each account, which is another one after an erasure.

use crate::domain::events::Customer;
use async_trait::async_trait;
use identifiers::AccountId;
use std::fmt::Debug;
use storage::StorageError;

/// Keys of address books.
#[async_trait]
pub(crate) trait AddressKeys: Send + Sync + Debug {
    /// Key of what an account stores now.
    fn current(&self, account: AccountId) -> Customer;

    /// Keys with which something of an account can be read: those whose erasure was requested, and the current one.
    fn readable(&self, account: AccountId) -> Vec<Customer>;

    /// Whether the erasure of a key was requested, however far it is.
    fn is_given_up(&self, customer: Customer) -> bool;

    /// Keys whose erasure was requested and has not ended.
    fn requested(&self) -> Vec<Customer>;

    /// Requests the erasure of a key, with which nothing is stored from here on; durable when this returns.
    async fn request(&self, customer: Customer) -> Result<(), StorageError>;

    /// Destroys a key; durable when this returns.
    async fn destroy(&self, customer: Customer) -> Result<(), StorageError>;
}
