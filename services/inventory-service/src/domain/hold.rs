//! The life of a hold: units set aside for one order until they are sold, given back, or out of time.

use super::{Event, HoldId, Line, Moved, OrderId, Place, Sku, Units};
use kernel::Timestamp;
use std::collections::BTreeMap;

/// Units set aside for one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) id: HoldId,
    /// None when it was barred before anybody said for which order.
    pub(crate) order_id: Option<OrderId>,
    /// Where the units are, or were sold from.
    pub(crate) units: Vec<Units>,
    pub(crate) expires_at: Timestamp,
    pub(crate) status: Status,
    /// What came back, oldest first.
    pub(crate) restocks: Vec<Restocking>,
    /// How many events happened to it.
    pub(crate) version: u64,
}

/// Where a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Set aside.
    Held,
    /// Sold.
    Committed,
    /// Given back, or barred from ever being.
    Released,
    /// Out of time; a late commit may still find the goods again.
    Expired,
    /// Sold, and all of it came back.
    Returned,
}

/// Units of a hold that came back under one reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restocking {
    pub(crate) reference: String,
    pub(crate) lines: Vec<Moved>,
}

impl Status {
    /// As a word in a sentence.
    pub(crate) fn word(self) -> &'static str {
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
    /// Folds one more event of its stream in. `None` for a hold whose beginning was not seen.
    pub(crate) fn evolve(hold: Option<Self>, event: &Event) -> Option<Self> {
        let mut hold = match (hold, event) {
            (Some(hold), _) => hold,
            (None, Event::Held { hold, .. } | Event::Barred { hold }) => Self::unborn(*hold),
            (None, _) => return None,
        };
        hold.version += 1;
        match event {
            Event::Held { order_id, lines, expires_at, .. } => {
                hold.order_id = Some(*order_id);
                hold.units.clone_from(lines);
                hold.expires_at = *expires_at;
                hold.status = Status::Held;
            }
            Event::Committed { lines, .. } => {
                hold.units = lines.iter().map(Moved::units).collect();
                hold.status = Status::Committed;
            }
            Event::Restocked { reference, lines, .. } => {
                let (reference, lines) = (reference.clone(), lines.clone());
                hold.restocks.push(Restocking { reference, lines });
            }
            Event::Returned { .. } => hold.status = Status::Returned,
            Event::Released { .. } | Event::Barred { .. } => hold.status = Status::Released,
            Event::Expired { .. } => hold.status = Status::Expired,
            Event::AvailabilityChanged { .. }
            | Event::Received(_)
            | Event::Adjusted(_)
            | Event::Counted(_) => {}
        }
        Some(hold)
    }

    fn unborn(id: HoldId) -> Self {
        Self {
            id,
            order_id: None,
            units: Vec::new(),
            expires_at: Timestamp::UNIX_EPOCH,
            status: Status::Released,
            restocks: Vec::new(),
            version: 0,
        }
    }

    /// Whether its units count as held in the books, until somebody writes down that its time is over.
    pub(crate) fn is_active(&self) -> bool {
        self.status == Status::Held
    }

    /// Where it stands at `now`: a hold ends by the clock, not by a job.
    pub(crate) fn status_at(&self, now: Timestamp) -> Status {
        match self.status {
            Status::Held if now >= self.expires_at => Status::Expired,
            status => status,
        }
    }

    /// Whether it is the hold somebody asks for.
    pub(crate) fn is_of(&self, order_id: OrderId, lines: &[Line]) -> bool {
        self.order_id == Some(order_id) && same_lines(self.units.iter(), lines)
    }

    pub(crate) fn concerns(&self, sku: &Sku) -> bool {
        self.units.iter().any(|units| units.sku == *sku)
    }

    /// What was sold and has not come back.
    pub(crate) fn outstanding(&self) -> Vec<Units> {
        let mut back: BTreeMap<Place, i64> = BTreeMap::new();
        for moved in self.restocks.iter().flat_map(|restock| &restock.lines) {
            *back.entry(moved.units().place()).or_default() += moved.quantity;
        }
        let rest = self.units.iter().map(|units| {
            let returned = back.get(&units.place()).copied().unwrap_or_default();
            Units { quantity: units.quantity - returned, ..units.clone() }
        });
        rest.filter(|units| units.quantity > 0).collect()
    }
}

impl Restocking {
    pub(crate) fn is_of(&self, lines: &[Line]) -> bool {
        let units: Vec<Units> = self.lines.iter().map(Moved::units).collect();
        same_lines(units.iter(), lines)
    }
}

impl Units {
    pub(crate) fn place(&self) -> Place {
        Place { sku: self.sku.clone(), location: self.location.clone() }
    }
}

impl Moved {
    pub(crate) fn units(&self) -> Units {
        let Self { sku, location, quantity, .. } = self.clone();
        Units { sku, location, quantity }
    }
}

/// Whether the units, wherever they are, are what the lines ask for.
fn same_lines<'a>(units: impl Iterator<Item = &'a Units>, lines: &'a [Line]) -> bool {
    let mut open: BTreeMap<&Sku, i64> = BTreeMap::new();
    for units in units {
        *open.entry(&units.sku).or_default() += units.quantity;
    }
    for line in lines {
        *open.entry(&line.sku).or_default() -= line.quantity;
    }
    open.values().all(|rest| *rest == 0)
}
