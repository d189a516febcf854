//! What happens to holds: taken, sold, given back, brought back, out of time.
//!
//! Every command may be repeated: what took effect already leads to no events.

use super::{
    Event, Hold, HoldId, Ledger, Line, Moved, OrderId, Rejection, Sku, Status, Stock, Units,
};
use kernel::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A hold that somebody asks for.
#[derive(Clone, Debug)]
pub(crate) struct NewHold {
    pub(crate) id: HoldId,
    pub(crate) order_id: OrderId,
    /// One line per SKU.
    pub(crate) lines: Vec<Line>,
    pub(crate) expires_at: Timestamp,
}

impl Ledger {
    /// Sets all lines aside, or none. A hold that ran out is taken anew.
    pub(crate) fn take(&self, new: &NewHold, now: Timestamp) -> Result<Vec<Event>, Rejection> {
        let known = self.holds.get(&new.id);
        let mut search = Search::of(self, now);
        if let Some(hold) = known {
            match hold.status_at(now) {
                status @ (Status::Released | Status::Returned) => {
                    return Err(Rejection::HoldEnded(status));
                }
                _ if !hold.is_of(new.order_id, &new.lines) => return Err(Rejection::OtherHold),
                Status::Held | Status::Committed => return Ok(Vec::new()),
                Status::Expired if hold.is_active() => search.expire(hold),
                Status::Expired => {}
            }
        }
        let lines = search.find(&new.lines)?;
        let (hold, order_id, expires_at) = (new.id, new.order_id, new.expires_at);
        let mut events = search.expired();
        events.push(Event::Held { hold, order_id, lines, expires_at });
        Ok(events)
    }

    /// Sells what is held. When the hold ran out, or its goods are not where they should be, they are looked for
    /// once more; what is sold was there.
    pub(crate) fn commit(&self, id: HoldId, now: Timestamp) -> Result<Vec<Event>, Rejection> {
        let hold = self.holds.get(&id).ok_or(Rejection::UnknownHold)?;
        match hold.status {
            Status::Committed | Status::Returned => return Ok(Vec::new()),
            Status::Released => return Err(Rejection::HoldEnded(Status::Released)),
            Status::Held | Status::Expired => {}
        }
        let mut search = Search::of(self, now);
        let taken_for_granted = kernel::defects::planted("expired_hold_committed");
        let units = if taken_for_granted || hold.is_active() && self.is_on_hand(&hold.units) {
            hold.units.clone()
        } else {
            search.disregard(hold);
            search.find(&wanted(hold)).map_err(|rejection| match rejection {
                Rejection::OutOfStock { sku, .. } => Rejection::GoodsGone { sku },
                other => other,
            })?
        };
        let order_id = hold.order_id.ok_or(Rejection::UnknownHold)?;
        let mut events = search.expired();
        let lines = self.moved(units, |on_hand, quantity| on_hand - quantity);
        events.push(Event::Committed { hold: id, order_id, lines });
        Ok(events)
    }

    /// Gives back what is held, or takes back all that was sold and has not come back. An unknown hold is barred,
    /// so that a request for it that comes late finds it ended.
    pub(crate) fn release(&self, id: HoldId) -> Vec<Event> {
        let Some(hold) = self.holds.get(&id) else {
            let is_barred = !kernel::defects::planted("late_hold_not_barred");
            return is_barred.then_some(Event::Barred { hold: id }).into_iter().collect();
        };
        let status = match hold.status {
            Status::Returned if kernel::defects::planted("release_applied_twice") => {
                Status::Committed
            }
            status => status,
        };
        match (status, hold.order_id) {
            (Status::Held | Status::Expired, _) => vec![Event::Released { hold: id }],
            (Status::Committed, Some(order_id)) => {
                let lines = self.moved(hold.outstanding(), |on_hand, quantity| on_hand + quantity);
                vec![Event::Returned { hold: id, order_id, lines }]
            }
            (Status::Committed | Status::Released | Status::Returned, _) => Vec::new(),
        }
    }

    /// Takes units of a committed hold back, once per reference, to where they were sold from.
    pub(crate) fn restock(
        &self,
        id: HoldId,
        reference: &str,
        lines: &[Line],
        reason: &str,
    ) -> Result<Option<Event>, Rejection> {
        let hold = self.holds.get(&id).ok_or(Rejection::UnknownHold)?;
        if let Some(earlier) = hold.restocks.iter().find(|it| it.reference == reference) {
            return if earlier.is_of(lines) { Ok(None) } else { Err(Rejection::OtherRestock) };
        }
        if hold.status == Status::Returned {
            // All of it came back, these units among it: who gave them back singly had begun before.
            return lines
                .iter()
                .try_for_each(|line| part_of(&hold.units, line).map(drop))
                .map(|()| None);
        }
        let (reference, reason) = (reference.to_owned(), reason.to_owned());
        let mut back = Vec::with_capacity(lines.len());
        let outstanding =
            if hold.status == Status::Committed { hold.outstanding() } else { Vec::new() };
        for line in lines {
            back.extend(part_of(&outstanding, line)?);
        }
        let order_id = hold.order_id.ok_or(Rejection::UnknownHold)?;
        let lines = self.moved(back, |on_hand, quantity| on_hand + quantity);
        Ok(Some(Event::Restocked { hold: id, order_id, reference, reason, lines }))
    }

    /// Writes down the end of up to `limit` holds whose time is over.
    pub(crate) fn expire(&self, now: Timestamp, limit: usize) -> Vec<Event> {
        self.due(now).take(limit).map(|hold| Event::Expired { hold: hold.id }).collect()
    }

    fn is_on_hand(&self, units: &[Units]) -> bool {
        units.iter().all(|units| self.on_hand(units) >= units.quantity)
    }

    fn on_hand(&self, units: &Units) -> i64 {
        let found = self.stock.get(&units.sku).and_then(|stock| stock.shelf(&units.location));
        found.map_or(0, |it| it.on_hand)
    }

    fn moved(&self, units: Vec<Units>, change: impl Fn(i64, i64) -> i64) -> Vec<Moved> {
        let moved = units.into_iter().map(|units| {
            let on_hand = change(self.on_hand(&units), units.quantity);
            let Units { sku, location, quantity } = units;
            Moved { sku, location, quantity, on_hand }
        });
        moved.collect()
    }
}

/// What a hold was asked for: its units, wherever they are.
fn wanted(hold: &Hold) -> Vec<Line> {
    let mut wanted: BTreeMap<&Sku, i64> = BTreeMap::new();
    hold.units.iter().for_each(|units| *wanted.entry(&units.sku).or_default() += units.quantity);
    wanted.into_iter().map(|(sku, quantity)| Line { sku: sku.clone(), quantity }).collect()
}

/// The places `line` came from, as far as it has not come back.
fn part_of(outstanding: &[Units], line: &Line) -> Result<Vec<Units>, Rejection> {
    let mut missing = line.quantity;
    let mut parts = Vec::new();
    for units in outstanding.iter().filter(|units| units.sku == line.sku) {
        let quantity = units.quantity.min(missing);
        if quantity > 0 {
            parts.push(Units { quantity, ..units.clone() });
            missing -= quantity;
        }
    }
    if missing > 0 {
        let returnable = line.quantity - missing;
        return Err(Rejection::NotSold { sku: line.sku.clone(), returnable });
    }
    Ok(parts)
}

/// A search for goods that counts holds whose time is over as free, and remembers which of them it had to end.
struct Search<'a> {
    ledger: &'a Ledger,
    now: Timestamp,
    /// Holds whose claims count no more.
    disregarded: BTreeSet<HoldId>,
    ended: Vec<HoldId>,
    /// The stock of SKUs that such claims lay on, without them.
    freed: BTreeMap<Sku, Stock>,
}

impl<'a> Search<'a> {
    fn of(ledger: &'a Ledger, now: Timestamp) -> Self {
        let (disregarded, ended, freed) = (BTreeSet::new(), Vec::new(), BTreeMap::new());
        Self { ledger, now, disregarded, ended, freed }
    }

    fn find(&mut self, lines: &[Line]) -> Result<Vec<Units>, Rejection> {
        let mut found = Vec::with_capacity(lines.len());
        for Line { sku, quantity } in lines {
            let parts = self.source(sku, *quantity);
            let parts = parts.or_else(|| self.end_due(sku).then(|| self.source(sku, *quantity))?);
            let parts = parts.ok_or_else(|| {
                let available = self.stock(sku).map_or(0, Stock::available);
                Rejection::OutOfStock { sku: sku.clone(), available }
            })?;
            let units = parts.into_iter().map(|(location, quantity)| {
                let sku = sku.clone();
                Units { sku, location, quantity }
            });
            found.extend(units);
        }
        Ok(found)
    }

    /// The ends that have to be written down for what was found.
    fn expired(self) -> Vec<Event> {
        self.ended.into_iter().map(|hold| Event::Expired { hold }).collect()
    }

    fn stock(&self, sku: &Sku) -> Option<&Stock> {
        self.freed.get(sku).or_else(|| self.ledger.stock.get(sku))
    }

    fn source(&self, sku: &Sku, quantity: i64) -> Option<Vec<(super::Location, i64)>> {
        self.stock(sku)?.source(quantity)
    }

    /// Ends what is over and lies on this SKU. Whether there was any.
    fn end_due(&mut self, sku: &Sku) -> bool {
        let due: Vec<&'a Hold> = self.ledger.due(self.now).filter(|it| it.concerns(sku)).collect();
        let before = self.ended.len();
        for hold in due {
            self.expire(hold);
        }
        self.ended.len() > before
    }

    fn expire(&mut self, hold: &Hold) {
        if self.disregard(hold) {
            self.ended.push(hold.id);
        }
    }

    /// Looks on as if the hold claimed nothing. Whether it did claim something until now.
    fn disregard(&mut self, hold: &Hold) -> bool {
        let claims = hold.is_active() && self.disregarded.insert(hold.id);
        if claims {
            for units in &hold.units {
                let stock = self.ledger.stock.get(&units.sku).cloned().unwrap_or_default();
                let stock = self.freed.entry(units.sku.clone()).or_insert(stock);
                stock.move_units(&units.location, 0, -units.quantity);
            }
        }
        claims
    }
}
