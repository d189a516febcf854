//! Hold commands on the ledger: place, commit, release, restock, expire.
//!
//! Every command is idempotent: a command that already took effect produces no events.

use super::{
    Event, Hold, HoldLine, HoldState, LedgerState, LocationUnits, MovedUnits, Rejection, SkuStock,
    StockPolicy,
};
use identifiers::{HoldId, OrderId, Sku};
use kernel::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Request to place a hold.
#[derive(Clone, Debug)]
pub(crate) struct HoldRequest {
    pub(crate) id: HoldId,
    pub(crate) order_id: OrderId,
    /// One line per SKU.
    pub(crate) lines: Vec<HoldLine>,
    pub(crate) expires_at: Timestamp,
}

impl LedgerState {
    /// Places a hold: all lines or none. An expired hold is placed again.
    pub(crate) fn place_hold(
        &self,
        new: &HoldRequest,
        now: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let known = self.holds.get(&new.id);
        let mut sourcing = Sourcing::new(self, now);
        if let Some(hold) = known {
            match hold.state_at(now) {
                state @ (HoldState::Released | HoldState::Returned) => {
                    return Err(Rejection::HoldEnded(state));
                }
                _ if !hold.matches(new.order_id, &new.lines) => {
                    return Err(Rejection::HoldIdReused);
                }
                HoldState::Held | HoldState::Committed => return Ok(Vec::new()),
                HoldState::Expired if hold.is_active() => sourcing.expire(hold),
                HoldState::Expired => {}
            }
        }
        let lines = sourcing.source_lines(&new.lines)?;
        let (hold, order_id, expires_at) = (new.id, new.order_id, new.expires_at);
        let mut events = sourcing.into_events();
        events.push(Event::Held { hold, order_id, lines, expires_at });
        Ok(events)
    }

    /// Commits a hold. If it expired, or its units are missing from their locations, the units are sourced again: only
    /// units on hand are ever sold.
    pub(crate) fn commit(&self, id: HoldId, now: Timestamp) -> Result<Vec<Event>, Rejection> {
        let hold = self.holds.get(&id).ok_or(Rejection::UnknownHold)?;
        match hold.state {
            HoldState::Committed | HoldState::Returned => return Ok(Vec::new()),
            HoldState::Released => return Err(Rejection::HoldEnded(HoldState::Released)),
            HoldState::Held | HoldState::Expired => {}
        }
        let mut sourcing = Sourcing::new(self, now);
        let units = if hold.is_active() && self.is_on_hand(&hold.units) {
            hold.units.clone()
        } else {
            sourcing.exclude(hold);
            sourcing.source_lines(&lines_of(hold)).map_err(|rejection| match rejection {
                Rejection::OutOfStock { sku, .. } => Rejection::StockGone { sku },
                other => other,
            })?
        };
        let order_id = hold.order_id.ok_or(Rejection::UnknownHold)?;
        let mut events = sourcing.into_events();
        let lines = self.moved_units(units, |on_hand, quantity| on_hand - quantity);
        events.push(Event::Committed { hold: id, order_id, lines });
        Ok(events)
    }

    /// Releases a hold, or returns all sold units that have not been restocked. An unknown hold gets a tombstone, so
    /// that a delayed request to place it is rejected.
    pub(crate) fn release(&self, id: HoldId) -> Vec<Event> {
        let Some(hold) = self.holds.get(&id) else {
            return vec![Event::Barred { hold: id }];
        };
        match (hold.state, hold.order_id) {
            (HoldState::Held | HoldState::Expired, _) => vec![Event::Released { hold: id }],
            (HoldState::Committed, Some(order_id)) => {
                let lines =
                    self.moved_units(hold.outstanding(), |on_hand, quantity| on_hand + quantity);
                vec![Event::Returned { hold: id, order_id, lines }]
            }
            (HoldState::Committed | HoldState::Released | HoldState::Returned, _) => Vec::new(),
        }
    }

    /// Restocks units of a committed hold at the locations they were sold from, once per reference.
    pub(crate) fn restock(
        &self,
        id: HoldId,
        reference: &str,
        lines: &[HoldLine],
        reason: &str,
    ) -> Result<Option<Event>, Rejection> {
        let hold = self.holds.get(&id).ok_or(Rejection::UnknownHold)?;
        if let Some(earlier) = hold.restocks.iter().find(|it| it.reference == reference) {
            return if earlier.matches(lines) {
                Ok(None)
            } else {
                Err(Rejection::RestockReferenceReused)
            };
        }
        if hold.state == HoldState::Returned {
            // All units were returned, these among them: this restock began before the return.
            return lines
                .iter()
                .try_for_each(|line| take_units(&hold.units, line).map(drop))
                .map(|()| None);
        }
        let (reference, reason) = (reference.to_owned(), reason.to_owned());
        let mut restocked = Vec::with_capacity(lines.len());
        let outstanding =
            if hold.state == HoldState::Committed { hold.outstanding() } else { Vec::new() };
        for line in lines {
            restocked.extend(take_units(&outstanding, line)?);
        }
        let order_id = hold.order_id.ok_or(Rejection::UnknownHold)?;
        let lines = self.moved_units(restocked, |on_hand, quantity| on_hand + quantity);
        Ok(Some(Event::Restocked { hold: id, order_id, reference, reason, lines }))
    }

    /// Expiry events for up to `limit` due holds.
    pub(crate) fn expire(&self, now: Timestamp, limit: usize) -> Vec<Event> {
        self.due_holds(now).take(limit).map(|hold| Event::Expired { hold: hold.id }).collect()
    }

    fn is_on_hand(&self, units: &[LocationUnits]) -> bool {
        units.iter().all(|units| units.untracked || self.on_hand(units) >= units.quantity)
    }

    fn on_hand(&self, units: &LocationUnits) -> i64 {
        let found = self.stock.get(&units.sku).and_then(|stock| stock.at_location(&units.location));
        found.map_or(0, |it| it.on_hand)
    }

    fn moved_units(
        &self,
        units: Vec<LocationUnits>,
        change: impl Fn(i64, i64) -> i64,
    ) -> Vec<MovedUnits> {
        let moved = units.into_iter().map(|units| {
            let before = self.on_hand(&units);
            let on_hand = if units.untracked { before } else { change(before, units.quantity) };
            let LocationUnits { sku, location, quantity, untracked } = units;
            let previous = Some(self.last_movement(&sku));
            MovedUnits { sku, location, quantity, on_hand, untracked, previous }
        });
        moved.collect()
    }
}

/// The lines a hold was placed for: its units, summed over locations.
fn lines_of(hold: &Hold) -> Vec<HoldLine> {
    let mut quantities: BTreeMap<&Sku, i64> = BTreeMap::new();
    hold.units
        .iter()
        .for_each(|units| *quantities.entry(&units.sku).or_default() += units.quantity);
    quantities.into_iter().map(|(sku, quantity)| HoldLine { sku: sku.clone(), quantity }).collect()
}

/// The part of `outstanding` that covers `line`.
fn take_units(
    outstanding: &[LocationUnits],
    line: &HoldLine,
) -> Result<Vec<LocationUnits>, Rejection> {
    let mut missing = line.quantity;
    let mut parts = Vec::new();
    for units in outstanding.iter().filter(|units| units.sku == line.sku) {
        let quantity = units.quantity.min(missing);
        if quantity > 0 {
            parts.push(LocationUnits { quantity, ..units.clone() });
            missing -= quantity;
        }
    }
    if missing > 0 {
        let returnable = line.quantity - missing;
        return Err(Rejection::NotReturnable { sku: line.sku.clone(), returnable });
    }
    Ok(parts)
}

/// Stock sourcing that treats due holds as free and remembers which of them it had to expire.
struct Sourcing<'a> {
    ledger: &'a LedgerState,
    now: Timestamp,
    /// Holds whose claims are ignored.
    excluded: BTreeSet<HoldId>,
    expired: Vec<HoldId>,
    /// Stock of the affected SKUs without those claims.
    freed: BTreeMap<Sku, SkuStock>,
}

impl<'a> Sourcing<'a> {
    fn new(ledger: &'a LedgerState, now: Timestamp) -> Self {
        let (excluded, expired, freed) = (BTreeSet::new(), Vec::new(), BTreeMap::new());
        Self { ledger, now, excluded, expired, freed }
    }

    fn source_lines(&mut self, lines: &[HoldLine]) -> Result<Vec<LocationUnits>, Rejection> {
        let mut found = Vec::with_capacity(lines.len());
        for HoldLine { sku, quantity } in lines {
            let parts = self.source(sku, *quantity);
            let parts =
                parts.or_else(|| self.expire_due(sku).then(|| self.source(sku, *quantity))?);
            let parts = parts.ok_or_else(|| {
                let available = self.stock(sku).map_or(0, SkuStock::available);
                Rejection::OutOfStock { sku: sku.clone(), available }
            })?;
            let policy = self.stock(sku).map(|stock| stock.policy).unwrap_or_default();
            let untracked = policy == StockPolicy::Untracked;
            let units = parts.into_iter().map(|(location, quantity)| {
                let sku = sku.clone();
                LocationUnits { sku, location, quantity, untracked }
            });
            found.extend(units);
        }
        Ok(found)
    }

    /// Expiry events that the sourced units require.
    fn into_events(self) -> Vec<Event> {
        self.expired.into_iter().map(|hold| Event::Expired { hold }).collect()
    }

    fn stock(&self, sku: &Sku) -> Option<&SkuStock> {
        self.freed.get(sku).or_else(|| self.ledger.stock.get(sku))
    }

    fn source(&self, sku: &Sku, quantity: i64) -> Option<Vec<(super::Location, i64)>> {
        self.stock(sku)?.source(quantity)
    }

    /// Expires the due holds on this SKU. Returns whether there were any.
    fn expire_due(&mut self, sku: &Sku) -> bool {
        let due: Vec<&'a Hold> =
            self.ledger.due_holds(self.now).filter(|it| it.includes(sku)).collect();
        let before = self.expired.len();
        for hold in due {
            self.expire(hold);
        }
        self.expired.len() > before
    }

    fn expire(&mut self, hold: &Hold) {
        if self.exclude(hold) {
            self.expired.push(hold.id);
        }
    }

    /// Ignores the claims of a hold. Returns whether it had any until now.
    fn exclude(&mut self, hold: &Hold) -> bool {
        let claims = hold.is_active() && self.excluded.insert(hold.id);
        if claims {
            for units in hold.claims() {
                let stock = self.ledger.stock.get(&units.sku).cloned().unwrap_or_default();
                let stock = self.freed.entry(units.sku.clone()).or_insert(stock);
                stock.move_units(&units.location, 0, -units.quantity);
            }
        }
        claims
    }
}
