//! Domain events of a cart. Stored, so they change only by additions.

use identifiers::{OrderId, Sku};
use kernel::{Currency, Timestamp, Uuid};
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
    },
    /// The quantity of a SKU was set.
    LineChanged { sku: Sku, quantity: i64, at: Timestamp },
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
