//! Domain events of a wish list. Stored, so they change only by additions.

use identifiers::Sku;
use kernel::Timestamp;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Wish list event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum WishListEvent {
    /// An article was added.
    #[n(0)]
    ItemAdded {
        #[n(0)]
        sku: Sku,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// An article was removed.
    #[n(1)]
    ItemRemoved {
        #[n(0)]
        sku: Sku,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The customer whose list it is was erased: it is empty, and stays so.
    #[n(2)]
    CustomerErased {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
}

impl WishListEvent {
    /// The stable name of the event.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::ItemAdded { .. } => "item_added",
            Self::ItemRemoved { .. } => "item_removed",
            Self::CustomerErased { .. } => "customer_erased",
        }
    }
}
