//! The inventory service's contract: stock, movements, holds.

use crate::shared::{HoldId, OrderId, Quantity};
use kernel::{Cursor, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use transport::{CallError, Channel, Client};

/// The location that is meant when none is named.
pub const DEFAULT_LOCATION: &str = "main";

/// What there is of a SKU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stock {
    /// The article.
    pub sku: String,
    /// Units in the building.
    pub on_hand: i64,
    /// Of these, set aside for orders being placed.
    pub held: i64,
    /// What can be sold: over all locations, on hand less held, never below 0.
    pub available: i64,
    /// Units set aside that are not there, as a count found out; 0 as a rule.
    #[serde(default)]
    pub shortage: i64,
    /// By location.
    pub locations: Vec<LocationStock>,
}

/// What there is of a SKU in one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LocationStock {
    /// Where.
    pub location: String,
    /// Units in the building.
    pub on_hand: i64,
    /// Of these, set aside.
    pub held: i64,
    /// What can be sold.
    pub available: i64,
    /// Units set aside that are not there.
    #[serde(default)]
    pub shortage: i64,
}

/// A count: what there is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StockCount {
    /// Units in the building; 0 or more.
    pub on_hand: i64,
    /// Where; `main` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A count of one SKU among many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SkuCount {
    /// The article.
    pub sku: String,
    /// Units in the building.
    pub on_hand: i64,
}

/// Counts of many SKUs at the default location, at most 2,048.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StockCounts {
    /// The counts.
    pub counts: Vec<SkuCount>,
    /// Why.
    pub reason: String,
}

/// Stock of many SKUs, in the order asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockList {
    /// One for each SKU.
    pub items: Vec<Stock>,
}

/// A change of what is in the building, by an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMovement {
    /// `received` or `adjusted`.
    pub kind: MovementKind,
    /// Units, signed: what came is positive.
    pub quantity: i64,
    /// Where; `main` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why units came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// Goods came in.
    Received,
    /// A count or correction.
    Adjusted,
    /// Sold with an order.
    Sold,
    /// Came back from an order.
    Returned,
}

/// An entry of the ledger. Entries are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Movement {
    /// The article.
    pub sku: String,
    /// Where.
    pub location: String,
    /// Why units came or went.
    pub kind: MovementKind,
    /// Units, signed.
    pub quantity: i64,
    /// Units in the building afterwards.
    pub on_hand: i64,
    /// In words.
    pub reason: Option<String>,
    /// The order it belongs to.
    pub order_id: Option<OrderId>,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

/// A page of the ledger, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Movements {
    /// The entries.
    pub items: Vec<Movement>,
    /// Where to go on.
    pub next_cursor: Option<Cursor>,
}

/// The most counts of one request.
pub const COUNTS_MAX: usize = 2_048;
/// The most lines of one hold.
pub const HOLD_LINES_MAX: usize = 1_000;
/// The longest a hold may last, in seconds: a week.
pub const HOLD_SECONDS_MAX: u32 = 7 * 24 * 3_600;

/// Sets stock aside for an order: all lines or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHold {
    /// For whom.
    pub order_id: OrderId,
    /// What; one line per SKU.
    pub lines: Vec<Quantity>,
    /// For how long.
    pub expires_in_seconds: u32,
}

/// Where a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldStatus {
    /// Set aside.
    Held,
    /// Sold.
    Committed,
    /// Given back before it was sold.
    Released,
    /// Its time ran out.
    Expired,
    /// Sold, and all of it came back.
    Returned,
}

/// Stock set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hold {
    /// Identity, chosen by the caller.
    pub id: HoldId,
    /// Where it stands.
    pub status: HoldStatus,
    /// When it ends by itself.
    #[schemars(with = "String")]
    pub expires_at: Timestamp,
}

/// Units of a committed hold that come back into stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restock {
    /// What; one line per SKU.
    pub lines: Vec<Quantity>,
    /// Why.
    pub reason: String,
}

/// How much is left, as far as others need to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum InventoryEvent {
    /// What is available of a SKU crossed into, out of or within the range that shoppers are told of.
    AvailabilityChanged {
        /// The article.
        sku: String,
        /// Units available now; exact up to [`LOW_STOCK_UNITS`], otherwise "more than that".
        available: i64,
    },
    /// An operator changed what is in the building.
    StockChanged {
        /// The article.
        sku: String,
        /// Where.
        location: String,
        /// Units, signed.
        quantity: i64,
        /// Why.
        reason: Option<String>,
    },
}

/// Up to how many units shoppers are told how many are left.
pub const LOW_STOCK_UNITS: i64 = 5;

/// Speaks to the inventory service.
#[derive(Clone, Debug)]
pub struct InventoryClient(Client);

impl InventoryClient {
    /// The service's name in the module table.
    pub const SERVICE: &'static str = "inventory-service";

    /// A client over this transport.
    pub fn new(transport: Channel) -> Self {
        Self(Client::new(Self::SERVICE, transport))
    }

    /// What there is of a SKU.
    pub async fn stock(&self, sku: &str) -> Result<Stock, CallError> {
        self.0.get(format!("/api/v1/stock/{}", crate::path_segment(sku))).send().await
    }

    /// Sets what is on hand of many SKUs.
    pub async fn count(&self, counts: &StockCounts) -> Result<StockList, CallError> {
        self.0.put("/internal/v1/stock").json(counts).send().await
    }

    /// Sets stock aside. Asking again with the same id gives the same hold. 409 `out_of_stock` names the SKU.
    pub async fn hold(&self, id: HoldId, hold: &NewHold) -> Result<Hold, CallError> {
        self.0.put(format!("/internal/v1/holds/{id}")).json(hold).send().await
    }

    /// Sells what is held. Repeating it is no error. An expired hold is taken again if the goods are still there.
    pub async fn commit(&self, id: HoldId) -> Result<Hold, CallError> {
        self.0.put(format!("/internal/v1/holds/{id}/commit")).send().await
    }

    /// Gives back what is held or, once sold, takes all of it back into stock. Unknown and released holds are no error.
    pub async fn release(&self, id: HoldId) -> Result<(), CallError> {
        self.0.put(format!("/internal/v1/holds/{id}/release")).send_empty().await
    }

    /// Takes units of a committed hold back into stock, once per `reference`.
    pub async fn restock(
        &self,
        id: HoldId,
        reference: &str,
        restock: &Restock,
    ) -> Result<(), CallError> {
        let reference = crate::path_segment(reference);
        self.0
            .put(format!("/internal/v1/holds/{id}/restocks/{reference}"))
            .json(restock)
            .send_empty()
            .await
    }
}
