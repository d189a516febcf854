//! The inventory service: stock per SKU and location, holds with expiry, movements.
//!
//! Event-sourced: the whole ledger is in memory, folded from the journal. A decision costs no read, and the order of
//! decisions is the order of the journal.

mod adapters;
mod application;
mod domain;
mod ports;
#[cfg(test)]
mod tests;

use adapters::movements::MOVEMENTS;
use adapters::{
    contract::InventoryProvider, feed, http, journal_repository::JournalLedgerRepository,
    maintenance::maintenance, movements::JournalMovements,
};
use application::StockLedger;
use contracts::inventory::{Inventory, SERVICE as NAME};
use ports::MovementQueries;
use runtime::{BuildContext, BuildError, BuiltService, Module};
use std::sync::Arc;

/// The inventory service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "stock per SKU and location, holds with expiry, movements",
    calls: &[],
    follows: &[],
    instances: runtime::InstanceModel::OneActive,
    settings: None,
    events: Some(journal::event_json::<domain::Event>),
    plaintext: None,
    collections: &[&MOVEMENTS],
    projected: &[],
    maintenance: |offline| Ok(maintenance(offline)),
    build: |context| Box::pin(build(context)),
};

async fn build(context: BuildContext) -> Result<BuiltService, BuildError> {
    let repository = JournalLedgerRepository::new(context.journal(), context.ids.clone());
    let stock_ledger =
        Arc::new(StockLedger::open(Arc::new(repository), context.ids.clone()).await?);
    let movements =
        JournalMovements::open(context.storage.clone(), Arc::clone(&stock_ledger)).await?;
    let movements: Arc<dyn MovementQueries> = Arc::new(movements);
    #[cfg(feature = "defects")]
    let movements: Arc<dyn MovementQueries> =
        Arc::new(adapters::defects::DefectiveMovements(movements));

    context.tasks.spawn_until_shutdown(application::maintain(Arc::clone(&stock_ledger)));

    let inventory = InventoryProvider(Arc::clone(&stock_ledger));
    #[cfg(feature = "defects")]
    let inventory = adapters::defects::DefectiveInventory(inventory);
    context.provide::<dyn Inventory>(Arc::new(inventory))?;
    context.provide_feed(feed::translate)?;
    Ok(context.serve(http::routes(http::AppState { stock_ledger, movements })))
}
