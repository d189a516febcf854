//! Planted defects of the inventory service, in decorators of its contract and of its movement queries.
//!
//! Without a planted defect a decorator only passes calls on. With one, it takes a decision of its own, and appends it
//! through the stock ledger as a use case does.

use super::{contract::InventoryProvider, responses, validation};
use crate::{
    application::{HoldView, StockError, StockLedger, WriteOptions},
    domain::{
        Event, HOLD_LINES_MAX, Hold, HoldRequest, HoldState, LedgerState, LocationUnits,
        MovedUnits, Rejection,
    },
    ports::{MovementCursor, MovementPage, MovementQueries},
};
use async_trait::async_trait;
use contracts::inventory::{self, Inventory, Movement, NewHold, Restock, StockCounts, StockList};
use identifiers::{HoldId, Sku};
use kernel::{Problem, Timestamp, Uuid, defects::planted};
use rpc::CallError;
use std::{sync::Arc, time::Duration};
use storage::StorageError;

/// Time between the check of the stock and the append of what was decided.
const CHECK_TO_APPEND: Duration = Duration::from_millis(1);

/// Provider of the inventory contract with defects.
#[derive(Debug)]
pub(crate) struct DefectiveInventory(pub(crate) InventoryProvider);

#[async_trait]
impl Inventory for DefectiveInventory {
    async fn stock(&self, skus: Vec<Sku>) -> Result<StockList, CallError> {
        self.0.stock(skus).await
    }

    async fn count(&self, counts: StockCounts) -> Result<StockList, CallError> {
        self.0.count(counts).await
    }

    async fn hold(&self, id: HoldId, new: NewHold) -> Result<inventory::Hold, CallError> {
        if planted("check_then_decrement") {
            return self.check_then_hold(id, new).await;
        }
        self.0.hold(id, new).await
    }

    async fn commit(&self, id: HoldId) -> Result<inventory::Hold, CallError> {
        if planted("check_then_decrement") {
            return self.check_then_append(id, |state, now| state.commit(id, now)).await;
        }
        if planted("expired_hold_committed") {
            let committed = self.ledger().execute(for_hold(id), commit_unchecked(id), view(id));
            return response(committed.await.and_then(|view| view));
        }
        self.0.commit(id).await
    }

    async fn release(&self, id: HoldId) -> Result<(), CallError> {
        let is_planted = planted("late_hold_not_barred") || planted("release_applied_twice");
        if is_planted {
            let released = self.ledger().execute(for_hold(id), release(id), |_, _| ());
            return Ok(released.await.map_err(Problem::from)?);
        }
        self.0.release(id).await
    }

    async fn restock(
        &self,
        id: HoldId,
        reference: String,
        restock: Restock,
    ) -> Result<(), CallError> {
        self.0.restock(id, reference, restock).await
    }
}

impl DefectiveInventory {
    fn ledger(&self) -> &StockLedger {
        &self.0.0
    }

    async fn check_then_hold(
        &self,
        id: HoldId,
        new: NewHold,
    ) -> Result<inventory::Hold, CallError> {
        let NewHold { order_id, lines, expires_in_seconds } = new;
        let lines = validation::lines(lines, HOLD_LINES_MAX)?;
        let ttl = Duration::from_secs(expires_in_seconds.into());
        let decide = |state: &LedgerState, now: Timestamp| {
            let expires_at = now.saturating_add(ttl).unwrap_or(Timestamp::MAX);
            let lines = lines.clone();
            state.place_hold(&HoldRequest { id, order_id, lines, expires_at }, now)
        };
        self.check_then_append(id, decide).await
    }

    /// Decides, and appends the decision a moment later, whatever was appended in between.
    async fn check_then_append(
        &self,
        id: HoldId,
        decide: impl Fn(&LedgerState, Timestamp) -> Result<Vec<Event>, Rejection>,
    ) -> Result<inventory::Hold, CallError> {
        let decided = self.ledger().read(decide).await.map_err(Problem::from)?;
        let decided = decided.map_err(Problem::from)?;
        tokio::time::sleep(CHECK_TO_APPEND).await;
        let append = |_: &LedgerState, _: Timestamp| Ok(decided.clone());
        let appended = self.ledger().execute(WriteOptions::default(), append, view(id)).await;
        response(appended.and_then(|view| view))
    }
}

/// Decision that commits the units of a hold, whether it has expired or not and whether they are on hand or not.
fn commit_unchecked(
    id: HoldId,
) -> impl Fn(&LedgerState, Timestamp) -> Result<Vec<Event>, Rejection> {
    move |state, now| {
        let Some(hold) =
            state.hold(id).filter(|it| matches!(it.state, HoldState::Held | HoldState::Expired))
        else {
            return state.commit(id, now);
        };
        let order_id = hold.order_id.ok_or(Rejection::UnknownHold)?;
        let lines = moved(state, &hold.units, -1);
        Ok(vec![Event::Committed { hold: id, order_id, lines }])
    }
}

/// Decision that releases a hold without a tombstone for an unknown one, or returns units that were returned before.
fn release(id: HoldId) -> impl Fn(&LedgerState, Timestamp) -> Result<Vec<Event>, Rejection> {
    move |state, _| {
        Ok(match state.hold(id) {
            None if planted("late_hold_not_barred") => Vec::new(),
            Some(Hold { state: HoldState::Returned, order_id: Some(order_id), units, .. })
                if planted("release_applied_twice") =>
            {
                let lines = moved(state, units, 1);
                vec![Event::Returned { hold: id, order_id: *order_id, lines }]
            }
            _ => state.release(id),
        })
    }
}

/// Units that leave (`sign` is -1) or enter their locations.
fn moved(state: &LedgerState, units: &[LocationUnits], sign: i64) -> Vec<MovedUnits> {
    let moved = units.iter().map(|units| {
        let LocationUnits { sku, location, quantity, untracked } = units.clone();
        let found = state.stock(&sku).and_then(|stock| stock.at_location(&location));
        let sign = if untracked { 0 } else { sign };
        let on_hand = found.map_or(0, |it| it.on_hand) + sign * quantity;
        let previous = Some(state.last_movement(&sku));
        MovedUnits { sku, location, quantity, on_hand, untracked, previous }
    });
    moved.collect()
}

fn for_hold(id: HoldId) -> WriteOptions {
    WriteOptions { hold: Some(id), ..WriteOptions::default() }
}

fn view(id: HoldId) -> impl Fn(&LedgerState, Timestamp) -> Result<HoldView, StockError> {
    move |state, now| {
        let hold = state.hold(id).ok_or(StockError::Rejected(Rejection::UnknownHold))?;
        Ok(HoldView { id, state: hold.state_at(now), expires_at: hold.expires_at })
    }
}

fn response(view: Result<HoldView, StockError>) -> Result<inventory::Hold, CallError> {
    Ok(responses::hold(view.map_err(Problem::from)?))
}

/// Movement queries with defects.
pub(crate) struct DefectiveMovements(pub(crate) Arc<dyn MovementQueries>);

#[async_trait]
impl MovementQueries for DefectiveMovements {
    async fn page(
        &self,
        sku: &Sku,
        limit: usize,
        after: Option<MovementCursor>,
    ) -> Result<Option<MovementPage>, StorageError> {
        let mut page = self.0.page(sku, limit, after).await?;
        if planted("projection_applies_twice")
            && let Some(page) = &mut page
        {
            let items = std::mem::take(&mut page.items);
            let doubled = items.into_iter().flat_map(|movement| [movement.clone(), movement]);
            page.items = doubled.collect();
        }
        Ok(page)
    }

    async fn by_operation(&self, operation: Uuid) -> Result<Option<Movement>, StorageError> {
        self.0.by_operation(operation).await
    }
}
