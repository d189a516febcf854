//! What the ledger promises: every state and command, the published vectors, and any sequence of them.

mod full_disk;
mod properties;
mod table;
mod vectors;

use crate::domain::*;
use contracts::inventory::DEFAULT_LOCATION;
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
    Sku::new(text).unwrap()
}

fn line(text: &str, quantity: i64) -> Line {
    Line { sku: sku(text), quantity }
}

/// The hold `number` of these lines, which ends at second 900.
fn new_hold(number: u128, lines: &[Line]) -> NewHold {
    let (id, order_id) = (hold_id(number), order_id(number));
    NewHold { id, order_id, lines: lines.to_vec(), expires_at: at(900) }
}

/// A ledger and all events that led to it.
#[derive(Default)]
struct Books {
    ledger: Ledger,
    events: Vec<Event>,
}

impl Books {
    /// So many units of each SKU at the default location.
    fn with(stock: &[(&str, i64)]) -> Self {
        let mut books = Self::default();
        for (sku, on_hand) in stock {
            books.count(sku, DEFAULT_LOCATION, *on_hand);
        }
        books
    }

    fn count(&mut self, text: &str, location: &str, on_hand: i64) {
        let location = Location::new(location).unwrap();
        let event = self.ledger.count(sku(text), location, on_hand, None).unwrap();
        self.take_down(event);
    }

    fn take(&mut self, hold: &NewHold, now: u64) -> Result<usize, Rejection> {
        let events = self.ledger.take(hold, at(now))?;
        Ok(self.take_down(events))
    }

    fn commit(&mut self, number: u128, now: u64) -> Result<usize, Rejection> {
        let events = self.ledger.commit(hold_id(number), at(now))?;
        Ok(self.take_down(events))
    }

    fn release(&mut self, number: u128) -> usize {
        let events = self.ledger.release(hold_id(number));
        self.take_down(events)
    }

    fn restock(
        &mut self,
        number: u128,
        reference: &str,
        lines: &[Line],
    ) -> Result<usize, Rejection> {
        let event = self.ledger.restock(hold_id(number), reference, lines, "returned")?;
        Ok(self.take_down(event))
    }

    /// Applies events as the service does, each together with what is told because of it. Returns how many there
    /// were, without the told ones.
    fn take_down(&mut self, events: impl IntoIterator<Item = Event>) -> usize {
        let mut count = 0;
        for event in events {
            let told = self.ledger.told_by(&event);
            for event in std::iter::once(event).chain(told) {
                self.ledger.apply(&event);
                self.events.push(event);
            }
            count += 1;
        }
        count
    }

    /// What the books have, whatever the time.
    fn stock(&self, text: &str) -> Stock {
        self.ledger.stock_at(&sku(text), Timestamp::MIN).unwrap().1
    }

    /// On hand, held, available, as the books have it.
    fn figures(&self, text: &str) -> (i64, i64, i64) {
        let stock = self.stock(text);
        (stock.on_hand(), stock.held(), stock.available())
    }

    fn status(&self, number: u128) -> Option<Status> {
        self.ledger.hold(hold_id(number)).map(|hold| hold.status)
    }
}
