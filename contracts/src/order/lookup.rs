//! Look-up of an order by what its customer knows about it.

use crate::shared::OrderId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Look-up of an order by what its customer knows about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLookup {
    /// The order's number, with or without a leading `#`; spaces do not count.
    pub number: String,
    /// The e-mail address that the order was placed with, in upper or lower case.
    pub email: String,
}

/// Reference to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderReference {
    /// Identity; for a guest, the right to see it.
    pub id: OrderId,
}
