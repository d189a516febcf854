//! Domain tests of the ledger: every state and command, the published vectors, and property-based sequences.

mod full_disk;
mod movements;
mod properties;
mod state_table;
mod stored_events;
mod unanswered;
mod untracked;
mod vectors;

use crate::domain::*;
use contracts::inventory::DEFAULT_LOCATION;
use identifiers::{HoldId, OrderId, Sku};
use kernel::{Timestamp, Uuid};
use std::time::Duration;

fn at(seconds: u64) -> Timestamp {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    start + Duration::from_secs(seconds)
}

fn hold_id(number: u128) -> HoldId {
    HoldId(Uuid::from_u128(number))
}

fn order_id(number: u128) -> OrderId {
    OrderId(Uuid::from_u128(number))
}

fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

fn line(text: &str, quantity: i64) -> HoldLine {
    HoldLine { sku: sku(text), quantity }
}

fn counted(text: &str, location: Location, on_hand: i64) -> Count {
    let (on_hand, policy) = (Some(on_hand), StockPolicy::Tracked);
    Count { sku: sku(text), location, on_hand, policy, reason: None }
}

/// Statement that the stock of a SKU is untracked, whatever is on hand.
fn untracked(text: &str) -> Count {
    let policy = StockPolicy::Untracked;
    Count { on_hand: None, policy, ..counted(text, Location::default(), 0) }
}

/// Request for hold `number` with these lines, which expires at second 900.
fn new_hold(number: u128, lines: &[HoldLine]) -> HoldRequest {
    let (id, order_id) = (hold_id(number), order_id(number));
    HoldRequest { id, order_id, lines: lines.to_vec(), expires_at: at(900) }
}

/// Ledger state and all events that led to it.
#[derive(Default)]
struct LedgerFixture {
    state: LedgerState,
    events: Vec<Event>,
}

impl LedgerFixture {
    /// Fixture with this many units of each SKU at the default location.
    fn with(stock: &[(&str, i64)]) -> Self {
        let mut fixture = Self::default();
        for (sku, on_hand) in stock {
            fixture.count(sku, DEFAULT_LOCATION, *on_hand);
        }
        fixture
    }

    fn count(&mut self, text: &str, location: &str, on_hand: i64) {
        let location = Location::new(location).unwrap();
        self.record(self.state.count(counted(text, location, on_hand)).unwrap());
    }

    fn untrack(&mut self, text: &str) {
        self.record(self.state.count(untracked(text)).unwrap());
    }

    fn place_hold(&mut self, hold: &HoldRequest, now: u64) -> Result<usize, Rejection> {
        let events = self.state.place_hold(hold, at(now))?;
        Ok(self.record(events))
    }

    fn commit(&mut self, number: u128, now: u64) -> Result<usize, Rejection> {
        let events = self.state.commit(hold_id(number), at(now))?;
        Ok(self.record(events))
    }

    fn release(&mut self, number: u128) -> usize {
        let events = self.state.release(hold_id(number));
        self.record(events)
    }

    fn restock(
        &mut self,
        number: u128,
        reference: &str,
        lines: &[HoldLine],
    ) -> Result<usize, Rejection> {
        let event = self.state.restock(hold_id(number), reference, lines, "returned")?;
        Ok(self.record(event))
    }

    /// Applies events as the service does, each together with its availability events. Returns their number without the
    /// availability events.
    fn record(&mut self, events: impl IntoIterator<Item = Event>) -> usize {
        let mut count = 0;
        for event in events {
            let derived = self.state.availability_changes(&event);
            for event in std::iter::once(event).chain(derived) {
                self.state.apply(&event);
                self.events.push(event);
            }
            count += 1;
        }
        count
    }

    /// Recorded stock, ignoring expiry.
    fn stock(&self, text: &str) -> SkuStock {
        self.state.stock_at(&sku(text), Timestamp::MIN).unwrap().1
    }

    /// Recorded units on hand, held and available.
    fn units(&self, text: &str) -> (i64, i64, i64) {
        let stock = self.stock(text);
        (stock.on_hand(), stock.held(), stock.available())
    }

    fn hold_state(&self, number: u128) -> Option<HoldState> {
        self.state.hold(hold_id(number)).map(|hold| hold.state)
    }
}
