//! The inventory service: stock per SKU and location, holds with expiry, movements.
//!
//! All of its books are in memory, folded from its journal; deciding on them costs no read, and what was decided
//! is what the journal says, in that order.

mod adapters;
mod application;
mod domain;
mod ports;
#[cfg(test)]
mod tests;

use adapters::{
    feed, http, journal_log::JournalLog, maintenance::maintenance, movements::MovementDocuments,
};
use application::Books;
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
    let log = JournalLog::new(Arc::clone(&journal), context.ids.clone());
    let books = Arc::new(Books::open(Arc::new(log), context.ids.clone()).await?);
    let movements = Arc::new(MovementDocuments::open(context.storage.clone()).await?);

    context.tasks.spawn_until_shutdown(application::keep_house(Arc::clone(&books)));
    let follower = Arc::clone(&movements);
    context.tasks.spawn_until_shutdown(async move { follower.follow().await });

    let routes = http::routes(http::Inventory { books, movements }).merge(messaging::feed_routes(
        NAME,
        journal,
        feed::translate,
    ));
    ready.up();
    Ok(BuiltService::documented(web::service(NAME, routes, context.service_parts())))
}
