//! What operators do to stock, and looking at it.

use super::{Books, Refused, books::Decision};
use crate::domain::{Event, Ledger, Location, Sku, Stock};
use kernel::{Timestamp, Uuid};

/// What an operator says came or went.
#[derive(Clone, Debug)]
pub(crate) struct Movement {
    pub(crate) sku: Sku,
    pub(crate) location: Location,
    pub(crate) kind: MovementKind,
    /// Signed: what came is positive.
    pub(crate) quantity: i64,
    pub(crate) reason: Option<String>,
}

/// Which way an operator changes stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MovementKind {
    /// Goods came in.
    Received,
    /// A correction.
    Adjusted,
}

/// How many SKUs one page looks at, at most; a page of few finds among many is short.
const LOOKED_AT_MAX: usize = 10_000;

impl Books {
    /// What there is of a SKU; `None` when nobody ever counted it.
    pub(crate) async fn stock(&self, sku: &Sku) -> Result<Option<(Sku, Stock)>, Refused> {
        Ok(self.read(|ledger, now| shown(ledger, sku, now)).await?)
    }

    /// Up to `limit` SKUs after `after`, and where to go on. With `low`: only those of which no more are available.
    pub(crate) async fn list(
        &self,
        after: Option<&Sku>,
        limit: usize,
        low: Option<i64>,
    ) -> Result<(Vec<(Sku, Stock)>, Option<Sku>), Refused> {
        let list = |ledger: &Ledger, now: Timestamp| {
            let (mut found, mut last) = (Vec::new(), None);
            for (looked_at, (sku, _)) in ledger.stock_after(after).enumerate() {
                if found.len() == limit || looked_at == LOOKED_AT_MAX {
                    return (found, last);
                }
                let stock = shown(ledger, sku, now);
                found.extend(stock.filter(|(_, it)| low.is_none_or(|low| it.available() <= low)));
                last = Some(sku.clone());
            }
            (found, None)
        };
        Ok(self.read(list).await?)
    }

    /// Sets what is on hand to what was counted.
    pub(crate) async fn count(
        &self,
        sku: &Sku,
        location: &Location,
        on_hand: i64,
        reason: Option<&str>,
    ) -> Result<(Sku, Stock), Refused> {
        let count = |ledger: &Ledger, _: Timestamp| {
            let reason = reason.map(str::to_owned);
            let event = ledger.count(sku.clone(), location.clone(), on_hand, reason)?;
            Ok(event.into_iter().collect())
        };
        let show = |ledger: &Ledger, now| shown(ledger, sku, now);
        let stock = self.write(Decision::default(), count, show).await?;
        Ok(stock.unwrap_or_else(|| (sku.clone(), Stock::default())))
    }

    /// Enters what came or went; `operation` is the id the event gets. Returns how many are on hand at the location
    /// afterwards, and when.
    pub(crate) async fn enter_movement(
        &self,
        movement: &Movement,
        operation: Option<Uuid>,
    ) -> Result<(i64, Timestamp), Refused> {
        let Movement { sku, location, kind, quantity, reason } = movement;
        let enter = |ledger: &Ledger, _: Timestamp| -> Result<Vec<Event>, _> {
            let (sku, location, reason) = (sku.clone(), location.clone(), reason.clone());
            let event = match kind {
                MovementKind::Received => ledger.receive(sku, location, *quantity, reason)?,
                MovementKind::Adjusted => ledger.adjust(sku, location, *quantity, reason)?,
            };
            Ok(vec![event])
        };
        let on_hand = |ledger: &Ledger, now| {
            let stock = ledger.stock_at(sku, now);
            let found = stock.as_ref().and_then(|(_, stock)| stock.shelf(location));
            (found.map_or(0, |it| it.on_hand), now)
        };
        self.write(Decision { operation, ..Decision::default() }, enter, on_hand).await
    }
}

fn shown(ledger: &Ledger, sku: &Sku, now: Timestamp) -> Option<(Sku, Stock)> {
    ledger.stock_at(sku, now).map(|(sku, stock)| (sku.clone(), stock))
}
