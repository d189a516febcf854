//! Invariant checker for stock: conservation, no negative stock, no overselling, after every event.

use crate::{
    adapters::journal_repository::decode,
    domain::{Event, Hold, LedgerState, SkuLocation},
};
use async_trait::async_trait;
use journal::{
    RecordedEvent,
    maintenance::{EventVisitor, Invariant, InvariantChecker},
};
use std::collections::BTreeMap;
use storage::StorageError;

/// Checker that replays the ledger from the first event.
pub(super) struct StockChecker {
    state: LedgerState,
    /// Net inflow per location: units that came in less units that left.
    flows: BTreeMap<SkuLocation, i64>,
    conserved: Invariant,
    never_negative: Invariant,
    never_oversold: Invariant,
    held_by_holds: Invariant,
}

impl Default for StockChecker {
    fn default() -> Self {
        Self {
            state: LedgerState::default(),
            flows: BTreeMap::new(),
            conserved: Invariant::new("stock on hand equals units received less units sold"),
            never_negative: Invariant::new("no stock is negative, on hand or held"),
            never_oversold: Invariant::new("no units are held or sold beyond the stock on hand"),
            held_by_holds: Invariant::new("held units equal the sum of the active holds"),
        }
    }
}

#[async_trait]
impl EventVisitor for StockChecker {
    async fn event(&mut self, recorded: &RecordedEvent) -> Result<(), StorageError> {
        let event = decode(recorded)?;
        let position = recorded.position;
        self.state.apply(&event);
        for (target, moved, on_hand) in movements_of(&event) {
            let inflow = self.flows.entry(target.clone()).or_default();
            *inflow += moved;
            let inflow = *inflow;
            let (now, held) = self.units_at(&target);
            let at =
                || format!("{} in {} at position {position}", target.sku, target.location.as_str());
            self.conserved.hold(inflow == on_hand && now == on_hand, || {
                format!("{}: {on_hand} recorded on hand, net inflow {inflow}", at())
            });
            self.never_negative
                .hold(now >= 0 && held >= 0, || format!("{}: {now} on hand, {held} held", at()));
        }
        if let Event::Held { lines, .. } = &*event {
            for units in lines.iter().filter(|units| !units.untracked) {
                let (now, held) = self.units_at(&units.sku_location());
                self.never_oversold.hold(held <= now, || {
                    let (sku, location) = (&units.sku, units.location.as_str());
                    format!(
                        "{sku} in {location} at position {position}: {held} held of {now} on hand"
                    )
                });
            }
        }
        if let Event::Committed { .. } = &*event {
            let enough = movements_of(&event).iter().all(|(_, _, on_hand)| *on_hand >= 0);
            self.never_oversold.hold(enough, || {
                format!(
                    "{} at position {position} sold more units than were on hand",
                    recorded.stream
                )
            });
        }
        Ok(())
    }
}

impl StockChecker {
    fn units_at(&self, target: &SkuLocation) -> (i64, i64) {
        let found =
            self.state.stock(&target.sku).and_then(|stock| stock.at_location(&target.location));
        found.map_or((0, 0), |lot| (lot.on_hand, lot.held))
    }
}

impl InvariantChecker for StockChecker {
    fn invariants(&mut self) -> Vec<Invariant> {
        let mut claimed: BTreeMap<SkuLocation, i64> = BTreeMap::new();
        for units in self.state.active_holds().flat_map(Hold::claims) {
            *claimed.entry(units.sku_location()).or_default() += units.quantity;
        }
        for (sku, stock) in self.state.stock_after(None) {
            for lot in &stock.locations {
                let target = SkuLocation { sku: sku.clone(), location: lot.location.clone() };
                let claimed = claimed.get(&target).copied().unwrap_or_default();
                self.held_by_holds.hold(lot.held == claimed, || {
                    let location = lot.location.as_str();
                    format!("{sku} in {location}: {} held, {claimed} by active holds", lot.held)
                });
            }
        }
        let Self { conserved, never_negative, never_oversold, held_by_holds, .. } = &*self;
        [conserved, never_negative, never_oversold, held_by_holds].map(Clone::clone).into()
    }
}

/// Stock movements of an event: location, signed quantity, and the units on hand it records afterwards.
fn movements_of(event: &Event) -> Vec<(SkuLocation, i64, i64)> {
    match event {
        Event::Received(change) | Event::Adjusted(change) | Event::Counted(change) => {
            let target = SkuLocation { sku: change.sku.clone(), location: change.location.clone() };
            vec![(target, change.quantity, change.on_hand)]
        }
        Event::Committed { lines, .. } => lines
            .iter()
            .filter(|moved| !moved.untracked)
            .map(|moved| (moved.units().sku_location(), -moved.quantity, moved.on_hand))
            .collect(),
        Event::Restocked { lines, .. } | Event::Returned { lines, .. } => lines
            .iter()
            .filter(|moved| !moved.untracked)
            .map(|moved| (moved.units().sku_location(), moved.quantity, moved.on_hand))
            .collect(),
        Event::PolicyChanged { .. }
        | Event::Held { .. }
        | Event::Released { .. }
        | Event::Expired { .. }
        | Event::Barred { .. }
        | Event::AvailabilityChanged { .. } => Vec::new(),
    }
}
