//! What has to be true of the stock after every event there ever was.

use crate::{
    adapters::journal_log::decode,
    domain::{Event, Ledger, Place},
};
use async_trait::async_trait;
use journal::{
    RecordedEvent,
    maintenance::{EventVisitor, Invariant, InvariantChecker},
};
use std::collections::BTreeMap;
use storage::StorageError;

/// Keeps the books once more, from the first event on.
pub(super) struct StockChecker {
    ledger: Ledger,
    /// What came into a place less what left it.
    flows: BTreeMap<Place, i64>,
    conserved: Invariant,
    never_negative: Invariant,
    never_oversold: Invariant,
    claims: Invariant,
}

impl Default for StockChecker {
    fn default() -> Self {
        Self {
            ledger: Ledger::default(),
            flows: BTreeMap::new(),
            conserved: Invariant::new("stock is what came in less what went out"),
            never_negative: Invariant::new("no stock is negative, on hand or held"),
            never_oversold: Invariant::new("nothing is held or sold that was not there"),
            claims: Invariant::new("what is held is what the holds hold"),
        }
    }
}

#[async_trait]
impl EventVisitor for StockChecker {
    async fn event(&mut self, recorded: &RecordedEvent) -> Result<(), StorageError> {
        let event = decode(recorded)?;
        let position = recorded.position;
        self.ledger.apply(&event);
        for (place, moved, on_hand) in moves(&event) {
            let flown = self.flows.entry(place.clone()).or_default();
            *flown += moved;
            let flown = *flown;
            let (now, held) = self.figures(&place);
            let at =
                || format!("{} in {} at position {position}", place.sku, place.location.as_str());
            self.conserved.hold(flown == on_hand && now == on_hand, || {
                format!("{}: {on_hand} were written down, {flown} came and stayed", at())
            });
            self.never_negative
                .hold(now >= 0 && held >= 0, || format!("{}: {now} on hand, {held} held", at()));
        }
        if let Event::Held { lines, .. } = &event {
            for units in lines {
                let (now, held) = self.figures(&units.place());
                self.never_oversold.hold(held <= now, || {
                    let (sku, location) = (&units.sku, units.location.as_str());
                    format!("{sku} in {location} at position {position}: {held} held of {now}")
                });
            }
        }
        if let Event::Committed { .. } = &event {
            let enough = moves(&event).iter().all(|(_, _, on_hand)| *on_hand >= 0);
            self.never_oversold.hold(enough, || {
                format!("{} at position {position} sold more than was there", recorded.stream)
            });
        }
        Ok(())
    }
}

impl StockChecker {
    fn figures(&self, place: &Place) -> (i64, i64) {
        let found = self.ledger.stock(&place.sku).and_then(|stock| stock.shelf(&place.location));
        found.map_or((0, 0), |shelf| (shelf.on_hand, shelf.held))
    }
}

impl InvariantChecker for StockChecker {
    fn invariants(&mut self) -> Vec<Invariant> {
        let mut claimed: BTreeMap<Place, i64> = BTreeMap::new();
        for units in self.ledger.active_holds().flat_map(|hold| &hold.units) {
            *claimed.entry(units.place()).or_default() += units.quantity;
        }
        for (sku, stock) in self.ledger.stock_after(None) {
            for shelf in &stock.shelves {
                let place = Place { sku: sku.clone(), location: shelf.location.clone() };
                let claimed = claimed.get(&place).copied().unwrap_or_default();
                self.claims.hold(shelf.held == claimed, || {
                    let location = shelf.location.as_str();
                    format!("{sku} in {location}: {} held, {claimed} by holds", shelf.held)
                });
            }
        }
        let Self { conserved, never_negative, never_oversold, claims, .. } = &*self;
        [conserved, never_negative, never_oversold, claims].map(Clone::clone).into()
    }
}

/// What an event moves in and out of the building: where, how much, and what it says is there afterwards.
fn moves(event: &Event) -> Vec<(Place, i64, i64)> {
    match event {
        Event::Received(change) | Event::Adjusted(change) | Event::Counted(change) => {
            let place = Place { sku: change.sku.clone(), location: change.location.clone() };
            vec![(place, change.quantity, change.on_hand)]
        }
        Event::Committed { lines, .. } => lines
            .iter()
            .map(|moved| (moved.units().place(), -moved.quantity, moved.on_hand))
            .collect(),
        Event::Restocked { lines, .. } | Event::Returned { lines, .. } => lines
            .iter()
            .map(|moved| (moved.units().place(), moved.quantity, moved.on_hand))
            .collect(),
        Event::Held { .. }
        | Event::Released { .. }
        | Event::Expired { .. }
        | Event::Barred { .. }
        | Event::AvailabilityChanged { .. } => Vec::new(),
    }
}
