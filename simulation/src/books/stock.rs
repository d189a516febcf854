//! Stock and holds.

use super::{Findings, facts};
use journal::RecordedEvent;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Shelves and holds.
#[derive(Debug, Default)]
pub(crate) struct Stock {
    pub(crate) shelves: BTreeMap<String, Shelf>,
    pub(crate) holds: BTreeMap<String, Hold>,
    /// Operators' movements, by their reasons.
    pub(crate) moves: BTreeMap<String, Vec<i64>>,
    /// How many movements each SKU has had, of any kind.
    pub(crate) movements: BTreeMap<String, usize>,
}

/// What there is of a SKU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shelf {
    pub(crate) on_hand: i64,
    pub(crate) held: i64,
    received: i64,
    corrected: i64,
    sold: i64,
    back: i64,
}

/// A hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hold {
    pub(crate) order: Option<String>,
    pub(crate) units: Vec<(String, i64)>,
    pub(crate) status: HoldStatus,
    pub(crate) was_committed: bool,
    restocked: BTreeMap<String, i64>,
    references: Vec<String>,
}

/// Where a hold stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum HoldStatus {
    #[default]
    Unborn,
    Held,
    Committed,
    Released,
    Expired,
    Returned,
}

impl Hold {
    /// How many of its units came back.
    pub(crate) fn back(&self) -> i64 {
        self.restocked.values().sum()
    }

    /// Whether it keeps goods from others.
    pub(crate) fn claims(&self) -> bool {
        matches!(self.status, HoldStatus::Held | HoldStatus::Committed)
    }
}

#[derive(Deserialize)]
struct Facts {
    #[serde(default)]
    sku: String,
    #[serde(default)]
    quantity: i64,
    #[serde(default)]
    on_hand: i64,
    #[serde(default)]
    order_id: Option<String>,
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    reference: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    sku: String,
    quantity: i64,
    #[serde(default)]
    on_hand: i64,
}

const CONSERVED: &str = "stock is conserved";
const OVERSOLD: &str = "nothing is oversold";
const HOLDS: &str = "a hold's life has one way";

impl Stock {
    pub(super) fn take_in(&mut self, event: &RecordedEvent, found: &mut Findings) {
        let name = event.name.as_str();
        if name == "availability_changed" {
            return;
        }
        let Some(facts) = facts::<Facts>(event, found) else { return };
        match event.stream.strip_prefix("hold-") {
            Some(id) => self.hold_event(id, name, facts, found),
            None => self.own_event(name, facts, found),
        }
    }

    fn own_event(&mut self, name: &str, facts: Facts, found: &mut Findings) {
        let Facts { sku, quantity, on_hand, reason, .. } = facts;
        let there = self.shelves.entry(sku.clone()).or_default();
        match name {
            "received" => there.received += quantity,
            _ => there.corrected += quantity,
        }
        there.on_hand += quantity;
        *self.movements.entry(sku.clone()).or_default() += 1;
        there.check(&sku, on_hand, found);
        if let Some(reason) = reason.filter(|_| name != "counted") {
            self.moves.entry(reason).or_default().push(quantity);
        }
    }

    fn hold_event(&mut self, id: &str, name: &str, facts: Facts, found: &mut Findings) {
        let before = self.holds.get(id).map_or(HoldStatus::Unborn, |hold| hold.status);
        let one_way = match name {
            "held" => matches!(before, HoldStatus::Unborn | HoldStatus::Expired),
            "committed" => matches!(before, HoldStatus::Held | HoldStatus::Expired),
            "released" => matches!(before, HoldStatus::Held | HoldStatus::Expired),
            "expired" => before == HoldStatus::Held,
            "restocked" | "returned" => before == HoldStatus::Committed,
            "barred" => before == HoldStatus::Unborn,
            _ => false,
        };
        found.check(one_way, HOLDS, || format!("hold {id} was {before:?} and is {name}"));
        match name {
            "held" => self.held(id, facts, found),
            "committed" => self.committed(id, &facts, found),
            "released" | "barred" => self.ended(id, HoldStatus::Released),
            "expired" => self.ended(id, HoldStatus::Expired),
            "restocked" => self.restocked(id, &facts, found),
            "returned" => self.returned(id, &facts, found),
            _ => {}
        }
    }

    fn held(&mut self, id: &str, facts: Facts, found: &mut Findings) {
        let hold = self.holds.entry(id.to_owned()).or_default();
        hold.order = facts.order_id;
        hold.units = facts.lines.into_iter().map(|line| (line.sku, line.quantity)).collect();
        hold.status = HoldStatus::Held;
        for (sku, quantity) in &hold.units {
            let there = self.shelves.entry(sku.clone()).or_default();
            there.held += quantity;
            found.check(there.held <= there.on_hand, OVERSOLD, || {
                format!(
                    "hold {id}: of {sku} {} are held and {} are there",
                    there.held, there.on_hand
                )
            });
        }
    }

    /// Its units are not held any more.
    fn let_go(&mut self, id: &str) {
        let Some(hold) = self.holds.get(id) else { return };
        if hold.status == HoldStatus::Held {
            for (sku, quantity) in &hold.units {
                self.shelves.entry(sku.clone()).or_default().held -= quantity;
            }
        }
    }

    fn ended(&mut self, id: &str, status: HoldStatus) {
        self.let_go(id);
        self.holds.entry(id.to_owned()).or_default().status = status;
    }

    fn committed(&mut self, id: &str, facts: &Facts, found: &mut Findings) {
        self.let_go(id);
        let wanted = |units: &[(String, i64)]| {
            let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
            for (sku, quantity) in units {
                *wanted.entry(sku.clone()).or_default() += quantity;
            }
            wanted
        };
        let units: Vec<_> = facts.lines.iter().map(|it| (it.sku.clone(), it.quantity)).collect();
        let hold = self.holds.entry(id.to_owned()).or_default();
        found.check(wanted(&hold.units) == wanted(&units), HOLDS, || {
            format!("hold {id} of {:?} sells {units:?}", hold.units)
        });
        found.check(hold.order == facts.order_id, HOLDS, || format!("hold {id} changes its order"));
        hold.units = units;
        hold.status = HoldStatus::Committed;
        hold.was_committed = true;
        for line in &facts.lines {
            let there = self.shelves.entry(line.sku.clone()).or_default();
            there.sold += line.quantity;
            there.on_hand -= line.quantity;
            *self.movements.entry(line.sku.clone()).or_default() += 1;
            there.check(&line.sku, line.on_hand, found);
        }
    }

    fn restocked(&mut self, id: &str, facts: &Facts, found: &mut Findings) {
        let hold = self.holds.entry(id.to_owned()).or_default();
        let reference = facts.reference.clone().unwrap_or_default();
        found.check(!hold.references.contains(&reference), HOLDS, || {
            format!("hold {id}: {reference} came back twice")
        });
        hold.references.push(reference);
        for line in &facts.lines {
            *hold.restocked.entry(line.sku.clone()).or_default() += line.quantity;
        }
        self.came_back(id, facts, found);
    }

    fn returned(&mut self, id: &str, facts: &Facts, found: &mut Findings) {
        let hold = self.holds.entry(id.to_owned()).or_default();
        hold.status = HoldStatus::Returned;
        for line in &facts.lines {
            *hold.restocked.entry(line.sku.clone()).or_default() += line.quantity;
        }
        let restocked = hold.restocked.clone();
        for (sku, quantity) in hold.units.clone() {
            let back = restocked.get(&sku).copied().unwrap_or_default();
            found.check(back == quantity, CONSERVED, || {
                format!("hold {id} is returned: {back} of {quantity} {sku}")
            });
        }
        self.came_back(id, facts, found);
    }

    fn came_back(&mut self, id: &str, facts: &Facts, found: &mut Findings) {
        let hold = self.holds.entry(id.to_owned()).or_default();
        for (sku, back) in &hold.restocked {
            let sold: i64 = hold.units.iter().filter(|(it, _)| it == sku).map(|(_, it)| it).sum();
            found.check(*back <= sold, CONSERVED, || {
                format!("hold {id}: {back} of {sold} {sku} came back")
            });
        }
        for line in &facts.lines {
            let there = self.shelves.entry(line.sku.clone()).or_default();
            there.back += line.quantity;
            there.on_hand += line.quantity;
            *self.movements.entry(line.sku.clone()).or_default() += 1;
            there.check(&line.sku, line.on_hand, found);
        }
    }
}

impl Shelf {
    fn check(&self, sku: &str, told: i64, found: &mut Findings) {
        let sum = self.received + self.corrected - self.sold + self.back;
        found.check(self.on_hand == told && sum == told, CONSERVED, || {
            format!("{sku}: {told} on hand, {} by the books", self.on_hand)
        });
        found.check(told >= 0, OVERSOLD, || format!("{sku}: {told} on hand"));
    }
}
