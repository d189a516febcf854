//! Domain events of a cart. Stored, so they change only by additions.

use identifiers::{OrderId, Sku};
use kernel::{Currency, Timestamp, UnitPrice, Uuid};
use serde::{Deserialize, Serialize};

/// Cart event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum CartEvent {
    /// The cart was created.
    Created { currency: Currency, lines: Vec<Line>, at: Timestamp },
    /// Units of a SKU were added to those already in the cart.
    LineAdded {
        sku: Sku,
        quantity: i64,
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<Uuid>,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "price_text")]
        price: Option<UnitPrice>,
    },
    /// The quantity of a SKU was set.
    LineChanged {
        sku: Sku,
        quantity: i64,
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "price_text")]
        price: Option<UnitPrice>,
    },
    /// The line of a SKU was removed.
    LineRemoved { sku: Sku, at: Timestamp },
    /// An order's checkout of the cart began.
    CheckoutBegun { order_id: OrderId, at: Timestamp },
    /// The checkout was abandoned: the order will not be placed. Also recorded if the checkout never began.
    CheckoutAbandoned { order_id: OrderId, at: Timestamp },
    /// The order was placed.
    Ordered { order_id: OrderId, at: Timestamp },
}

/// Line: a SKU and a quantity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) sku: Sku,
    pub(crate) quantity: i64,
    /// Price of one unit when the line was last added or changed; unknown in older events.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "price_text")]
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
        }
    }
}
