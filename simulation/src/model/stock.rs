//! Stock and holds of the reference model.

use super::payload::decode;
use crate::violation::Violations;
use journal::RecordedEvent;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Stock levels and holds.
#[derive(Debug, Default)]
pub(crate) struct StockModel {
    /// Stock level of each SKU.
    pub(crate) levels: BTreeMap<String, StockLevel>,
    /// All holds, by id.
    pub(crate) holds: BTreeMap<String, Hold>,
    /// Units of operators' movements, by their reasons.
    pub(crate) operator_movements: BTreeMap<String, Vec<i64>>,
    /// Number of movements of each SKU, of any kind.
    pub(crate) movement_counts: BTreeMap<String, usize>,
}

/// Stock level of a SKU, and the sums of its movements by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StockLevel {
    pub(crate) on_hand: i64,
    pub(crate) held: i64,
    received: i64,
    corrected: i64,
    sold: i64,
    returned: i64,
}

/// Hold of an order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hold {
    pub(crate) order: Option<String>,
    pub(crate) units: Vec<(String, i64)>,
    pub(crate) status: HoldStatus,
    pub(crate) was_committed: bool,
    restocked: BTreeMap<String, i64>,
    /// References of the restocks that were applied.
    references: Vec<String>,
}

/// Status of a hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum HoldStatus {
    #[default]
    Absent,
    Held,
    Committed,
    Released,
    Expired,
    Returned,
}

impl Hold {
    /// Units that returned to stock.
    pub(crate) fn restocked_units(&self) -> i64 {
        self.restocked.values().sum()
    }

    /// Whether its units are unavailable to others.
    pub(crate) fn reserves_stock(&self) -> bool {
        matches!(self.status, HoldStatus::Held | HoldStatus::Committed)
    }
}

#[derive(Deserialize)]
struct StockPayload {
    #[serde(default)]
    sku: String,
    #[serde(default)]
    quantity: i64,
    #[serde(default)]
    on_hand: i64,
    #[serde(default)]
    order_id: Option<String>,
    #[serde(default)]
    lines: Vec<StockLinePayload>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    reference: Option<String>,
}

#[derive(Deserialize)]
struct StockLinePayload {
    sku: String,
    quantity: i64,
    #[serde(default)]
    on_hand: i64,
}

const CONSERVED: &str = "stock is conserved";
const OVERSOLD: &str = "nothing is oversold";
const TRANSITIONS: &str = "hold transitions are valid";

impl StockModel {
    pub(super) fn apply(&mut self, event: &RecordedEvent, violations: &mut Violations) {
        let name = event.name.as_str();
        if name == "availability_changed" {
            return;
        }
        let Some(payload) = decode::<StockPayload>(event, violations) else { return };
        match event.stream.strip_prefix("hold-") {
            Some(id) => self.apply_hold_event(id, name, payload, violations),
            None => self.apply_stock_event(name, payload, violations),
        }
    }

    fn apply_stock_event(
        &mut self,
        name: &str,
        payload: StockPayload,
        violations: &mut Violations,
    ) {
        let StockPayload { sku, quantity, on_hand, reason, .. } = payload;
        let level = self.levels.entry(sku.clone()).or_default();
        match name {
            "received" => level.received += quantity,
            _ => level.corrected += quantity,
        }
        level.on_hand += quantity;
        *self.movement_counts.entry(sku.clone()).or_default() += 1;
        level.check(&sku, on_hand, violations);
        if let Some(reason) = reason.filter(|_| name != "counted") {
            self.operator_movements.entry(reason).or_default().push(quantity);
        }
    }

    fn apply_hold_event(
        &mut self,
        id: &str,
        name: &str,
        payload: StockPayload,
        violations: &mut Violations,
    ) {
        let before = self.holds.get(id).map_or(HoldStatus::Absent, |hold| hold.status);
        let is_valid = match name {
            "held" => matches!(before, HoldStatus::Absent | HoldStatus::Expired),
            "committed" => matches!(before, HoldStatus::Held | HoldStatus::Expired),
            "released" => matches!(before, HoldStatus::Held | HoldStatus::Expired),
            "expired" => before == HoldStatus::Held,
            "restocked" | "returned" => before == HoldStatus::Committed,
            "barred" => before == HoldStatus::Absent,
            _ => false,
        };
        violations
            .check(is_valid, TRANSITIONS, || format!("hold {id} was {before:?} and is {name}"));
        match name {
            "held" => self.hold(id, payload, violations),
            "committed" => self.commit(id, &payload, violations),
            "released" | "barred" => self.end(id, HoldStatus::Released),
            "expired" => self.end(id, HoldStatus::Expired),
            "restocked" => self.restock(id, &payload, violations),
            "returned" => self.return_all(id, &payload, violations),
            _ => {}
        }
    }

    fn hold(&mut self, id: &str, payload: StockPayload, violations: &mut Violations) {
        let hold = self.holds.entry(id.to_owned()).or_default();
        hold.order = payload.order_id;
        hold.units = payload.lines.into_iter().map(|line| (line.sku, line.quantity)).collect();
        hold.status = HoldStatus::Held;
        for (sku, quantity) in &hold.units {
            let level = self.levels.entry(sku.clone()).or_default();
            level.held += quantity;
            violations.check(level.held <= level.on_hand, OVERSOLD, || {
                format!(
                    "hold {id}: of {sku} {} are held and {} are on hand",
                    level.held, level.on_hand
                )
            });
        }
    }

    /// Takes its units out of those held.
    fn unhold(&mut self, id: &str) {
        let Some(hold) = self.holds.get(id) else { return };
        if hold.status == HoldStatus::Held {
            for (sku, quantity) in &hold.units {
                self.levels.entry(sku.clone()).or_default().held -= quantity;
            }
        }
    }

    fn end(&mut self, id: &str, status: HoldStatus) {
        self.unhold(id);
        self.holds.entry(id.to_owned()).or_default().status = status;
    }

    fn commit(&mut self, id: &str, payload: &StockPayload, violations: &mut Violations) {
        self.unhold(id);
        let sum_by_sku = |units: &[(String, i64)]| {
            let mut sums: BTreeMap<String, i64> = BTreeMap::new();
            for (sku, quantity) in units {
                *sums.entry(sku.clone()).or_default() += quantity;
            }
            sums
        };
        let units: Vec<_> = payload.lines.iter().map(|it| (it.sku.clone(), it.quantity)).collect();
        let hold = self.holds.entry(id.to_owned()).or_default();
        violations.check(sum_by_sku(&hold.units) == sum_by_sku(&units), TRANSITIONS, || {
            format!("hold {id} of {:?} is committed with {units:?}", hold.units)
        });
        violations.check(hold.order == payload.order_id, TRANSITIONS, || {
            format!("hold {id} belongs to another order")
        });
        hold.units = units;
        hold.status = HoldStatus::Committed;
        hold.was_committed = true;
        for line in &payload.lines {
            let level = self.levels.entry(line.sku.clone()).or_default();
            level.sold += line.quantity;
            level.on_hand -= line.quantity;
            *self.movement_counts.entry(line.sku.clone()).or_default() += 1;
            level.check(&line.sku, line.on_hand, violations);
        }
    }

    fn restock(&mut self, id: &str, payload: &StockPayload, violations: &mut Violations) {
        let hold = self.holds.entry(id.to_owned()).or_default();
        let reference = payload.reference.clone().unwrap_or_default();
        violations.check(!hold.references.contains(&reference), TRANSITIONS, || {
            format!("hold {id}: {reference} was restocked twice")
        });
        hold.references.push(reference);
        for line in &payload.lines {
            *hold.restocked.entry(line.sku.clone()).or_default() += line.quantity;
        }
        self.add_to_stock(id, payload, violations);
    }

    fn return_all(&mut self, id: &str, payload: &StockPayload, violations: &mut Violations) {
        let hold = self.holds.entry(id.to_owned()).or_default();
        hold.status = HoldStatus::Returned;
        for line in &payload.lines {
            *hold.restocked.entry(line.sku.clone()).or_default() += line.quantity;
        }
        let restocked = hold.restocked.clone();
        for (sku, quantity) in hold.units.clone() {
            let back = restocked.get(&sku).copied().unwrap_or_default();
            violations.check(back == quantity, CONSERVED, || {
                format!("hold {id} is returned: {back} of {quantity} {sku}")
            });
        }
        self.add_to_stock(id, payload, violations);
    }

    fn add_to_stock(&mut self, id: &str, payload: &StockPayload, violations: &mut Violations) {
        let hold = self.holds.entry(id.to_owned()).or_default();
        for (sku, back) in &hold.restocked {
            let sold: i64 = hold.units.iter().filter(|(it, _)| it == sku).map(|(_, it)| it).sum();
            violations.check(*back <= sold, CONSERVED, || {
                format!("hold {id}: {back} of {sold} {sku} were restocked")
            });
        }
        for line in &payload.lines {
            let level = self.levels.entry(line.sku.clone()).or_default();
            level.returned += line.quantity;
            level.on_hand += line.quantity;
            *self.movement_counts.entry(line.sku.clone()).or_default() += 1;
            level.check(&line.sku, line.on_hand, violations);
        }
    }
}

impl StockLevel {
    fn check(&self, sku: &str, stated: i64, violations: &mut Violations) {
        let sum = self.received + self.corrected - self.sold + self.returned;
        violations.check(self.on_hand == stated && sum == stated, CONSERVED, || {
            format!("{sku}: {stated} on hand, {} by the model", self.on_hand)
        });
        violations.check(stated >= 0, OVERSOLD, || format!("{sku}: {stated} on hand"));
    }
}
