//! Fake inventory service, which panics when stock falls below zero.

use super::{FakeClient, sku};
use crate::ports::{PortError, stock::Stock};
use async_trait::async_trait;
use contracts::codes;
use identifiers::{HoldId, OrderId, RefundId, Sku};
use kernel::{Clock, Problem, Timestamp};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// Stock on hand, and holds by their id.
#[derive(Debug, Default)]
pub(crate) struct FakeStock {
    on_hand: HashMap<Sku, i64>,
    holds: HashMap<HoldId, FakeHold>,
    restocked: HashSet<RefundId>,
}

#[derive(Clone, Debug)]
struct FakeHold {
    lines: Vec<(Sku, i64)>,
    expires_at: Timestamp,
    state: HoldState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HoldState {
    Held,
    Sold,
    Ended,
}

impl FakeStock {
    pub(crate) fn with(text: &str, units: i64) -> Self {
        Self { on_hand: [(sku(text), units)].into(), ..Self::default() }
    }

    /// Checks the units on hand and the units held of the only SKU.
    pub(crate) fn has_units(&self, on_hand: i64, held: i64) -> Result<(), String> {
        let found: i64 = self.on_hand.values().sum();
        let in_holds: i64 = self
            .holds
            .values()
            .filter(|hold| hold.state == HoldState::Held)
            .flat_map(|hold| &hold.lines)
            .map(|(_, units)| units)
            .sum();
        if (found, in_holds) == (on_hand, held) {
            Ok(())
        } else {
            Err(format!("{found} mugs are on hand and {in_holds} held"))
        }
    }

    pub(crate) fn sell_out(&mut self) {
        self.on_hand.values_mut().for_each(|units| *units = 0);
    }

    fn available(&self, sku: &Sku, now: Timestamp) -> i64 {
        let holds = self.holds.values();
        let held = holds.filter(|hold| hold.state == HoldState::Held && now < hold.expires_at);
        let held = held.flat_map(|hold| &hold.lines).filter(|(held, _)| held == sku);
        self.on_hand.get(sku).copied().unwrap_or(0) - held.map(|(_, units)| units).sum::<i64>()
    }

    fn missing(&self, lines: &[(Sku, i64)], now: Timestamp) -> Option<PortError> {
        let (sku, _) = lines.iter().find(|(sku, units)| self.available(sku, now) < *units)?;
        let left = self.available(sku, now);
        let problem = Problem::of(codes::OUT_OF_STOCK, format!("{left} of {sku} are left"));
        Some(PortError::Refused(Box::new(problem.subject(sku.as_str()).fact("available", left))))
    }

    fn move_units(&mut self, lines: &[(Sku, i64)], sign: i64) {
        for (sku, units) in lines {
            let on_hand = self.on_hand.entry(sku.clone()).or_default();
            *on_hand += sign * units;
            assert!(*on_hand >= 0, "{sku} is oversold");
        }
    }

    fn commit(&mut self, id: HoldId, now: Timestamp) -> Result<(), PortError> {
        let hold = self.holds.get(&id).cloned().expect("what is committed was held");
        match hold.state {
            HoldState::Sold => Ok(()),
            HoldState::Ended => {
                let problem = Problem::of(codes::HOLD_ENDED, "the hold has ended");
                Err(PortError::Refused(Box::new(problem)))
            }
            HoldState::Held
                if now >= hold.expires_at && self.missing(&hold.lines, now).is_some() =>
            {
                let problem = Problem::of(codes::HOLD_EXPIRED, "the stock is gone");
                Err(PortError::Refused(Box::new(problem)))
            }
            HoldState::Held => {
                self.move_units(&hold.lines, -1);
                self.holds.entry(id).and_modify(|hold| hold.state = HoldState::Sold);
                Ok(())
            }
        }
    }
}

#[async_trait]
impl Stock for FakeClient<FakeStock> {
    async fn on_hand(&self, skus: Vec<Sku>) -> Result<Vec<i64>, PortError> {
        self.interruption_point().await;
        let fake = self.fake.lock();
        Ok(skus.iter().map(|sku| fake.on_hand.get(sku).copied().unwrap_or(0)).collect())
    }

    async fn hold(
        &self,
        hold: HoldId,
        _: OrderId,
        lines: &[(Sku, i64)],
        lifetime: Duration,
    ) -> Result<(), PortError> {
        self.interruption_point().await;
        {
            let (mut fake, now) = (self.fake.lock(), self.clock.now());
            if fake.holds.contains_key(&hold) {
                return Ok(());
            }
            if let Some(missing) = fake.missing(lines, now) {
                return Err(missing);
            }
            let expires_at = now.checked_add(lifetime).unwrap();
            let lines = lines.to_vec();
            fake.holds.insert(hold, FakeHold { lines, expires_at, state: HoldState::Held });
        }
        self.interruption_point().await;
        Ok(())
    }

    async fn commit(&self, hold: HoldId) -> Result<(), PortError> {
        self.interruption_point().await;
        let committed = self.fake.lock().commit(hold, self.clock.now());
        self.interruption_point().await;
        committed
    }

    async fn release(&self, hold: HoldId) -> Result<(), PortError> {
        self.interruption_point().await;
        {
            let mut fake = self.fake.lock();
            let ended =
                FakeHold { lines: vec![], expires_at: self.clock.now(), state: HoldState::Ended };
            let before = fake.holds.entry(hold).or_insert(ended).clone();
            if before.state == HoldState::Sold {
                fake.move_units(&before.lines, 1);
            }
            fake.holds.entry(hold).and_modify(|hold| hold.state = HoldState::Ended);
        }
        self.interruption_point().await;
        Ok(())
    }

    async fn restock(
        &self,
        hold: HoldId,
        refund: RefundId,
        lines: &[(Sku, i64)],
        _: &str,
    ) -> Result<(), PortError> {
        self.interruption_point().await;
        {
            let mut fake = self.fake.lock();
            if fake.restocked.insert(refund) {
                fake.move_units(lines, 1);
                // Restocked already, so a release does not return it again.
                fake.holds.entry(hold).and_modify(|hold| {
                    for (sku, units) in lines {
                        let line = hold.lines.iter_mut().find(|(sold, _)| sold == sku);
                        line.expect("only sold units are restocked").1 -= units;
                    }
                });
            }
        }
        self.interruption_point().await;
        Ok(())
    }
}
