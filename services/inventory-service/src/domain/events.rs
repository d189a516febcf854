//! Domain events of stock. Stored, so they change only by adding variants and optional fields.

use super::Location;
use identifiers::{HoldId, OrderId, Sku};
use kernel::Timestamp;
use minicbor::{Decode, Decoder, Encode, Encoder, data::Type, decode, encode, encode::Write};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::borrow::Cow;

/// Stock event. Operators' changes belong to the stream of their SKU, all others to the stream of their hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum Event {
    /// Units were received.
    #[n(0)]
    Received(#[n(0)] StockChange),
    /// An operator adjusted the stock by a difference.
    #[n(1)]
    Adjusted(#[n(0)] StockChange),
    /// An operator counted; the quantity is the difference to the ledger.
    #[n(2)]
    Counted(#[n(0)] StockChange),
    /// An operator changed whether the stock of a SKU is tracked.
    #[n(3)]
    PolicyChanged {
        #[n(0)]
        sku: Sku,
        #[n(1)]
        policy: StockPolicy,
    },
    /// A hold was placed, all lines at once.
    #[n(4)]
    Held {
        #[n(0)]
        hold: HoldId,
        #[n(1)]
        order_id: OrderId,
        #[n(2)]
        lines: Vec<LocationUnits>,
        #[serde(with = "kernel::rfc3339")]
        #[cbor(n(3), with = "kernel::cbor")]
        expires_at: Timestamp,
    },
    /// A hold was committed: its units are sold. The lines are those of the hold unless the stock had to be sourced again.
    #[n(5)]
    Committed {
        #[n(0)]
        hold: HoldId,
        #[n(1)]
        order_id: OrderId,
        #[n(2)]
        lines: Vec<MovedUnits>,
    },
    /// A hold was released.
    #[n(6)]
    Released {
        #[n(0)]
        hold: HoldId,
    },
    /// A hold expired and no longer claims its units.
    #[n(7)]
    Expired {
        #[n(0)]
        hold: HoldId,
    },
    /// Some of the sold units were restocked.
    #[n(8)]
    Restocked {
        #[n(0)]
        hold: HoldId,
        #[n(1)]
        order_id: OrderId,
        #[n(2)]
        reference: String,
        #[n(3)]
        reason: String,
        #[n(4)]
        lines: Vec<MovedUnits>,
    },
    /// All sold units that had not been restocked were returned.
    #[n(9)]
    Returned {
        #[n(0)]
        hold: HoldId,
        #[n(1)]
        order_id: OrderId,
        #[n(2)]
        lines: Vec<MovedUnits>,
    },
    /// Tombstone: the hold was released before it was placed and can no longer be placed.
    #[n(10)]
    Barred {
        #[n(0)]
        hold: HoldId,
    },
    /// The published availability of a SKU changed. Derived from the event before it; changes no stock.
    #[n(11)]
    AvailabilityChanged {
        #[n(0)]
        sku: Sku,
        #[n(1)]
        available: i64,
        #[serde(default, rename = "turn", skip_serializing_if = "Option::is_none")]
        #[cbor(n(3), with = "kernel::cbor::known_variant", has_nil)]
        alert: Option<StockAlert>,
        /// The hold that caused the change; `None` for an operator's change.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[n(2)]
        hold: Option<HoldId>,
    },
}

/// Operator's change of the units on hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct StockChange {
    #[n(0)]
    pub(crate) sku: Sku,
    #[serde(default, skip_serializing_if = "Location::is_default")]
    #[cbor(n(4), skip_if = "Location::is_default")]
    pub(crate) location: Location,
    /// Signed: units received are positive.
    #[n(1)]
    pub(crate) quantity: i64,
    /// Units on hand afterwards.
    #[n(2)]
    pub(crate) on_hand: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(3)]
    pub(crate) reason: Option<String>,
    /// As in [`MovedUnits`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(5)]
    pub(crate) previous: Option<MovementLink>,
}

/// Stock policy of a SKU: whether its units are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub(crate) enum StockPolicy {
    /// What is not on hand is not sold.
    #[default]
    #[n(0)]
    Tracked,
    /// Stock without limit: holds claim no units, and sales take none.
    #[n(1)]
    Untracked,
}

/// Units at one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct LocationUnits {
    #[n(0)]
    pub(crate) sku: Sku,
    #[serde(default, skip_serializing_if = "Location::is_default")]
    #[cbor(n(2), skip_if = "Location::is_default")]
    pub(crate) location: Location,
    /// At least 1.
    #[n(1)]
    pub(crate) quantity: i64,
    /// Whether they were promised while the SKU was untracked, and so are not units of the stock. They stay it until
    /// the hold ends, whatever the policy becomes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cbor(n(3), skip_if = "std::ops::Not::not")]
    pub(crate) untracked: bool,
}

/// Units that left or entered one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct MovedUnits {
    #[n(0)]
    pub(crate) sku: Sku,
    #[serde(default, skip_serializing_if = "Location::is_default")]
    #[cbor(n(3), skip_if = "Location::is_default")]
    pub(crate) location: Location,
    /// At least 1; the event gives the direction.
    #[n(1)]
    pub(crate) quantity: i64,
    /// Units on hand afterwards.
    #[n(2)]
    pub(crate) on_hand: i64,
    /// Whether they are not units of the stock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cbor(n(4), skip_if = "std::ops::Not::not")]
    pub(crate) untracked: bool,
    /// The event that moved units of this SKU before, so that its movements are a chain through the journal; absent in events of
    /// early versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(5)]
    pub(crate) previous: Option<MovementLink>,
}

/// Link to an event that moved units of a SKU.
///
/// Stored as a number, or as an array of the hold and the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum MovementLink {
    /// Its position in the journal; 0 is the beginning of the chain.
    Position(u64),
    /// Its version in the stream of its hold, or of the SKU. The position was not known yet when the link was made.
    Version(Option<HoldId>, u64),
}

impl MovementLink {
    /// Beginning of a chain.
    pub(crate) const BEGINNING: Self = Self::Position(0);
}

impl Default for MovementLink {
    fn default() -> Self {
        Self::BEGINNING
    }
}

/// Stock alert: a threshold that the available units of a SKU have crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum StockAlert {
    /// Available units fell to the low-stock threshold.
    #[serde(rename = "low_stock")]
    #[n(0)]
    Low,
    /// No units are available any more.
    #[serde(rename = "out_of_stock")]
    #[n(1)]
    Depleted,
    /// Units are available again.
    #[serde(rename = "back_in_stock")]
    #[n(2)]
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

    /// Movements of stock: SKUs, and for each the event that moved units of it before.
    pub(crate) fn moved(&self) -> impl Iterator<Item = (&Sku, Option<MovementLink>)> {
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

impl<C> Encode<C> for Location {
    fn encode<W: Write>(
        &self,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        encoder.str(self.as_str())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Location {
    fn decode(decoder: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        Self::new(decoder.str()?).ok_or_else(|| decode::Error::message("not a location"))
    }
}

impl<C> Encode<C> for MovementLink {
    fn encode<W: Write>(
        &self,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        match self {
            Self::Position(position) => encoder.u64(*position)?.ok(),
            Self::Version(hold, version) => (hold, version).encode(encoder, context),
        }
    }
}

impl<'b, C> Decode<'b, C> for MovementLink {
    fn decode(decoder: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        if decoder.datatype()? == Type::Array {
            let (hold, version) = Decode::decode(decoder, context)?;
            return Ok(Self::Version(hold, version));
        }
        decoder.u64().map(Self::Position)
    }
}
