//! What shoppers are told: how many are left, when few are.

use super::{Event, Ledger, Sku, Turn};
use std::collections::BTreeMap;

/// Up to how many units shoppers are told how many are left. Above it a change concerns nobody.
pub(crate) const LOW_STOCK_UNITS: i64 = 5;

impl Ledger {
    /// What is to be told when `event` happens next. Goes into the same append.
    pub(crate) fn told_by(&self, event: &Event) -> Vec<Event> {
        let mut skus: BTreeMap<Sku, Vec<super::ledger::Delta>> = BTreeMap::new();
        for delta in self.deltas(event) {
            skus.entry(delta.place.sku.clone()).or_default().push(delta);
        }
        let told = skus.into_iter().filter_map(|(sku, deltas)| {
            let known = self.stock.get(&sku);
            let mut stock = known.cloned().unwrap_or_default();
            let before = stock.available();
            for delta in deltas {
                stock.move_units(&delta.place.location, delta.on_hand, delta.held);
            }
            let available = stock.available();
            let concerns = before.min(available) <= LOW_STOCK_UNITS && before != available;
            // Of a new SKU others have to hear once, even if there is nothing of it.
            (concerns || known.is_none()).then(|| Event::AvailabilityChanged {
                turn: Turn::between(before, available),
                hold: event.hold(),
                sku,
                available,
            })
        });
        told.collect()
    }
}

impl Turn {
    /// The turn when what is available goes from `before` to `after`. Low stock is said once on the way down, and
    /// again only after it was more in between.
    pub(crate) fn between(before: i64, after: i64) -> Option<Self> {
        match (before, after) {
            (1.., 0) => Some(Self::OutOfStock),
            (0, 1..) => Some(Self::BackInStock),
            (before, after) if before > LOW_STOCK_UNITS && after <= LOW_STOCK_UNITS => {
                Some(Self::LowStock)
            }
            _ => None,
        }
    }
}
