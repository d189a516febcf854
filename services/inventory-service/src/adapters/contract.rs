//! Provider of the inventory contract: counts, and holds for the services that sell.

use super::{responses, validation};
use crate::{
    application::StockLedger,
    domain::{self, Count, SkuStock},
};
use async_trait::async_trait;
use contracts::inventory::{
    COUNTS_MAX, HOLD_LINES_MAX, HOLD_SECONDS_MAX, Hold, Inventory, NewHold, Restock, SkuCount,
    StockCounts, StockList, UNTRACKED_AVAILABLE,
};
use identifiers::{HoldId, Sku};
use kernel::Problem;
use rpc::CallError;
use std::{sync::Arc, time::Duration};

const _: () = assert!(domain::HOLD_LINES_MAX == HOLD_LINES_MAX);
const _: () = assert!(domain::UNITS_MAX == UNTRACKED_AVAILABLE);

const REFERENCE_BYTES_MAX: usize = 200;

/// Provider of [`Inventory`] over the stock ledger.
#[derive(Debug)]
pub(crate) struct InventoryProvider(pub(crate) Arc<StockLedger>);

#[async_trait]
impl Inventory for InventoryProvider {
    /// Every count is validated before the first one is applied.
    async fn count(&self, counts: StockCounts) -> Result<StockList, CallError> {
        let StockCounts { counts, reason } = counts;
        if counts.len() > COUNTS_MAX {
            let message = format!("must be at most {COUNTS_MAX} counts");
            return Err(Problem::field("counts", message).into());
        }
        let reason = validation::reason(&reason)?;
        let location = validation::location(None)?;
        let mut valid = Vec::with_capacity(counts.len());
        for (index, SkuCount { sku, on_hand, untracked }) in counts.into_iter().enumerate() {
            validation::sku(|| format!("counts[{index}].sku"), &sku)?;
            let field = format!("counts[{index}].on_hand");
            let (on_hand, policy) = validation::counted_units(&field, on_hand, untracked)?;
            let (location, reason) = (location.clone(), Some(reason.to_owned()));
            valid.push(Count { sku, location, on_hand, policy, reason });
        }
        let mut items = Vec::with_capacity(valid.len());
        for count in valid {
            let stock = self.0.count(count).await;
            items.push(responses::stock(stock.map_err(Problem::from)?));
        }
        Ok(StockList { items })
    }

    async fn stock(&self, skus: Vec<Sku>) -> Result<StockList, CallError> {
        if skus.len() > HOLD_LINES_MAX {
            let message = format!("must be at most {HOLD_LINES_MAX} SKUs");
            return Err(Problem::field("skus", message).into());
        }
        let mut items = Vec::with_capacity(skus.len());
        for sku in skus {
            let stock = self.0.stock(&sku).await.map_err(Problem::from)?;
            items.push(responses::stock(stock.unwrap_or_else(|| (sku, SkuStock::default()))));
        }
        Ok(StockList { items })
    }

    async fn hold(&self, id: HoldId, new: NewHold) -> Result<Hold, CallError> {
        let NewHold { order_id, lines, expires_in_seconds } = new;
        let lines = validation::lines(lines, HOLD_LINES_MAX)?;
        if !(1..=HOLD_SECONDS_MAX).contains(&expires_in_seconds) {
            let message = format!("must be 1 to {HOLD_SECONDS_MAX}");
            return Err(Problem::field("expires_in_seconds", message).into());
        }
        let ttl = Duration::from_secs(expires_in_seconds.into());
        let held = self.0.hold(id, order_id, &lines, ttl).await;
        Ok(responses::hold(held.map_err(Problem::from)?))
    }

    async fn commit(&self, id: HoldId) -> Result<Hold, CallError> {
        Ok(responses::hold(self.0.commit(id).await.map_err(Problem::from)?))
    }

    async fn release(&self, id: HoldId) -> Result<(), CallError> {
        Ok(self.0.release(id).await.map_err(Problem::from)?)
    }

    async fn restock(
        &self,
        id: HoldId,
        reference: String,
        restock: Restock,
    ) -> Result<(), CallError> {
        if !(1..=REFERENCE_BYTES_MAX).contains(&reference.len()) {
            let message = format!("must be 1 to {REFERENCE_BYTES_MAX} bytes");
            return Err(Problem::field("reference", message).into());
        }
        let lines = validation::lines(restock.lines, HOLD_LINES_MAX)?;
        let reason = validation::reason(&restock.reason)?;
        let restocked = self.0.restock(id, &reference, &lines, reason).await;
        Ok(restocked.map_err(Problem::from)?)
    }
}
