//! Stock that is held, sold and taken back, and never below zero.

use super::Way;
use crate::ports::{PortError, stock::Stock};
use async_trait::async_trait;
use contracts::codes;
use kernel::{Clock, Problem, Timestamp, Uuid};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

#[derive(Debug, Default)]
pub(crate) struct StockBooks {
    on_hand: HashMap<String, i64>,
    holds: HashMap<Uuid, Hold>,
    restocked: HashSet<Uuid>,
}

#[derive(Clone, Debug)]
struct Hold {
    lines: Vec<(String, i64)>,
    expires_at: Timestamp,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Held,
    Sold,
    Ended,
}

impl StockBooks {
    pub(crate) fn with(sku: &str, units: i64) -> Self {
        Self { on_hand: [(sku.to_owned(), units)].into(), ..Self::default() }
    }

    /// What is in the building of the one SKU there is, and how much of it is set aside.
    pub(crate) fn stands_at(&self, on_hand: i64, held: i64) -> Result<(), String> {
        let there: i64 = self.on_hand.values().sum();
        let set_aside: i64 = self
            .holds
            .values()
            .filter(|hold| hold.state == State::Held)
            .flat_map(|hold| &hold.lines)
            .map(|(_, units)| units)
            .sum();
        if (there, set_aside) == (on_hand, held) {
            Ok(())
        } else {
            Err(format!("{there} mugs are there and {set_aside} held"))
        }
    }

    pub(crate) fn sell_out(&mut self) {
        self.on_hand.values_mut().for_each(|units| *units = 0);
    }

    fn available(&self, sku: &str, now: Timestamp) -> i64 {
        let holds = self.holds.values();
        let held = holds.filter(|hold| hold.state == State::Held && now < hold.expires_at);
        let held = held.flat_map(|hold| &hold.lines).filter(|(held, _)| held == sku);
        self.on_hand.get(sku).copied().unwrap_or(0) - held.map(|(_, units)| units).sum::<i64>()
    }

    fn missing(&self, lines: &[(String, i64)], now: Timestamp) -> Option<PortError> {
        let (sku, _) = lines.iter().find(|(sku, units)| self.available(sku, now) < *units)?;
        let left = self.available(sku, now);
        let problem = Problem::new(409, codes::OUT_OF_STOCK, format!("{left} of {sku} are left"));
        Some(PortError::Refused(Box::new(problem.subject(sku.clone()).fact("available", left))))
    }

    fn move_units(&mut self, lines: &[(String, i64)], sign: i64) {
        for (sku, units) in lines {
            let on_hand = self.on_hand.entry(sku.clone()).or_default();
            *on_hand += sign * units;
            assert!(*on_hand >= 0, "{sku} is oversold");
        }
    }

    fn commit(&mut self, id: Uuid, now: Timestamp) -> Result<(), PortError> {
        let hold = self.holds.get(&id).cloned().expect("what is committed was held");
        match hold.state {
            State::Sold => Ok(()),
            State::Ended => {
                let problem = Problem::new(409, codes::HOLD_ENDED, "the hold has ended");
                Err(PortError::Refused(Box::new(problem)))
            }
            State::Held if now >= hold.expires_at && self.missing(&hold.lines, now).is_some() => {
                let problem = Problem::new(409, codes::HOLD_EXPIRED, "the goods are gone");
                Err(PortError::Refused(Box::new(problem)))
            }
            State::Held => {
                self.move_units(&hold.lines, -1);
                self.holds.entry(id).and_modify(|hold| hold.state = State::Sold);
                Ok(())
            }
        }
    }
}

#[async_trait]
impl Stock for Way<StockBooks> {
    async fn hold(&self, hold: Uuid, _: Uuid, lines: &[(String, i64)]) -> Result<(), PortError> {
        self.pass().await;
        {
            let (mut books, now) = (self.books.lock(), self.clock.now());
            if books.holds.contains_key(&hold) {
                return Ok(());
            }
            if let Some(missing) = books.missing(lines, now) {
                return Err(missing);
            }
            let expires_at = now.checked_add(Duration::from_mins(15)).unwrap();
            let lines = lines.to_vec();
            books.holds.insert(hold, Hold { lines, expires_at, state: State::Held });
        }
        self.pass().await;
        Ok(())
    }

    async fn commit(&self, hold: Uuid) -> Result<(), PortError> {
        self.pass().await;
        let committed = self.books.lock().commit(hold, self.clock.now());
        self.pass().await;
        committed
    }

    async fn release(&self, hold: Uuid) -> Result<(), PortError> {
        self.pass().await;
        {
            let mut books = self.books.lock();
            let ended = Hold { lines: vec![], expires_at: self.clock.now(), state: State::Ended };
            let before = books.holds.entry(hold).or_insert(ended).clone();
            if before.state == State::Sold {
                books.move_units(&before.lines, 1);
            }
            books.holds.entry(hold).and_modify(|hold| hold.state = State::Ended);
        }
        self.pass().await;
        Ok(())
    }

    async fn restock(
        &self,
        hold: Uuid,
        reference: Uuid,
        lines: &[(String, i64)],
        _: &str,
    ) -> Result<(), PortError> {
        self.pass().await;
        {
            let mut books = self.books.lock();
            if books.restocked.insert(reference) {
                books.move_units(lines, 1);
                // Taken back already, so a release does not take it back again.
                books.holds.entry(hold).and_modify(|hold| {
                    for (sku, units) in lines {
                        let line = hold.lines.iter_mut().find(|(sold, _)| sold == sku);
                        line.expect("only what was sold comes back").1 -= units;
                    }
                });
            }
        }
        self.pass().await;
        Ok(())
    }
}
