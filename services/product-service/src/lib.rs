//! Products, variants, categories, media, and prices with their history.
//!
//! Each product is a stream of events; lists, filters and searches come from an index in memory that knows every
//! change as soon as it is appended.

mod adapters;
mod application;
mod domain;
mod index;
mod ports;
#[cfg(test)]
mod tests;

use adapters::{
    activities::activities,
    availability::AvailabilityFollower,
    feed::CatalogueFeed,
    http::{Doors, IMPORT_BYTES_MAX, routes},
    inventory::InventoryStock,
    settings::ProductSettings,
    upkeep::upkeep,
};
use application::{Catalogue, CatalogueParts, open_index};
use contracts::{audit::AuditClient, inventory::InventoryClient};
use journal::Repository;
use messaging::{Consumer, ConsumerParts};
use runtime::{BuildError, Built, Module, Site};
use std::num::NonZeroUsize;
use std::sync::Arc;
use telemetry::Bearing;

const NAME: &str = "product-service";
/// How many products are kept in memory to decide on.
const RECENT_PRODUCTS_MAX: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

/// The product service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "products, variants, categories, media, and prices with their history",
    calls: &[InventoryClient::SERVICE, AuditClient::SERVICE],
    follows: &[InventoryClient::SERVICE],
    settings: Some(settings::Section::of::<ProductSettings>(NAME)),
    upkeep,
    build: |site| Box::pin(build(site)),
};

async fn build(site: Site) -> Result<Built, BuildError> {
    let ready = site.health.component(NAME, Bearing::Required);
    let settings: ProductSettings = site.settings()?;
    let policy = settings.prior_price.policy().map_err(BuildError::Other)?;
    let index = Arc::new(open_index(&site.storage, policy).await?);
    let reading = Arc::clone(&index);
    site.tasks.spawn_until_stop(async move { reading.read_words().await });
    let catalogue = Arc::new(Catalogue::new(CatalogueParts {
        products: Repository::new(
            Arc::clone(&site.storage.journal),
            site.ids.clone(),
            RECENT_PRODUCTS_MAX,
        ),
        index: Arc::clone(&index),
        stock: Arc::new(InventoryStock(InventoryClient::new(site.way(InventoryClient::SERVICE)?))),
        policy,
        ids: site.ids.clone(),
    }));
    let audit = AuditClient::new(site.way(AuditClient::SERVICE)?);
    let (activities, delivery) = activities(NAME, audit, site.ids.clone(), &site.metrics);
    site.tasks.spawn(delivery.run(site.tasks.stopping()));
    let parts = ConsumerParts {
        group: NAME,
        source: InventoryClient::SERVICE,
        transport: site.way(InventoryClient::SERVICE)?,
        storage: site.storage.clone(),
        ids: site.ids.clone(),
        metrics: site.metrics.clone(),
        health: site.health.clone(),
    };
    let follower = Arc::new(AvailabilityFollower(Arc::clone(&index)));
    site.tasks.spawn_until_stop(Consumer::new(parts, follower).run());
    let routes = routes(Doors { catalogue, activities })
        .merge(messaging::feed_routes(
            NAME,
            Arc::clone(&site.storage.journal),
            CatalogueFeed(index),
        ))
        .merge(messaging::parking_routes(NAME, site.storage.clone()));
    let mut parts = site.service_parts();
    // A request with an idempotency key is read whole before its handler runs.
    parts.limits.keyed_body_bytes_max = IMPORT_BYTES_MAX;
    ready.up();
    Ok(Built::described(web::service(NAME, routes, parts)))
}
