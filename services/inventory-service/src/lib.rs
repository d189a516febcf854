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

use adapters::{feed, http, journal_log::JournalLog, movements::MovementDocuments, upkeep::upkeep};
use application::Books;
use runtime::{BuildError, Built, Module, Site};
use std::sync::Arc;

const NAME: &str = "inventory-service";

/// The inventory service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "stock per SKU and location, holds with expiry, movements",
    calls: &[],
    follows: &[],
    settings: None,
    upkeep: |premises| Ok(upkeep(premises)),
    build: |site| Box::pin(build(site)),
};

async fn build(site: Site) -> Result<Built, BuildError> {
    let ready = site.health.component(NAME, telemetry::Bearing::Required);
    let journal = Arc::clone(&site.storage.journal);
    let log = JournalLog::new(Arc::clone(&journal), site.ids.clone());
    let books = Arc::new(Books::open(Arc::new(log), site.ids.clone()).await?);
    let movements = Arc::new(MovementDocuments::open(site.storage.clone()).await?);

    site.tasks.spawn_until_stop(application::keep_house(Arc::clone(&books)));
    let follower = Arc::clone(&movements);
    site.tasks.spawn_until_stop(async move { follower.follow().await });

    let routes = http::routes(http::Inventory { books, movements }).merge(messaging::feed_routes(
        NAME,
        journal,
        feed::translate,
    ));
    ready.up();
    Ok(Built::described(web::service(NAME, routes, site.service_parts())))
}
