//! Client of the inventory service.

use super::call_errors::port_error;
use crate::ports::{PortError, stock::Stock};
use async_trait::async_trait;
use contracts::{
    inventory::{self, HOLD_SECONDS_MAX, Inventory, NewHold, Restock},
    shared::Quantity,
};
use identifiers::{HoldId, OrderId, RefundId, Sku};
use rpc::CallError;
use std::{sync::Arc, time::Duration};

/// Adapter of the port to stock, over the contract of the inventory service.
#[derive(Debug)]
pub(crate) struct InventoryService {
    pub(crate) inventory: Arc<dyn Inventory>,
}

#[async_trait]
impl Stock for InventoryService {
    async fn hold(
        &self,
        hold: HoldId,
        order: OrderId,
        lines: &[(Sku, i64)],
        lifetime: Duration,
    ) -> Result<(), PortError> {
        let seconds = u32::try_from(lifetime.as_secs()).unwrap_or(HOLD_SECONDS_MAX);
        let new = NewHold {
            order_id: order,
            lines: quantities(lines),
            expires_in_seconds: seconds.clamp(1, HOLD_SECONDS_MAX),
        };
        self.inventory.hold(hold, new).await.map(drop).map_err(service_error)
    }

    async fn on_hand(&self, skus: Vec<Sku>) -> Result<Vec<i64>, PortError> {
        let stock = self.inventory.stock(skus).await.map_err(service_error)?;
        // Unpaid orders may hold a share of what there is: of an untracked SKU that has no limit.
        let units = |it: &inventory::Stock| if it.untracked { it.available } else { it.on_hand };
        Ok(stock.items.iter().map(units).collect())
    }

    async fn commit(&self, hold: HoldId) -> Result<(), PortError> {
        self.inventory.commit(hold).await.map(drop).map_err(service_error)
    }

    async fn release(&self, hold: HoldId) -> Result<(), PortError> {
        self.inventory.release(hold).await.map_err(service_error)
    }

    async fn restock(
        &self,
        hold: HoldId,
        refund: RefundId,
        lines: &[(Sku, i64)],
        reason: &str,
    ) -> Result<(), PortError> {
        let restock = Restock { lines: quantities(lines), reason: reason.to_owned() };
        self.inventory.restock(hold, refund.to_string(), restock).await.map_err(service_error)
    }
}

fn quantities(lines: &[(Sku, i64)]) -> Vec<Quantity> {
    lines.iter().map(|(sku, quantity)| Quantity { sku: sku.clone(), quantity: *quantity }).collect()
}

fn service_error(error: CallError) -> PortError {
    port_error(inventory::SERVICE, error)
}
