//! Address book: the addresses that a customer with an account stored, and the contract by which whoever answers for a person's data
//! sees and erases it.

use super::SERVICE;
use crate::shared::{AccountId, Address, AddressId};
use rpc::contract;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Address book of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AddressBook {
    /// The addresses, the oldest first.
    pub items: Vec<StoredAddress>,
    /// How many addresses an account can have.
    pub addresses_max: usize,
}

/// Address in an address book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredAddress {
    /// Identity.
    pub id: AddressId,
    /// The address, in its normal form.
    pub address: Address,
    /// Whether goods go there unless something else is said. One of the addresses is it.
    pub default_delivery: bool,
    /// Whether invoices name it unless something else is said. One of the addresses is it.
    pub default_billing: bool,
}

/// Request to store an address, a new one or one in place of the present one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressToStore {
    /// The address.
    pub address: Address,
    /// Whether it becomes the default for delivery. To end that, make another address the default.
    #[serde(default)]
    pub default_delivery: bool,
    /// Whether it becomes the default for invoices.
    #[serde(default)]
    pub default_billing: bool,
}

impl AddressBook {
    /// The address of an id.
    pub fn find(&self, id: AddressId) -> Option<&StoredAddress> {
        self.items.iter().find(|stored| stored.id == id)
    }

    /// The default for delivery.
    pub fn delivery(&self) -> Option<&StoredAddress> {
        self.items.iter().find(|stored| stored.default_delivery)
    }

    /// The default for invoices.
    pub fn billing(&self) -> Option<&StoredAddress> {
        self.items.iter().find(|stored| stored.default_billing)
    }

    /// Whether no further address can be stored.
    pub fn is_full(&self) -> bool {
        self.items.len() >= self.addresses_max
    }
}

contract! {
    /// Contract of the address books towards whoever answers for a person's data.
    pub trait AddressBooks in (SERVICE) {
        /// The address book of an account; an empty one if nothing was ever stored.
        idempotent fn export_addresses(account: AccountId) -> AddressBook;

        /// Erases the address book of an account: what was stored until now cannot be read again, when this returns.
        idempotent fn erase_addresses(account: AccountId) -> ();
    }
}
