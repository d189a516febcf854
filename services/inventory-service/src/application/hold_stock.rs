//! Hold use cases: place, commit, release, restock.

use super::{StockError, StockLedger, stock_ledger::WriteOptions};
use crate::domain::{Hold, HoldLine, HoldRequest, HoldState, LedgerState, Rejection};
use identifiers::{HoldId, OrderId};
use kernel::Timestamp;
use std::time::Duration;

/// View of a hold at the time of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HoldView {
    pub(crate) id: HoldId,
    pub(crate) state: HoldState,
    pub(crate) expires_at: Timestamp,
}

impl StockLedger {
    /// Places a hold: all lines or none.
    pub(crate) async fn hold(
        &self,
        id: HoldId,
        order_id: OrderId,
        lines: &[HoldLine],
        ttl: Duration,
    ) -> Result<HoldView, StockError> {
        // Optimistic: the hold is assumed to be new. Reading its stream first would cost every order a read, and the
        // append detects a conflict anyway.
        let place_hold = |ledger: &LedgerState, now: Timestamp| {
            let expires_at = now.saturating_add(ttl).unwrap_or(Timestamp::MAX);
            ledger.place_hold(&HoldRequest { id, order_id, lines: lines.to_vec(), expires_at }, now)
        };
        self.execute(WriteOptions::default(), place_hold, hold_view(id)).await?
    }

    /// Commits a hold: its units are sold.
    pub(crate) async fn commit(&self, id: HoldId) -> Result<HoldView, StockError> {
        self.execute(for_hold(id), |ledger, now| ledger.commit(id, now), hold_view(id)).await?
    }

    /// Releases a hold, or returns the units it sold.
    pub(crate) async fn release(&self, id: HoldId) -> Result<(), StockError> {
        self.execute(for_hold(id), |ledger, _| Ok(ledger.release(id)), |_, _| ()).await
    }

    /// Restocks units of a committed hold, once per reference.
    pub(crate) async fn restock(
        &self,
        id: HoldId,
        reference: &str,
        lines: &[HoldLine],
        reason: &str,
    ) -> Result<(), StockError> {
        let restock = |ledger: &LedgerState, _: Timestamp| {
            let event = ledger.restock(id, reference, lines, reason)?;
            Ok(event.into_iter().collect())
        };
        self.execute(for_hold(id), restock, |_, _| ()).await
    }
}

fn for_hold(id: HoldId) -> WriteOptions {
    WriteOptions { hold: Some(id), ..WriteOptions::default() }
}

fn hold_view(id: HoldId) -> impl Fn(&LedgerState, Timestamp) -> Result<HoldView, StockError> {
    move |ledger, now| {
        let hold: &Hold = ledger.hold(id).ok_or(StockError::Rejected(Rejection::UnknownHold))?;
        Ok(HoldView { id, state: hold.state_at(now), expires_at: hold.expires_at })
    }
}
