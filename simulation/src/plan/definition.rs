//! Plan of a run, and its fault-free variant.

use super::{
    faults::{FaultRates, ScheduledFault},
    operations::ScheduledOperation,
    shop::{CallMode, Product, ShopSettings, Topology},
};

/// Everything that is going to happen in a run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) topology: Topology,
    /// Number of the assignment of services to processes, where there are several processes.
    pub(crate) placement: usize,
    pub(crate) settings: ShopSettings,
    pub(crate) fault_rates: FaultRates,
    pub(crate) products: Vec<Product>,
    pub(crate) operations: Vec<ScheduledOperation>,
    pub(crate) faults: Vec<ScheduledFault>,
}

impl Plan {
    /// SKU of a product, by its number; taken modulo how many there are.
    pub(crate) fn sku(&self, product: usize) -> String {
        self.products[product % self.products.len()].sku.clone()
    }

    /// The same shop without faults and without contention: both topologies must come to the same result.
    pub(crate) fn fault_free(mut self) -> Self {
        if self.settings.calls == CallMode::Chaotic {
            self.settings.calls = CallMode::OverTheWire;
        }
        self.fault_rates = FaultRates::default();
        self.faults.clear();
        self.operations.retain(|scheduled| scheduled.operation.is_independent());
        for product in &mut self.products {
            product.stock = 10_000;
        }
        // Where two things happen at nearly the same time, topologies may well differ in which was first.
        self.settings.unknown_outcome_ms = 1_000;
        self.settings.late_webhook_ms = 3_000;
        self.settings.slow_ms = 500;
        for (index, scheduled) in self.operations.iter_mut().enumerate() {
            scheduled.at_ms = 20_000 * index as u64;
            scheduled.operation.remove_timing_dependence();
        }
        self
    }
}
