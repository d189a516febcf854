//! Operator commands on the ledger: receive, adjust, count.

use super::{
    Event, LOCATIONS_MAX, LedgerState, Location, Rejection, SkuStock, UNITS_MAX,
    events::StockChange,
};
use identifiers::Sku;

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
    /// to the ledger produces no event, except for a new SKU.
    pub(crate) fn count(
        &self,
        sku: Sku,
        location: Location,
        on_hand: i64,
        reason: Option<String>,
    ) -> Result<Option<Event>, Rejection> {
        let known = self.stock.get(&sku).and_then(|stock| stock.at_location(&location));
        if known.is_some_and(|lot| lot.on_hand == on_hand) {
            return Ok(None);
        }
        let recorded = known.map_or(0, |lot| lot.on_hand);
        self.change(sku, location, on_hand - recorded, reason).map(Event::Counted).map(Some)
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
        Ok(StockChange { sku, location, quantity, on_hand, reason })
    }
}
