//! Client of the inventory service.

use super::call_errors::port_error;
use crate::ports::{PortError, stock::Stock};
use async_trait::async_trait;
use contracts::{
    inventory::{InventoryClient, NewHold, Restock},
    shared::{HoldId, OrderId, Quantity},
};
use kernel::Uuid;
use transport::CallError;

/// Adapter of the port to stock, over the inventory service's contract.
#[derive(Debug)]
pub(crate) struct InventoryService {
    pub(crate) client: InventoryClient,
    /// Lifetime of the hold of a checkout.
    pub(crate) hold_seconds: u32,
}

#[async_trait]
impl Stock for InventoryService {
    async fn hold(
        &self,
        hold: Uuid,
        order: Uuid,
        lines: &[(String, i64)],
    ) -> Result<(), PortError> {
        let new = NewHold {
            order_id: OrderId(order),
            lines: quantities(lines),
            expires_in_seconds: self.hold_seconds,
        };
        self.client.hold(HoldId(hold), &new).await.map(drop).map_err(service_error)
    }

    async fn commit(&self, hold: Uuid) -> Result<(), PortError> {
        self.client.commit(HoldId(hold)).await.map(drop).map_err(service_error)
    }

    async fn release(&self, hold: Uuid) -> Result<(), PortError> {
        self.client.release(HoldId(hold)).await.map_err(service_error)
    }

    async fn restock(
        &self,
        hold: Uuid,
        reference: Uuid,
        lines: &[(String, i64)],
        reason: &str,
    ) -> Result<(), PortError> {
        let restock = Restock { lines: quantities(lines), reason: reason.to_owned() };
        let reference = reference.to_string();
        self.client.restock(HoldId(hold), &reference, &restock).await.map_err(service_error)
    }
}

fn quantities(lines: &[(String, i64)]) -> Vec<Quantity> {
    lines.iter().map(|(sku, quantity)| Quantity { sku: sku.clone(), quantity: *quantity }).collect()
}

fn service_error(error: CallError) -> PortError {
    port_error(InventoryClient::SERVICE, error)
}
