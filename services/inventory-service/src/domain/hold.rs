//! Hold aggregate: units reserved for one order until they are committed, released, or expired.

use super::{Event, LocationUnits, MovedUnits, SkuLocation};
use identifiers::{HoldId, OrderId, Sku};
use kernel::Timestamp;
use std::collections::BTreeMap;

/// Units reserved for one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) id: HoldId,
    /// `None` for a tombstone: the hold was barred before it was placed.
    pub(crate) order_id: Option<OrderId>,
    /// The units and the locations they lie in, or were sold from.
    pub(crate) units: Vec<LocationUnits>,
    pub(crate) expires_at: Timestamp,
    pub(crate) state: HoldState,
    /// Restocked units, oldest first.
    pub(crate) restocks: Vec<RestockRecord>,
    /// Stream version: the number of its events.
    pub(crate) version: u64,
}

/// Line of a hold: a SKU and a quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HoldLine {
    pub(crate) sku: Sku,
    /// At least 1.
    pub(crate) quantity: i64,
}

/// State of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HoldState {
    /// Active: its units are reserved.
    Held,
    /// Committed: its units are sold.
    Committed,
    /// Released, or barred before it was placed.
    Released,
    /// Expired; a late commit may still source the units again.
    Expired,
    /// Sold, and all units returned.
    Returned,
}

/// Units of a hold restocked under one reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RestockRecord {
    pub(crate) reference: String,
    pub(crate) lines: Vec<MovedUnits>,
}

impl HoldState {
    /// The state as a word for messages.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Committed => "committed",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Returned => "returned",
        }
    }
}

impl Hold {
    /// Folds one more event of its stream. `None` for a hold whose first event was not seen.
    pub(crate) fn evolve(hold: Option<Self>, event: &Event) -> Option<Self> {
        let mut hold = match (hold, event) {
            (Some(hold), _) => hold,
            (None, Event::Held { hold, .. } | Event::Barred { hold }) => Self::unplaced(*hold),
            (None, _) => return None,
        };
        hold.version += 1;
        match event {
            Event::Held { order_id, lines, expires_at, .. } => {
                hold.order_id = Some(*order_id);
                hold.units.clone_from(lines);
                hold.expires_at = *expires_at;
                hold.state = HoldState::Held;
            }
            Event::Committed { lines, .. } => {
                hold.units = lines.iter().map(MovedUnits::units).collect();
                hold.state = HoldState::Committed;
            }
            Event::Restocked { reference, lines, .. } => {
                let (reference, lines) = (reference.clone(), lines.clone());
                hold.restocks.push(RestockRecord { reference, lines });
            }
            Event::Returned { .. } => hold.state = HoldState::Returned,
            Event::Released { .. } | Event::Barred { .. } => hold.state = HoldState::Released,
            Event::Expired { .. } => hold.state = HoldState::Expired,
            Event::AvailabilityChanged { .. }
            | Event::Received(_)
            | Event::Adjusted(_)
            | Event::Counted(_)
            | Event::PolicyChanged { .. } => {}
        }
        Some(hold)
    }

    fn unplaced(id: HoldId) -> Self {
        Self {
            id,
            order_id: None,
            units: Vec::new(),
            expires_at: Timestamp::UNIX_EPOCH,
            state: HoldState::Released,
            restocks: Vec::new(),
            version: 0,
        }
    }

    /// Whether its units count as held in the ledger, that is until its expiry is recorded.
    pub(crate) fn is_active(&self) -> bool {
        self.state == HoldState::Held
    }

    /// State at `now`: a hold expires by the clock, not by a background job.
    pub(crate) fn state_at(&self, now: Timestamp) -> HoldState {
        match self.state {
            HoldState::Held if now >= self.expires_at => HoldState::Expired,
            state => state,
        }
    }

    /// Whether the hold is the requested one.
    pub(crate) fn matches(&self, order_id: OrderId, lines: &[HoldLine]) -> bool {
        self.order_id == Some(order_id) && same_lines(self.units.iter(), lines)
    }

    pub(crate) fn includes(&self, sku: &Sku) -> bool {
        self.units.iter().any(|units| units.sku == *sku)
    }

    /// Units of the stock that the hold claims while it is active.
    pub(crate) fn claims(&self) -> impl Iterator<Item = &LocationUnits> {
        self.units.iter().filter(|units| !units.untracked)
    }

    /// Sold units that have not been restocked.
    pub(crate) fn outstanding(&self) -> Vec<LocationUnits> {
        let mut restocked: BTreeMap<SkuLocation, i64> = BTreeMap::new();
        for moved in self.restocks.iter().flat_map(|restock| &restock.lines) {
            *restocked.entry(moved.units().sku_location()).or_default() += moved.quantity;
        }
        let remaining = self.units.iter().map(|units| {
            let returned = restocked.get(&units.sku_location()).copied().unwrap_or_default();
            LocationUnits { quantity: units.quantity - returned, ..units.clone() }
        });
        remaining.filter(|units| units.quantity > 0).collect()
    }
}

impl RestockRecord {
    pub(crate) fn matches(&self, lines: &[HoldLine]) -> bool {
        let units: Vec<LocationUnits> = self.lines.iter().map(MovedUnits::units).collect();
        same_lines(units.iter(), lines)
    }
}

impl LocationUnits {
    pub(crate) fn sku_location(&self) -> SkuLocation {
        SkuLocation { sku: self.sku.clone(), location: self.location.clone() }
    }
}

impl MovedUnits {
    pub(crate) fn units(&self) -> LocationUnits {
        let Self { sku, location, quantity, untracked, .. } = self.clone();
        LocationUnits { sku, location, quantity, untracked }
    }
}

/// Whether the units, summed over locations, equal the lines.
fn same_lines<'a>(units: impl Iterator<Item = &'a LocationUnits>, lines: &'a [HoldLine]) -> bool {
    let mut open: BTreeMap<&Sku, i64> = BTreeMap::new();
    for units in units {
        *open.entry(&units.sku).or_default() += units.quantity;
    }
    for line in lines {
        *open.entry(&line.sku).or_default() -= line.quantity;
    }
    open.values().all(|rest| *rest == 0)
}
