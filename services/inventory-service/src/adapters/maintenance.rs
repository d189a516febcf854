//! The inventory while nobody serves it: the ledger's snapshot and the movements made anew, the books checked, and
//! what others are told of each hold.

mod checker;

use super::{
    http::answers::hold_status,
    journal_log::{Folding, HOLD_PREFIX, decode},
    movements::MovementsAnew,
};
use crate::domain::{Hold, Status};
use checker::StockChecker;
use contracts::{
    facts::{HoldFacts, Units},
    shared::{HoldId, OrderId},
};
use journal::{RecordedEvent, maintenance::Facts};
use kernel::Uuid;
use runtime::{Maintenance, OfflineContext};
use std::sync::Arc;
use storage::StorageError;

pub(crate) fn maintenance(offline: &OfflineContext) -> Maintenance {
    let journal = Arc::clone(&offline.storage.journal);
    let facts = |_: Uuid, events: &[RecordedEvent]| facts(events);
    Maintenance {
        read_models: vec![Box::new(MovementsAnew)],
        projections: vec![|| Box::new(Folding::default())],
        checkers: vec![Box::new(StockChecker::default())],
        facts: vec![Facts::new(HoldFacts::KIND, HOLD_PREFIX, journal, Box::new(facts))],
        ..Maintenance::default()
    }
}

fn facts(events: &[RecordedEvent]) -> Result<Option<serde_json::Value>, StorageError> {
    let mut hold = None;
    for recorded in events {
        hold = Hold::evolve(hold, &decode(recorded)?);
    }
    let Some(hold) = hold else { return Ok(None) };
    let mut sold = Units::new();
    if hold.status == Status::Committed {
        for units in hold.outstanding() {
            *sold.entry(units.sku.key()).or_default() += units.quantity;
        }
    }
    let facts = HoldFacts {
        hold_id: HoldId(hold.id.0),
        order_id: hold.order_id.map(|order_id| OrderId(order_id.0)),
        status: hold_status(hold.status),
        expires_at: hold.expires_at,
        sold,
    };
    serde_json::to_value(facts).map(Some).map_err(|error| StorageError::Corrupt(error.to_string()))
}
