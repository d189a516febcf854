//! Operator commands on the ledger: receive, adjust, count.

use super::{
    Event, LOCATIONS_MAX, LedgerState, Location, Rejection, SkuStock, StockPolicy, UNITS_MAX,
    events::StockChange,
};
use identifiers::Sku;

/// Count of a SKU at a location, with its stock policy from then on.
#[derive(Clone, Debug)]
pub(crate) struct Count {
    pub(crate) sku: Sku,
    pub(crate) location: Location,
    /// `None` leaves the units on hand as they are.
    pub(crate) on_hand: Option<i64>,
    pub(crate) policy: StockPolicy,
    pub(crate) reason: Option<String>,
}

impl LedgerState {
    /// Receives units.
    pub(crate) fn receive(
        &self,
        sku: Sku,
        location: Location,
        quantity: i64,
        reason: Option<String>,
    ) -> Result<Event, Rejection> {
        self.change(sku, location, quantity, reason).map(Event::Received)
    }

    /// Adjusts the units on hand by a difference.
    pub(crate) fn adjust(
        &self,
        sku: Sku,
        location: Location,
        quantity: i64,
        reason: Option<String>,
    ) -> Result<Event, Rejection> {
        self.change(sku, location, quantity, reason).map(Event::Adjusted)
    }

    /// Sets the units on hand to a count. A count below the held units is a shortage and cancels nothing. A count equal
    /// to the ledger produces no event, except for a new SKU. The policy changes before the units of what becomes
    /// untracked, and after those of what becomes tracked: in between, nothing is available that is not there.
    pub(crate) fn count(&self, count: Count) -> Result<Vec<Event>, Rejection> {
        let Count { sku, location, on_hand, policy, reason } = count;
        let stock = self.stock.get(&sku);
        let known = stock.and_then(|stock| stock.at_location(&location));
        let recorded = known.map_or(0, |lot| lot.on_hand);
        let is_new_policy = stock.map(|stock| stock.policy).unwrap_or_default() != policy;
        let mut events = Vec::new();
        if is_new_policy {
            events.push(Event::PolicyChanged { sku: sku.clone(), policy });
        }
        if let Some(on_hand) = on_hand.filter(|units| known.is_none_or(|lot| lot.on_hand != *units))
        {
            let counted = self.change(sku, location, on_hand - recorded, reason)?;
            events.push(Event::Counted(counted));
        }
        if policy == StockPolicy::Tracked {
            events.reverse();
        }
        Ok(events)
    }

    fn change(
        &self,
        sku: Sku,
        location: Location,
        quantity: i64,
        reason: Option<String>,
    ) -> Result<StockChange, Rejection> {
        let stock = self.stock.get(&sku);
        let found = stock.and_then(|stock| stock.at_location(&location));
        let location_count = stock.map_or(0, |stock: &SkuStock| stock.locations.len());
        if found.is_none() && location_count >= LOCATIONS_MAX {
            return Err(Rejection::TooManyLocations { sku });
        }
        let recorded = found.map_or(0, |it| it.on_hand);
        let on_hand = recorded.checked_add(quantity).ok_or(Rejection::QuantityOverflow)?;
        if on_hand < 0 {
            return Err(Rejection::InsufficientOnHand { on_hand: recorded });
        }
        if on_hand > UNITS_MAX {
            return Err(Rejection::QuantityOverflow);
        }
        let previous = Some(stock.map(|stock| stock.last_movement).unwrap_or_default());
        Ok(StockChange { sku, location, quantity, on_hand, reason, previous })
    }
}
