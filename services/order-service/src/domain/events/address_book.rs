//! Domain events of an address book. Stored, so they change only by additions.

use super::{Address, Customer};
use identifiers::AddressId;
use kernel::Timestamp;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Use of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub(crate) enum AddressUse {
    /// Goods go there.
    #[n(0)]
    Delivery,
    /// Invoices name it.
    #[n(1)]
    Billing,
}

/// Event of an address book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum AddressBookEvent {
    /// An address was stored, or put in place of the one with this id.
    #[n(0)]
    AddressStored {
        #[n(0)]
        id: AddressId,
        /// Absent once its customer was erased.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[n(1)]
        address: Option<Address>,
        /// Under whose key it is stored.
        #[n(2)]
        customer: Customer,
        #[cbor(n(3), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// An address was removed.
    #[n(1)]
    AddressRemoved {
        #[n(0)]
        id: AddressId,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// An address became the default for a use.
    #[n(2)]
    DefaultChosen {
        #[n(0)]
        id: AddressId,
        #[n(1)]
        wanted: AddressUse,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// What was stored under the key of a customer was erased.
    #[n(3)]
    Erased {
        #[n(0)]
        customer: Customer,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
}

impl AddressBookEvent {
    /// The stable name of the event.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::AddressStored { .. } => "address_stored",
            Self::AddressRemoved { .. } => "address_removed",
            Self::DefaultChosen { .. } => "default_chosen",
            Self::Erased { .. } => "erased",
        }
    }
}
