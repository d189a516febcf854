//! What happens to stock. Stored; changed only by adding variants and optional fields.

use super::{HoldId, Location, OrderId, Sku};
use kernel::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::borrow::Cow;

/// Something that happened. Events about operators' changes belong to their SKU, all others to their hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Event {
    /// Goods came in.
    Received(Change),
    /// An operator corrected by a difference.
    Adjusted(Change),
    /// An operator counted; the difference to the books is the quantity.
    Counted(Change),
    /// Units were set aside, all lines at once.
    Held { hold: HoldId, order_id: OrderId, lines: Vec<Units>, expires_at: Timestamp },
    /// What was set aside is sold. The lines are those of the hold unless the goods had to be found anew.
    Committed { hold: HoldId, order_id: OrderId, lines: Vec<Moved> },
    /// What was set aside is free again.
    Released { hold: HoldId },
    /// The time of the hold ran out, and with it its claim.
    Expired { hold: HoldId },
    /// Some of what was sold came back.
    Restocked {
        hold: HoldId,
        order_id: OrderId,
        reference: String,
        reason: String,
        lines: Vec<Moved>,
    },
    /// All that was sold and had not come back yet came back.
    Returned { hold: HoldId, order_id: OrderId, lines: Vec<Moved> },
    /// A hold was released before it came into being, and never will.
    Barred { hold: HoldId },
    /// What shoppers are told of a SKU changed. Follows from the event before it and changes no books.
    AvailabilityChanged {
        sku: Sku,
        available: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        turn: Option<Turn>,
        /// The hold that caused it; none when an operator did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hold: Option<HoldId>,
    },
}

/// A change of what is in the building.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) sku: Sku,
    #[serde(default, skip_serializing_if = "Location::is_default")]
    pub(crate) location: Location,
    /// Signed: what came is positive.
    pub(crate) quantity: i64,
    /// In the building afterwards.
    pub(crate) on_hand: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// Units in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Units {
    pub(crate) sku: Sku,
    #[serde(default, skip_serializing_if = "Location::is_default")]
    pub(crate) location: Location,
    /// At least 1.
    pub(crate) quantity: i64,
}

/// Units that left or entered one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moved {
    pub(crate) sku: Sku,
    #[serde(default, skip_serializing_if = "Location::is_default")]
    pub(crate) location: Location,
    /// At least 1; the event says which way.
    pub(crate) quantity: i64,
    /// In the building afterwards.
    pub(crate) on_hand: i64,
}

/// A turn in what is available of a SKU that somebody should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Turn {
    /// Down to few units.
    #[serde(rename = "low_stock")]
    Low,
    /// The last unit is gone.
    #[serde(rename = "out_of_stock")]
    Out,
    /// There is something again.
    #[serde(rename = "back_in_stock")]
    Back,
}

impl Event {
    /// What it is called in the journal.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Received(_) => "received",
            Self::Adjusted(_) => "adjusted",
            Self::Counted(_) => "counted",
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

    /// The hold it happened to; none when it happened to a SKU.
    pub(crate) fn hold(&self) -> Option<HoldId> {
        match self {
            Self::Received(_) | Self::Adjusted(_) | Self::Counted(_) => None,
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

    /// The SKU it happened to; none when it happened to a hold.
    pub(crate) fn sku(&self) -> Option<&Sku> {
        match self {
            Self::Received(change) | Self::Adjusted(change) | Self::Counted(change) => {
                Some(&change.sku)
            }
            Self::AvailabilityChanged { sku, hold: None, .. } => Some(sku),
            _ => None,
        }
    }
}

/// The name of the one event that others follow besides operators' changes.
pub(crate) const AVAILABILITY_CHANGED: &str = "availability_changed";

impl Serialize for Sku {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Sku {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| D::Error::custom("not a SKU"))
    }
}

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
