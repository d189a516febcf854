//! Domain events of stock. Stored, so they change only by adding variants and optional fields.

use super::Location;
use identifiers::{HoldId, OrderId, Sku};
use kernel::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::borrow::Cow;

/// Stock event. Operators' changes belong to the stream of their SKU, all others to the stream of their hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Event {
    /// Units were received.
    Received(StockChange),
    /// An operator adjusted the stock by a difference.
    Adjusted(StockChange),
    /// An operator counted; the quantity is the difference to the ledger.
    Counted(StockChange),
    /// An operator changed whether the stock of a SKU is tracked.
    PolicyChanged { sku: Sku, policy: StockPolicy },
    /// A hold was placed, all lines at once.
    Held {
        hold: HoldId,
        order_id: OrderId,
        lines: Vec<LocationUnits>,
        #[serde(with = "kernel::rfc3339")]
        expires_at: Timestamp,
    },
    /// A hold was committed: its units are sold. The lines are those of the hold unless the stock had to be sourced again.
    Committed { hold: HoldId, order_id: OrderId, lines: Vec<MovedUnits> },
    /// A hold was released.
    Released { hold: HoldId },
    /// A hold expired and no longer claims its units.
    Expired { hold: HoldId },
    /// Some of the sold units were restocked.
    Restocked {
        hold: HoldId,
        order_id: OrderId,
        reference: String,
        reason: String,
        lines: Vec<MovedUnits>,
    },
    /// All sold units that had not been restocked were returned.
    Returned { hold: HoldId, order_id: OrderId, lines: Vec<MovedUnits> },
    /// Tombstone: the hold was released before it was placed and can no longer be placed.
    Barred { hold: HoldId },
    /// The published availability of a SKU changed. Derived from the event before it; changes no stock.
    AvailabilityChanged {
        sku: Sku,
        available: i64,
        #[serde(default, rename = "turn", skip_serializing_if = "Option::is_none")]
        alert: Option<StockAlert>,
        /// The hold that caused the change; `None` for an operator's change.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hold: Option<HoldId>,
    },
}

/// Operator's change of the units on hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StockChange {
    pub(crate) sku: Sku,
    #[serde(default, skip_serializing_if = "Location::is_default")]
    pub(crate) location: Location,
    /// Signed: units received are positive.
    pub(crate) quantity: i64,
    /// Units on hand afterwards.
    pub(crate) on_hand: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// As in [`MovedUnits`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<u64>,
}

/// Stock policy of a SKU: whether its units are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StockPolicy {
    /// What is not on hand is not sold.
    #[default]
    Tracked,
    /// Stock without limit: holds claim no units, and sales take none.
    Untracked,
}

/// Units at one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LocationUnits {
    pub(crate) sku: Sku,
    #[serde(default, skip_serializing_if = "Location::is_default")]
    pub(crate) location: Location,
    /// At least 1.
    pub(crate) quantity: i64,
    /// Whether they were promised while the SKU was untracked, and so are not units of the stock. They stay it until
    /// the hold ends, whatever the policy becomes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) untracked: bool,
}

/// Units that left or entered one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MovedUnits {
    pub(crate) sku: Sku,
    #[serde(default, skip_serializing_if = "Location::is_default")]
    pub(crate) location: Location,
    /// At least 1; the event gives the direction.
    pub(crate) quantity: i64,
    /// Units on hand afterwards.
    pub(crate) on_hand: i64,
    /// Whether they are not units of the stock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) untracked: bool,
    /// Position of the event that moved units of this SKU before, so that its movements are a chain through the journal; 0
    /// at the beginning of the chain, and absent in events of early versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<u64>,
}

/// Stock alert: a threshold that the available units of a SKU have crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StockAlert {
    /// Available units fell to the low-stock threshold.
    #[serde(rename = "low_stock")]
    Low,
    /// No units are available any more.
    #[serde(rename = "out_of_stock")]
    Depleted,
    /// Units are available again.
    #[serde(rename = "back_in_stock")]
    Replenished,
}

impl Event {
    /// Name of the event in the journal.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Received(_) => "received",
            Self::Adjusted(_) => "adjusted",
            Self::Counted(_) => "counted",
            Self::PolicyChanged { .. } => POLICY_CHANGED,
            Self::Held { .. } => "held",
            Self::Committed { .. } => "committed",
            Self::Released { .. } => "released",
            Self::Expired { .. } => "expired",
            Self::Restocked { .. } => "restocked",
            Self::Returned { .. } => "returned",
            Self::Barred { .. } => "barred",
            Self::AvailabilityChanged { .. } => AVAILABILITY_CHANGED,
        }
    }

    /// The hold the event belongs to; `None` for a SKU's own event.
    pub(crate) fn hold(&self) -> Option<HoldId> {
        match self {
            Self::Received(_)
            | Self::Adjusted(_)
            | Self::Counted(_)
            | Self::PolicyChanged { .. } => None,
            Self::AvailabilityChanged { hold, .. } => *hold,
            Self::Held { hold, .. }
            | Self::Committed { hold, .. }
            | Self::Released { hold }
            | Self::Expired { hold }
            | Self::Restocked { hold, .. }
            | Self::Returned { hold, .. }
            | Self::Barred { hold } => Some(*hold),
        }
    }

    /// Whether the event is of a version that chains movements.
    pub(crate) fn is_chained(&self) -> bool {
        match self {
            Self::Received(change) | Self::Adjusted(change) | Self::Counted(change) => {
                change.previous.is_some()
            }
            Self::Committed { lines, .. }
            | Self::Restocked { lines, .. }
            | Self::Returned { lines, .. } => lines.iter().any(|moved| moved.previous.is_some()),
            Self::PolicyChanged { .. }
            | Self::Held { .. }
            | Self::Released { .. }
            | Self::Expired { .. }
            | Self::Barred { .. }
            | Self::AvailabilityChanged { .. } => false,
        }
    }

    /// Movements of stock: SKUs, and for each the position of the event that moved units of it before.
    pub(crate) fn moved(&self) -> impl Iterator<Item = (&Sku, Option<u64>)> {
        let (change, lines) = match self {
            Self::Received(change) | Self::Adjusted(change) | Self::Counted(change) => {
                (Some(change), &[][..])
            }
            Self::Committed { lines, .. }
            | Self::Restocked { lines, .. }
            | Self::Returned { lines, .. } => (None, &lines[..]),
            Self::PolicyChanged { .. }
            | Self::Held { .. }
            | Self::Released { .. }
            | Self::Expired { .. }
            | Self::Barred { .. }
            | Self::AvailabilityChanged { .. } => (None, &[][..]),
        };
        let change = change.into_iter().map(|change| (&change.sku, change.previous));
        let tracked = lines.iter().filter(|moved| !moved.untracked);
        change.chain(tracked.map(|moved| (&moved.sku, moved.previous)))
    }

    /// The SKU the event belongs to; `None` for a hold's event.
    pub(crate) fn sku(&self) -> Option<&Sku> {
        match self {
            Self::Received(change) | Self::Adjusted(change) | Self::Counted(change) => {
                Some(&change.sku)
            }
            Self::PolicyChanged { sku, .. } | Self::AvailabilityChanged { sku, hold: None, .. } => {
                Some(sku)
            }
            _ => None,
        }
    }
}

/// Name of the availability event, which consumers follow along with operators' changes.
pub(crate) const AVAILABILITY_CHANGED: &str = "availability_changed";
/// Name of the event about the stock policy.
pub(crate) const POLICY_CHANGED: &str = "policy_changed";

impl Serialize for Location {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Location {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| D::Error::custom("not a location"))
    }
}
