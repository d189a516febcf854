//! The books: every SKU's stock and the holds on it, folded from events.

use super::{Event, Hold, HoldId, Place, Sku, Status, Stock};
use kernel::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    ops::Bound,
};

/// How many ended holds stay in memory, so that repeats of what ended just now need no reading.
pub(crate) const ENDED_HOLDS_KEPT: usize = 10_000;

/// Stock and holds as they stand after the last event.
///
/// Holds that count are always here. Of the ended ones only the latest are; the others are in their streams, and
/// whoever asks about one puts it back with [`Ledger::remember`] first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    pub(super) stock: BTreeMap<Sku, Stock>,
    pub(super) holds: HashMap<HoldId, Hold>,
    /// The active holds in the order in which they run out.
    expiring: BTreeSet<(Timestamp, HoldId)>,
    /// The ended holds in the order in which they ended, to be forgotten from the front.
    ended: VecDeque<HoldId>,
}

/// What an event does to one place.
pub(super) struct Delta {
    pub(super) place: Place,
    pub(super) on_hand: i64,
    pub(super) held: i64,
}

impl Ledger {
    /// Books that begin with this stock and these holds, as a snapshot kept them.
    pub(crate) fn opening(
        stock: BTreeMap<Sku, Stock>,
        holds: impl IntoIterator<Item = Hold>,
    ) -> Self {
        let mut ledger = Self { stock, ..Self::default() };
        holds.into_iter().for_each(|hold| ledger.remember(hold));
        ledger
    }

    /// Folds one more event in.
    pub(crate) fn apply(&mut self, event: &Event) {
        for Delta { place, on_hand, held } in self.deltas(event) {
            let stock = self.stock.entry(place.sku).or_default();
            stock.move_units(&place.location, on_hand, held);
        }
        if let Some(sku) = event.sku() {
            self.stock.entry(sku.clone()).or_default().version += 1;
        }
        if let Some(id) = event.hold() {
            let before = self.holds.remove(&id);
            if let Some(hold) = &before {
                self.expiring.remove(&(hold.expires_at, id));
            }
            if let Some(hold) = Hold::evolve(before, event) {
                self.remember(hold);
            }
        }
    }

    /// Folds in an event that was read from the log, the `version`th of its stream. Of a hold that had ended and was
    /// forgotten before it was taken again, only the log knows how many events happened to it.
    pub(crate) fn replay(&mut self, event: &Event, version: u64) {
        self.apply(event);
        if let Some(hold) = event.hold().and_then(|id| self.holds.get_mut(&id)) {
            hold.version = version;
        }
    }

    /// Puts a hold into memory: one that was read from its stream, or has just changed.
    pub(crate) fn remember(&mut self, hold: Hold) {
        let id = hold.id;
        if hold.is_active() {
            self.expiring.insert((hold.expires_at, id));
            self.holds.insert(id, hold);
            return;
        }
        self.holds.insert(id, hold);
        self.ended.push_back(id);
        if self.ended.len() > ENDED_HOLDS_KEPT
            && let Some(oldest) = self.ended.pop_front()
            && self.holds.get(&oldest).is_some_and(|hold| !hold.is_active())
        {
            self.holds.remove(&oldest);
        }
    }

    /// The hold, if it is in memory.
    pub(crate) fn hold(&self, id: HoldId) -> Option<&Hold> {
        self.holds.get(&id)
    }

    /// The holds that count.
    pub(crate) fn active_holds(&self) -> impl Iterator<Item = &Hold> {
        self.expiring.iter().filter_map(|(_, id)| self.holds.get(id))
    }

    /// What there is of a SKU, as the books have it.
    pub(crate) fn stock(&self, sku: &Sku) -> Option<&Stock> {
        self.stock.get(sku)
    }

    /// The stock of every SKU after `after`, in their order, as the books have it.
    pub(crate) fn stock_after(&self, after: Option<&Sku>) -> impl Iterator<Item = (&Sku, &Stock)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.stock.range::<Sku, _>((from, Bound::Unbounded))
    }

    /// What there is of a SKU at `now`: what is held by holds whose time is over counts as free, written down or
    /// not. `None` for a SKU nobody ever counted.
    pub(crate) fn stock_at(&self, sku: &Sku, now: Timestamp) -> Option<(&Sku, Stock)> {
        let (sku, stock) = self.stock.get_key_value(sku)?;
        let mut stock = stock.clone();
        let over = self.due(now).flat_map(|hold| &hold.units).filter(|units| units.sku == *sku);
        over.for_each(|units| stock.move_units(&units.location, 0, -units.quantity));
        Some((sku, stock))
    }

    /// The holds that are over at `now` but still stand in the books, longest over first.
    pub(crate) fn due(&self, now: Timestamp) -> impl Iterator<Item = &Hold> {
        let over = self.expiring.iter().take_while(move |(expires_at, _)| *expires_at <= now);
        over.filter_map(|(_, id)| self.holds.get(id))
    }

    /// How many SKUs and holds are in the books.
    pub(crate) fn size(&self) -> usize {
        self.stock.len() + self.holds.len()
    }

    /// How many events the stream of this event has so far.
    pub(crate) fn version(&self, event: &Event) -> u64 {
        match (event.hold(), event.sku()) {
            (Some(hold), _) => self.holds.get(&hold).map_or(0, |hold| hold.version),
            (None, Some(sku)) => self.stock.get(sku).map_or(0, |stock| stock.version),
            (None, None) => 0,
        }
    }

    /// What the event does to the books.
    pub(super) fn deltas(&self, event: &Event) -> Vec<Delta> {
        match event {
            Event::Received(change) | Event::Adjusted(change) | Event::Counted(change) => {
                let place = Place { sku: change.sku.clone(), location: change.location.clone() };
                vec![Delta { place, on_hand: change.quantity, held: 0 }]
            }
            Event::Held { lines, .. } => {
                let taken = lines.iter().map(|units| (units.place(), units.quantity));
                taken.map(|(place, held)| Delta { place, on_hand: 0, held }).collect()
            }
            Event::Committed { hold, lines, .. } => {
                let mut deltas = self.freed(*hold);
                deltas.extend(lines.iter().map(|moved| Delta {
                    place: moved.units().place(),
                    on_hand: -moved.quantity,
                    held: 0,
                }));
                deltas
            }
            Event::Released { hold } | Event::Expired { hold } => self.freed(*hold),
            Event::Restocked { lines, .. } | Event::Returned { lines, .. } => {
                let back = lines.iter().map(|moved| (moved.units().place(), moved.quantity));
                back.map(|(place, on_hand)| Delta { place, on_hand, held: 0 }).collect()
            }
            Event::Barred { .. } | Event::AvailabilityChanged { .. } => Vec::new(),
        }
    }

    /// The claims of a hold, taken back; nothing when it has none any more.
    fn freed(&self, hold: HoldId) -> Vec<Delta> {
        let active = self.holds.get(&hold).filter(|hold| hold.status == Status::Held);
        let units = active.into_iter().flat_map(|hold| &hold.units);
        units
            .map(|units| Delta { place: units.place(), on_hand: 0, held: -units.quantity })
            .collect()
    }
}
