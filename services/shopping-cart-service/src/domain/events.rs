//! Domain events of carts and wish lists. Stored, so they change only by additions.

mod wish_list;

pub(crate) use wish_list::WishListEvent;

use identifiers::{AccountId, CartId, OrderId, Sku};
use kernel::{Currency, Timestamp, UnitPrice, Uuid};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Cart event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum CartEvent {
    /// The cart was created.
    #[n(0)]
    Created {
        #[n(0)]
        currency: Currency,
        #[n(1)]
        lines: Vec<Line>,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
        /// Account of the customer whose cart it is; none of a guest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[n(3)]
        owner: Option<AccountId>,
    },
    /// Units of a SKU were added to those already in the cart.
    #[n(1)]
    LineAdded {
        #[n(0)]
        sku: Sku,
        #[n(1)]
        quantity: i64,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cbor(n(4), with = "kernel::cbor", has_nil)]
        operation: Option<Uuid>,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "price_text")]
        #[n(3)]
        price: Option<UnitPrice>,
    },
    /// The quantity of a SKU was set.
    #[n(2)]
    LineChanged {
        #[n(0)]
        sku: Sku,
        #[n(1)]
        quantity: i64,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "price_text")]
        #[n(3)]
        price: Option<UnitPrice>,
    },
    /// The line of a SKU was removed.
    #[n(3)]
    LineRemoved {
        #[n(0)]
        sku: Sku,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// An order's checkout of the cart began.
    #[n(4)]
    CheckoutBegun {
        #[n(0)]
        order_id: OrderId,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The checkout was abandoned: the order will not be placed. Also recorded if the checkout never began.
    #[n(5)]
    CheckoutAbandoned {
        #[n(0)]
        order_id: OrderId,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The order was placed.
    #[n(6)]
    Ordered {
        #[n(0)]
        order_id: OrderId,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The cart of a guest is closed: its lines go into the cart of the customer who signed in.
    #[n(7)]
    MergedInto {
        #[n(0)]
        into: CartId,
        #[cbor(n(1), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The lines of a guest's cart were merged into this one, which has these lines now. Stored before there was `MergedFrom`.
    #[n(8)]
    LinesMerged {
        #[n(0)]
        from: CartId,
        #[n(1)]
        lines: Vec<Line>,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The other cart has the lines of this one, which was closed for it.
    #[n(9)]
    MergeEnded {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The lines of a guest's cart were merged into this one. It says what has changed by it, and no more.
    #[n(10)]
    MergedFrom {
        #[n(0)]
        from: CartId,
        /// Lines that are new, or have another quantity or price, as they are now.
        #[n(1)]
        changed: Vec<Line>,
        /// Lines that are gone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cbor(n(3), skip_if = "Vec::is_empty")]
        removed: Vec<Sku>,
        #[cbor(n(2), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// The customer whose cart it is was erased. Nobody uses it any more, but for an order that is being placed from it.
    #[n(11)]
    OwnerErased {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
}

/// Line: a SKU and a quantity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct Line {
    #[n(0)]
    pub(crate) sku: Sku,
    #[n(1)]
    pub(crate) quantity: i64,
    /// Price of one unit when the line was last added or changed; unknown in older events.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "price_text")]
    #[n(2)]
    pub(crate) price: Option<UnitPrice>,
}

/// Stored form of a price: `18.00 EUR`, a third of what an object needs, since a cart of many lines has as many.
mod price_text {
    use kernel::{Currency, UnitPrice};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub(super) fn serialize<S: Serializer>(
        price: &Option<UnitPrice>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match price {
            Some(price) => serializer.collect_str(price),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<UnitPrice>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let (amount, currency) =
            text.split_once(' ').ok_or_else(|| D::Error::custom("a price without a currency"))?;
        let currency = Currency::parse(currency).map_err(D::Error::custom)?;
        UnitPrice::parse_major(amount, currency).map(Some).map_err(D::Error::custom)
    }
}

impl CartEvent {
    /// The stable name of the event.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::LineAdded { .. } => "line_added",
            Self::LineChanged { .. } => "line_changed",
            Self::LineRemoved { .. } => "line_removed",
            Self::CheckoutBegun { .. } => "checkout_begun",
            Self::CheckoutAbandoned { .. } => "checkout_abandoned",
            Self::Ordered { .. } => "ordered",
            Self::MergedInto { .. } => "merged_into",
            Self::LinesMerged { .. } => "lines_merged",
            Self::MergeEnded { .. } => "merge_ended",
            Self::MergedFrom { .. } => "merged_from",
            Self::OwnerErased { .. } => "owner_erased",
        }
    }
}
