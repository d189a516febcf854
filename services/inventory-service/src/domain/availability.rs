//! Availability events: low stock, out of stock, back in stock.

use super::{Event, LedgerState, SkuStock, StockAlert};
use identifiers::Sku;
use std::collections::BTreeMap;

/// Low-stock threshold in units. Changes above it are not published.
pub(crate) const LOW_STOCK_UNITS: i64 = 5;

impl LedgerState {
    /// Availability events that `event` causes when it is applied next; they go into the same append.
    pub(crate) fn availability_changes(&self, event: &Event) -> Vec<Event> {
        let mut skus: BTreeMap<Sku, Vec<super::ledger_state::StockDelta>> = BTreeMap::new();
        let mut new_policy = None;
        if let Event::PolicyChanged { sku, policy } = event {
            new_policy = Some(*policy);
            skus.insert(sku.clone(), Vec::new());
        }
        for delta in self.deltas(event) {
            skus.entry(delta.target.sku.clone()).or_default().push(delta);
        }
        let changes = skus.into_iter().filter_map(|(sku, deltas)| {
            // Published under the spelling that was stored first, whatever the caller's.
            let known =
                self.stock.get_key_value(&sku).map(|(sku, stock)| (sku.clone(), stock.clone()));
            let is_new = known.is_none();
            let (sku, mut stock) = known.unwrap_or((sku, SkuStock::default()));
            let before = stock.available();
            for delta in deltas {
                stock.move_units(&delta.target.location, delta.on_hand, delta.held);
            }
            stock.policy = new_policy.unwrap_or(stock.policy);
            let available = stock.available();
            let is_published = before.min(available) <= LOW_STOCK_UNITS && before != available;
            // A new SKU is published once, even with no units available.
            (is_published || is_new).then(|| Event::AvailabilityChanged {
                alert: StockAlert::between(before, available),
                hold: event.hold(),
                sku,
                available,
            })
        });
        changes.collect()
    }
}

impl StockAlert {
    /// Alert for a change of the available units from `before` to `after`. Low stock is reported once on the way down,
    /// and again only after the stock has been above the threshold.
    pub(crate) fn between(before: i64, after: i64) -> Option<Self> {
        match (before, after) {
            (1.., 0) => Some(Self::Depleted),
            (0, 1..) => Some(Self::Replenished),
            (before, after) if before > LOW_STOCK_UNITS && after <= LOW_STOCK_UNITS => {
                Some(Self::Low)
            }
            _ => None,
        }
    }
}
