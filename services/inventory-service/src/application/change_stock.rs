//! Stock queries, and the operators' commands: count and movement.

use super::{StockError, StockLedger, stock_ledger::WriteOptions};
use crate::domain::{Count, Event, LedgerState, Location, SkuStock};
use identifiers::Sku;
use kernel::{Timestamp, Uuid};

/// Stock movement recorded by an operator.
#[derive(Clone, Debug)]
pub(crate) struct OperatorMovement {
    pub(crate) sku: Sku,
    pub(crate) location: Location,
    pub(crate) kind: OperatorMovementKind,
    /// Signed: units received are positive.
    pub(crate) quantity: i64,
    pub(crate) reason: Option<String>,
}

/// Kind of an operator's movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperatorMovementKind {
    /// Units received.
    Received,
    /// Correction by a difference.
    Adjusted,
}

/// Upper bound of SKUs scanned per page; a page with few matches among many SKUs is short.
const SCANNED_SKUS_MAX: usize = 10_000;

impl StockLedger {
    /// Stock of a SKU; `None` for a SKU without any stock event.
    pub(crate) async fn stock(&self, sku: &Sku) -> Result<Option<(Sku, SkuStock)>, StockError> {
        Ok(self.read(|ledger, now| current_stock(ledger, sku, now)).await?)
    }

    /// Page of up to `limit` SKUs after `after`, and the last one scanned. With `low`: only SKUs with at most that many available.
    pub(crate) async fn list(
        &self,
        after: Option<&Sku>,
        limit: usize,
        low: Option<i64>,
    ) -> Result<(Vec<(Sku, SkuStock)>, Option<Sku>), StockError> {
        let list = |ledger: &LedgerState, now: Timestamp| {
            let (mut found, mut last) = (Vec::new(), None);
            for (scanned, (sku, _)) in ledger.stock_after(after).enumerate() {
                if found.len() == limit || scanned == SCANNED_SKUS_MAX {
                    return (found, last);
                }
                let stock = current_stock(ledger, sku, now);
                found.extend(stock.filter(|(_, it)| low.is_none_or(|low| it.available() <= low)));
                last = Some(sku.clone());
            }
            (found, None)
        };
        Ok(self.read(list).await?)
    }

    /// Sets the units on hand to a count, and the stock policy.
    pub(crate) async fn count(&self, count: Count) -> Result<(Sku, SkuStock), StockError> {
        let decide = |ledger: &LedgerState, _: Timestamp| ledger.count(count.clone());
        let show = |ledger: &LedgerState, now| current_stock(ledger, &count.sku, now);
        let stock = self.execute(WriteOptions::default(), decide, show).await?;
        Ok(stock.unwrap_or_else(|| (count.sku.clone(), SkuStock::default())))
    }

    /// Records a movement; `operation` becomes the identifier of its event. Returns the units on hand at the location
    /// afterwards, and the time.
    pub(crate) async fn record_movement(
        &self,
        movement: &OperatorMovement,
        operation: Option<Uuid>,
    ) -> Result<(i64, Timestamp), StockError> {
        let OperatorMovement { sku, location, kind, quantity, reason } = movement;
        let enter = |ledger: &LedgerState, _: Timestamp| -> Result<Vec<Event>, _> {
            let (sku, location, reason) = (sku.clone(), location.clone(), reason.clone());
            let event = match kind {
                OperatorMovementKind::Received => {
                    ledger.receive(sku, location, *quantity, reason)?
                }
                OperatorMovementKind::Adjusted => {
                    ledger.adjust(sku, location, *quantity, reason)?
                }
            };
            Ok(vec![event])
        };
        let on_hand = |ledger: &LedgerState, now| {
            let stock = ledger.stock_at(sku, now);
            let found = stock.as_ref().and_then(|(_, stock)| stock.at_location(location));
            (found.map_or(0, |it| it.on_hand), now)
        };
        self.execute(WriteOptions { operation, ..WriteOptions::default() }, enter, on_hand).await
    }
}

fn current_stock(ledger: &LedgerState, sku: &Sku, now: Timestamp) -> Option<(Sku, SkuStock)> {
    ledger.stock_at(sku, now).map(|(sku, stock)| (sku.clone(), stock))
}
