//! What shoppers are told: how many are left, when few are.

use super::{Event, Ledger, Sku, Stock, Turn};
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
            // Told under the name it was first written with, however the caller writes it.
            let known =
                self.stock.get_key_value(&sku).map(|(sku, stock)| (sku.clone(), stock.clone()));
            let is_new = known.is_none();
            let (sku, mut stock) = known.unwrap_or((sku, Stock::default()));
            let before = stock.available();
            for delta in deltas {
                stock.move_units(&delta.place.location, delta.on_hand, delta.held);
            }
            let available = stock.available();
            let concerns = before.min(available) <= LOW_STOCK_UNITS && before != available;
            // Of a new SKU others have to hear once, even if there is nothing of it.
            (concerns || is_new).then(|| Event::AvailabilityChanged {
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
            (1.., 0) => Some(Self::Out),
            (0, 1..) => Some(Self::Back),
            (before, after) if before > LOW_STOCK_UNITS && after <= LOW_STOCK_UNITS => {
                Some(Self::Low)
            }
            _ => None,
        }
    }
}
