//! Ledger state: every SKU's stock and the holds on it, folded from events.

use super::{Event, Hold, HoldState, MovementLink, SkuLocation, SkuStock};
use identifiers::{HoldId, Sku};
use kernel::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    ops::Bound,
};

/// Number of ended holds cached in memory, so that retries of recent commands need no read.
pub(crate) const ENDED_HOLDS_CACHED_MAX: usize = 10_000;

/// Stock and holds after the last event.
///
/// Active holds are always in memory. Of the ended ones only the latest are cached; the others are in their streams and
/// are put back with [`LedgerState::cache_hold`] before a command concerns them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LedgerState {
    pub(super) stock: BTreeMap<Sku, SkuStock>,
    pub(super) holds: HashMap<HoldId, Hold>,
    /// Active holds, ordered by expiry.
    by_expiry: BTreeSet<(Timestamp, HoldId)>,
    /// Ended holds in the order in which they ended; evicted from the front.
    ended_holds: VecDeque<HoldId>,
}

/// Change that an event makes to the stock at one location.
pub(super) struct StockDelta {
    pub(super) target: SkuLocation,
    pub(super) on_hand: i64,
    pub(super) held: i64,
}

impl LedgerState {
    /// State restored from a snapshot's stock and holds.
    pub(crate) fn restore(
        stock: BTreeMap<Sku, SkuStock>,
        holds: impl IntoIterator<Item = Hold>,
    ) -> Self {
        let mut ledger = Self { stock, ..Self::default() };
        holds.into_iter().for_each(|hold| ledger.cache_hold(hold));
        ledger
    }

    /// Folds one more event.
    pub(crate) fn apply(&mut self, event: &Event) {
        for StockDelta { target, on_hand, held } in self.deltas(event) {
            let stock = self.stock.entry(target.sku).or_default();
            stock.move_units(&target.location, on_hand, held);
        }
        if let Some(sku) = event.sku() {
            let stock = self.stock.entry(sku.clone()).or_default();
            stock.version += 1;
            if let Event::PolicyChanged { policy, .. } = event {
                stock.policy = *policy;
            }
        }
        if let Some(id) = event.hold() {
            let before = self.holds.remove(&id);
            if let Some(hold) = &before {
                self.by_expiry.remove(&(hold.expires_at, id));
            }
            if let Some(hold) = Hold::evolve(before, event) {
                self.cache_hold(hold);
            }
        }
    }

    /// Folds an event to which this link leads.
    pub(crate) fn apply_at(&mut self, event: &Event, link: MovementLink) {
        self.apply(event);
        // Events of early versions are in no chain.
        for (sku, _) in event.moved().filter(|(_, previous)| previous.is_some()) {
            if let Some(stock) = self.stock.get_mut(sku) {
                stock.last_movement = link;
            }
        }
    }

    /// Learns the position of an event that was applied before it had one.
    pub(crate) fn settle(&mut self, event: &Event, link: MovementLink, position: u64) {
        for (sku, _) in event.moved() {
            if let Some(stock) = self.stock.get_mut(sku).filter(|it| it.last_movement == link) {
                stock.last_movement = MovementLink::Position(position);
            }
        }
    }

    /// Folds an event read from the journal, the `version`th of its stream. Only the journal knows the version of a hold
    /// that ended, was evicted, and was then placed again.
    pub(crate) fn replay(&mut self, event: &Event, version: u64, position: u64) {
        self.apply_at(event, MovementLink::Position(position));
        if let Some(hold) = event.hold().and_then(|id| self.holds.get_mut(&id)) {
            hold.version = version;
        }
    }

    /// Caches a hold that was loaded from its stream or has just changed.
    pub(crate) fn cache_hold(&mut self, hold: Hold) {
        let id = hold.id;
        if hold.is_active() {
            self.by_expiry.insert((hold.expires_at, id));
            self.holds.insert(id, hold);
            return;
        }
        self.holds.insert(id, hold);
        self.ended_holds.push_back(id);
        if self.ended_holds.len() > ENDED_HOLDS_CACHED_MAX
            && let Some(oldest) = self.ended_holds.pop_front()
            && self.holds.get(&oldest).is_some_and(|hold| !hold.is_active())
        {
            self.holds.remove(&oldest);
        }
    }

    /// The hold, if it is cached.
    pub(crate) fn hold(&self, id: HoldId) -> Option<&Hold> {
        self.holds.get(&id)
    }

    /// Active holds, ordered by expiry.
    pub(crate) fn active_holds(&self) -> impl Iterator<Item = &Hold> {
        self.by_expiry.iter().filter_map(|(_, id)| self.holds.get(id))
    }

    /// Recorded stock of a SKU, including claims of holds that are due.
    pub(crate) fn stock(&self, sku: &Sku) -> Option<&SkuStock> {
        self.stock.get(sku)
    }

    /// Recorded stock of every SKU after `after`, in order.
    pub(crate) fn stock_after(
        &self,
        after: Option<&Sku>,
    ) -> impl Iterator<Item = (&Sku, &SkuStock)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.stock.range::<Sku, _>((from, Bound::Unbounded))
    }

    /// Stock of a SKU at `now`: units of due holds count as free, whether their expiry is recorded or not. `None` for a
    /// SKU without any stock event.
    pub(crate) fn stock_at(&self, sku: &Sku, now: Timestamp) -> Option<(&Sku, SkuStock)> {
        let (sku, stock) = self.stock.get_key_value(sku)?;
        let mut stock = stock.clone();
        let due = self.due_holds(now).flat_map(Hold::claims).filter(|units| units.sku == *sku);
        due.for_each(|units| stock.move_units(&units.location, 0, -units.quantity));
        Some((sku, stock))
    }

    /// Active holds that are due at `now`, longest overdue first.
    pub(crate) fn due_holds(&self, now: Timestamp) -> impl Iterator<Item = &Hold> {
        let due = self.by_expiry.iter().take_while(move |(expires_at, _)| *expires_at <= now);
        due.filter_map(|(_, id)| self.holds.get(id))
    }

    /// Number of SKUs and holds in memory.
    pub(crate) fn entry_count(&self) -> usize {
        self.stock.len() + self.holds.len()
    }

    /// The last event that moved units of a SKU.
    pub(crate) fn last_movement(&self, sku: &Sku) -> MovementLink {
        self.stock.get(sku).map(|stock| stock.last_movement).unwrap_or_default()
    }

    /// Current version of the event's stream.
    pub(crate) fn version(&self, event: &Event) -> u64 {
        match (event.hold(), event.sku()) {
            (Some(hold), _) => self.holds.get(&hold).map_or(0, |hold| hold.version),
            (None, Some(sku)) => self.stock.get(sku).map_or(0, |stock| stock.version),
            (None, None) => 0,
        }
    }

    /// Stock changes of an event.
    pub(super) fn deltas(&self, event: &Event) -> Vec<StockDelta> {
        match event {
            Event::Received(change) | Event::Adjusted(change) | Event::Counted(change) => {
                let target =
                    SkuLocation { sku: change.sku.clone(), location: change.location.clone() };
                vec![StockDelta { target, on_hand: change.quantity, held: 0 }]
            }
            Event::Held { lines, .. } => {
                let tracked = lines.iter().filter(|units| !units.untracked);
                let taken = tracked.map(|units| (units.sku_location(), units.quantity));
                taken.map(|(target, held)| StockDelta { target, on_hand: 0, held }).collect()
            }
            Event::Committed { hold, lines, .. } => {
                let mut deltas = self.release_deltas(*hold);
                let tracked = lines.iter().filter(|moved| !moved.untracked);
                deltas.extend(tracked.map(|moved| StockDelta {
                    target: moved.units().sku_location(),
                    on_hand: -moved.quantity,
                    held: 0,
                }));
                deltas
            }
            Event::Released { hold } | Event::Expired { hold } => self.release_deltas(*hold),
            Event::Restocked { lines, .. } | Event::Returned { lines, .. } => {
                let tracked = lines.iter().filter(|moved| !moved.untracked);
                let back = tracked.map(|moved| (moved.units().sku_location(), moved.quantity));
                back.map(|(target, on_hand)| StockDelta { target, on_hand, held: 0 }).collect()
            }
            Event::Barred { .. }
            | Event::PolicyChanged { .. }
            | Event::AvailabilityChanged { .. } => Vec::new(),
        }
    }

    /// Stock changes that release the claims of a hold; empty for a hold without claims.
    fn release_deltas(&self, hold: HoldId) -> Vec<StockDelta> {
        let active = self.holds.get(&hold).filter(|hold| hold.state == HoldState::Held);
        let units = active.into_iter().flat_map(Hold::claims);
        units
            .map(|units| StockDelta {
                target: units.sku_location(),
                on_hand: 0,
                held: -units.quantity,
            })
            .collect()
    }
}
