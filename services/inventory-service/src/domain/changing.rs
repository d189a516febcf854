//! What operators do to stock: receive, adjust, count.

use super::{
    Event, LOCATIONS_MAX, Ledger, Location, Rejection, Sku, Stock, UNITS_MAX, events::Change,
};

impl Ledger {
    /// Goods came in.
    pub(crate) fn receive(
        &self,
        sku: Sku,
        location: Location,
        quantity: i64,
        reason: Option<String>,
    ) -> Result<Event, Rejection> {
        self.change(sku, location, quantity, reason).map(Event::Received)
    }

    /// A correction by a difference.
    pub(crate) fn adjust(
        &self,
        sku: Sku,
        location: Location,
        quantity: i64,
        reason: Option<String>,
    ) -> Result<Event, Rejection> {
        self.change(sku, location, quantity, reason).map(Event::Adjusted)
    }

    /// A count: what is there is what was found. Finding less than is held is a shortage, and cancels nothing.
    /// Counting what the books say already is no event, except of a SKU nobody counted before.
    pub(crate) fn count(
        &self,
        sku: Sku,
        location: Location,
        on_hand: i64,
        reason: Option<String>,
    ) -> Result<Option<Event>, Rejection> {
        let known = self.stock.get(&sku).and_then(|stock| stock.shelf(&location));
        if known.is_some_and(|shelf| shelf.on_hand == on_hand) {
            return Ok(None);
        }
        let booked = known.map_or(0, |shelf| shelf.on_hand);
        self.change(sku, location, on_hand - booked, reason).map(Event::Counted).map(Some)
    }

    fn change(
        &self,
        sku: Sku,
        location: Location,
        quantity: i64,
        reason: Option<String>,
    ) -> Result<Change, Rejection> {
        let stock = self.stock.get(&sku);
        let found = stock.and_then(|stock| stock.shelf(&location));
        let locations = stock.map_or(0, |stock: &Stock| stock.shelves.len());
        if found.is_none() && locations >= LOCATIONS_MAX {
            return Err(Rejection::TooManyLocations { sku });
        }
        let booked = found.map_or(0, |it| it.on_hand);
        let on_hand = booked.checked_add(quantity).ok_or(Rejection::TooMany)?;
        if on_hand < 0 {
            return Err(Rejection::NotOnHand { on_hand: booked });
        }
        if on_hand > UNITS_MAX {
            return Err(Rejection::TooMany);
        }
        Ok(Change { sku, location, quantity, on_hand, reason })
    }
}
