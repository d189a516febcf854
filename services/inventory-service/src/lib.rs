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

use adapters::{
    feed, http, journal_repository::JournalLedgerRepository, maintenance::maintenance,
    movements::MovementStore,
};
use application::StockLedger;
use runtime::{BuildContext, BuildError, BuiltService, Module};
use std::sync::Arc;

const NAME: &str = "inventory-service";

/// The inventory service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "stock per SKU and location, holds with expiry, movements",
    calls: &[],
    follows: &[],
    settings: None,
    maintenance: |offline| Ok(maintenance(offline)),
    build: |context| Box::pin(build(context)),
};

async fn build(context: BuildContext) -> Result<BuiltService, BuildError> {
    let ready = context.health.component(NAME, telemetry::Criticality::Required);
    let journal = Arc::clone(&context.storage.journal);
    let repository = JournalLedgerRepository::new(Arc::clone(&journal), context.ids.clone());
    let stock_ledger =
        Arc::new(StockLedger::open(Arc::new(repository), context.ids.clone()).await?);
    let movements = Arc::new(MovementStore::open(context.storage.clone()).await?);

    context.tasks.spawn_until_shutdown(application::maintain(Arc::clone(&stock_ledger)));
    let follower = Arc::clone(&movements);
    context.tasks.spawn_until_shutdown(async move { follower.run().await });

    let routes = http::routes(http::AppState { stock_ledger, movements })
        .merge(messaging::feed_routes(NAME, journal, feed::translate));
    ready.up();
    Ok(BuiltService::documented(web::service(NAME, routes, context.service_parts())))
}
