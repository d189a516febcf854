//! Client of the inventory service.

use super::call_errors::port_error;
use crate::ports::{PortError, stock::Stock};
use async_trait::async_trait;
use contracts::{
    inventory::{self, Inventory, NewHold, Restock},
    shared::Quantity,
};
use identifiers::{HoldId, OrderId, RefundId, Sku};
use rpc::CallError;
use std::sync::Arc;

/// Adapter of the port to stock, over the contract of the inventory service.
#[derive(Debug)]
pub(crate) struct InventoryService {
    pub(crate) inventory: Arc<dyn Inventory>,
    /// Lifetime of the hold of a checkout.
    pub(crate) hold_seconds: u32,
}

#[async_trait]
impl Stock for InventoryService {
    async fn hold(
        &self,
        hold: HoldId,
        order: OrderId,
        lines: &[(Sku, i64)],
    ) -> Result<(), PortError> {
        let new = NewHold {
            order_id: order,
            lines: quantities(lines),
            expires_in_seconds: self.hold_seconds,
        };
        self.inventory.hold(hold, new).await.map(drop).map_err(service_error)
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
