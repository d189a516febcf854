//! What happens to a cart. Stored; only ever added to.

use kernel::{Currency, Timestamp, Uuid};
use serde::{Deserialize, Serialize};

/// What happens to a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum CartEvent {
    /// Somebody took a cart.
    Created { currency: Currency, lines: Vec<Line>, at: Timestamp },
    /// Units of a SKU were put in, beside those that were there.
    LineAdded {
        sku: String,
        quantity: i64,
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<Uuid>,
    },
    /// The units of a SKU were set.
    LineChanged { sku: String, quantity: i64, at: Timestamp },
    /// A SKU was taken out.
    LineRemoved { sku: String, at: Timestamp },
    /// An order is being placed from the cart.
    CheckoutBegun { order_id: Uuid, at: Timestamp },
    /// The order was not placed, and will not be. Also recorded of a checkout whose beginning never arrived.
    CheckoutAbandoned { order_id: Uuid, at: Timestamp },
    /// The order was placed.
    Ordered { order_id: Uuid, at: Timestamp },
}

/// A SKU and how many units of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) sku: String,
    pub(crate) quantity: i64,
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
