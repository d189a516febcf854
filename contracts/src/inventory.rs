//! Contract of the inventory service: stock, movements, holds.

use crate::shared::{HoldId, OrderId, Quantity, Sku};
use kernel::{Cursor, Timestamp};
use rpc::{FeedEvent, contract};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use transport::{CallError, Channel, Client};

/// The service's name in the module table.
pub const SERVICE: &str = "inventory-service";

/// Default location.
pub const DEFAULT_LOCATION: &str = "main";

/// Stock of a SKU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stock {
    /// SKU of the article.
    pub sku: Sku,
    /// Units on hand.
    pub on_hand: i64,
    /// Of these, held for orders being placed.
    pub held: i64,
    /// Sellable units: over all locations, on hand less held, never below 0; [`UNTRACKED_AVAILABLE`] of an untracked SKU.
    pub available: i64,
    /// Whether the stock is untracked: it has no limit, and sales do not change the units on hand.
    #[serde(default)]
    pub untracked: bool,
    /// Held units that are missing according to a stock count; normally 0.
    #[serde(default)]
    pub shortage: i64,
    /// By location.
    pub locations: Vec<LocationStock>,
}

/// Stock of a SKU in one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LocationStock {
    /// Location.
    pub location: String,
    /// Units on hand.
    pub on_hand: i64,
    /// Of these, held.
    pub held: i64,
    /// Sellable units.
    pub available: i64,
    /// Held units that are missing.
    #[serde(default)]
    pub shortage: i64,
}

/// Stock count of a SKU at a location, or the statement that its stock is untracked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StockCount {
    /// Units on hand; 0 or more. Required unless `untracked` is true; then absent leaves them as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_hand: Option<i64>,
    /// Whether the stock is untracked from now on: it has no limit. A count without this is one of a tracked stock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untracked: bool,
    /// Location; `main` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A count of one SKU among many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SkuCount {
    /// SKU of the article.
    pub sku: Sku,
    /// Units on hand. Required unless `untracked` is true; then absent leaves them as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_hand: Option<i64>,
    /// Whether the stock is untracked from now on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untracked: bool,
}

/// Counts of many SKUs at the default location, at most 2,048.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StockCounts {
    /// The counts.
    pub counts: Vec<SkuCount>,
    /// Reason.
    pub reason: String,
}

/// Stock of many SKUs, in the order asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockList {
    /// One for each SKU.
    pub items: Vec<Stock>,
}

/// Stock movement by an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMovement {
    /// `received` or `adjusted`.
    pub kind: MovementKind,
    /// Units, signed: what came is positive.
    pub quantity: i64,
    /// Location; `main` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Kind of a stock movement.
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
    /// SKU of the article.
    pub sku: Sku,
    /// Location.
    pub location: String,
    /// Kind of a stock movement.
    pub kind: MovementKind,
    /// Units, signed.
    pub quantity: i64,
    /// Units on hand afterwards.
    pub on_hand: i64,
    /// Description in words.
    pub reason: Option<String>,
    /// The order it belongs to.
    pub order_id: Option<OrderId>,
    /// Time.
    #[schemars(with = "String")]
    #[serde(with = "kernel::rfc3339")]
    pub at: Timestamp,
}

/// A page of the ledger, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Movements {
    /// The entries.
    pub items: Vec<Movement>,
    /// Cursor of the next page.
    pub next_cursor: Option<Cursor>,
}

/// Maximum number of counts of one request.
pub const COUNTS_MAX: usize = 2_048;
/// Maximum number of lines of one hold.
pub const HOLD_LINES_MAX: usize = 1_000;
/// Maximum duration of a hold, in seconds: the longest that an order may wait for its prepayment, and a day.
pub const HOLD_SECONDS_MAX: u32 = 61 * 24 * 3_600;

/// Request to hold stock for an order: all lines or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHold {
    /// Order that the stock is held for.
    pub order_id: OrderId,
    /// Lines; one per SKU.
    pub lines: Vec<Quantity>,
    /// Duration, in seconds.
    pub expires_in_seconds: u32,
}

/// Status of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldStatus {
    /// Held.
    Held,
    /// Sold.
    Committed,
    /// Released before it was sold.
    Released,
    /// Its time ran out.
    Expired,
    /// Sold, and all of it came back.
    Returned,
}

/// Hold: stock reserved for an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hold {
    /// Identity, chosen by the caller.
    pub id: HoldId,
    /// Status.
    pub status: HoldStatus,
    /// When it expires.
    #[schemars(with = "String")]
    #[serde(with = "kernel::rfc3339")]
    pub expires_at: Timestamp,
}

/// Units of a committed hold that come back into stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restock {
    /// Lines; one per SKU.
    pub lines: Vec<Quantity>,
    /// Reason.
    pub reason: String,
}

/// Event of the inventory service's feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum InventoryEvent {
    /// The available quantity of a SKU entered, left or changed within the range that shoppers see.
    AvailabilityChanged {
        /// SKU of the article.
        sku: Sku,
        /// Units available now; exact up to [`LOW_STOCK_UNITS`], otherwise "more than that".
        available: i64,
    },
    /// An operator changed the units on hand.
    StockChanged {
        /// SKU of the article.
        sku: Sku,
        /// Location.
        location: String,
        /// Units, signed.
        quantity: i64,
        /// Reason.
        reason: Option<String>,
    },
    /// An operator changed whether the stock of a SKU is tracked.
    StockPolicyChanged {
        /// SKU of the article.
        sku: Sku,
        /// Whether it is untracked now.
        untracked: bool,
    },
}

/// Available quantity of an untracked SKU: as many as one line can have.
pub const UNTRACKED_AVAILABLE: i64 = 1_000_000_000;

/// Maximum available quantity that shoppers see as a number.
pub const LOW_STOCK_UNITS: i64 = 5;

impl FeedEvent for InventoryEvent {
    const SOURCE: &'static str = SERVICE;
    const TYPES: &'static [&'static str] =
        &["availability_changed", "stock_changed", "stock_policy_changed"];
}

contract! {
    /// Contract of the inventory service towards the services that sell.
    pub trait Inventory in (SERVICE) {
        /// Sets what is on hand of many SKUs, at most [`COUNTS_MAX`], and whether their stock is tracked.
        idempotent fn count(counts: StockCounts) -> StockList;

        /// Stock of SKUs, at most [`HOLD_LINES_MAX`], in the order asked for; none of an unknown one.
        idempotent fn stock(skus: Vec<Sku>) -> StockList;

        /// Holds stock: all lines or none. A repeated call with the same id returns the same hold. Refused with
        /// `out_of_stock`, which names the SKU, and with `id_reused` when the id came before with other lines.
        idempotent fn hold(id: HoldId, new: NewHold) -> Hold;

        /// Commits a hold: sells its units. An expired hold is renewed if the units are still available; otherwise `hold_expired`.
        idempotent fn commit(id: HoldId) -> Hold;

        /// Releases a hold or, once committed, returns all of it to stock. Unknown and released holds are no
        /// error: they can never be held afterwards.
        idempotent fn release(id: HoldId) -> ();

        /// Returns units of a committed hold to stock, once per `reference`. Refused with `not_sold`.
        idempotent fn restock(id: HoldId, reference: String, restock: Restock) -> ();
    }
}

/// HTTP client of the inventory service's public API.
#[derive(Clone, Debug)]
pub struct InventoryClient(Client);

impl InventoryClient {
    /// The service's name in the module table.
    pub const SERVICE: &'static str = SERVICE;

    /// A client over this channel.
    pub fn new(transport: Channel) -> Self {
        Self(Client::new(Self::SERVICE, transport))
    }

    /// Stock of a SKU.
    pub async fn stock(&self, sku: &Sku) -> Result<Stock, CallError> {
        self.0.get(format!("/api/v1/stock/{}", crate::path_segment(sku.as_str()))).send().await
    }
}
