//! Offline maintenance: rebuild of the ledger snapshot and the movement read models, invariant checks, and the facts
//! about each hold that cross-service checks reconcile.

mod checker;

use super::{
    journal_repository::{HOLD_PREFIX, LedgerProjection, decode},
    movements::{MovementsReadModel, OperationsReadModel},
    responses::hold_status,
};
use crate::domain::{Hold, HoldState};
use checker::StockChecker;
use contracts::facts::{HoldFacts, Units};
use journal::{
    RecordedEvent,
    maintenance::{Facts, ReadModel},
};
use kernel::Uuid;
use runtime::{Maintenance, OfflineContext};
use std::sync::Arc;
use storage::StorageError;

pub(crate) fn maintenance(offline: &OfflineContext) -> Maintenance {
    let journal = Arc::clone(&offline.storage.journal);
    let facts = |_: Uuid, events: &[RecordedEvent]| facts(events);
    Maintenance {
        read_models: read_models(),
        projections: vec![|| Box::new(LedgerProjection::default())],
        checkers: vec![Box::new(StockChecker::default())],
        facts: vec![Facts::new(HoldFacts::KIND, HOLD_PREFIX, journal, Box::new(facts))],
        ..Maintenance::default()
    }
}

pub(crate) fn read_models() -> Vec<Box<dyn ReadModel>> {
    vec![Box::new(MovementsReadModel), Box::new(OperationsReadModel)]
}

fn facts(events: &[RecordedEvent]) -> Result<Option<serde_json::Value>, StorageError> {
    let mut hold = None;
    for recorded in events {
        hold = Hold::evolve(hold, &*decode(recorded)?);
    }
    let Some(hold) = hold else { return Ok(None) };
    let mut sold = Units::new();
    if hold.state == HoldState::Committed {
        for units in hold.outstanding() {
            *sold.entry(units.sku).or_default() += units.quantity;
        }
    }
    let facts = HoldFacts {
        hold_id: hold.id,
        order_id: hold.order_id,
        status: hold_status(hold.state),
        expires_at: hold.expires_at,
        sold,
    };
    serde_json::to_value(facts).map(Some).map_err(|error| StorageError::Corrupt(error.to_string()))
}
