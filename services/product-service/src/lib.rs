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
    maintenance::maintenance,
    settings::ProductSettings,
};
use application::{Catalogue, CatalogueParts, open_index};
use contracts::{audit::AuditClient, inventory::InventoryClient};
use journal::Repository;
use messaging::{Consumer, ConsumerParts};
use runtime::{BuildContext, BuildError, BuiltService, Module};
use std::num::NonZeroUsize;
use std::sync::Arc;
use telemetry::Criticality;

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
    maintenance,
    build: |context| Box::pin(build(context)),
};

async fn build(context: BuildContext) -> Result<BuiltService, BuildError> {
    let ready = context.health.component(NAME, Criticality::Required);
    let settings: ProductSettings = context.settings()?;
    let policy = settings.prior_price.policy().map_err(BuildError::Other)?;
    let index = Arc::new(open_index(&context.storage, policy).await?);
    let reading = Arc::clone(&index);
    context.tasks.spawn_until_shutdown(async move { reading.read_words().await });
    let catalogue = Arc::new(Catalogue::new(CatalogueParts {
        products: Repository::new(
            Arc::clone(&context.storage.journal),
            context.ids.clone(),
            RECENT_PRODUCTS_MAX,
        ),
        index: Arc::clone(&index),
        stock: Arc::new(InventoryStock(InventoryClient::new(
            context.channel(InventoryClient::SERVICE)?,
        ))),
        policy,
        ids: context.ids.clone(),
    }));
    let audit = AuditClient::new(context.channel(AuditClient::SERVICE)?);
    let (activities, delivery) = activities(NAME, audit, context.ids.clone(), &context.metrics);
    context.tasks.spawn(delivery.run(context.tasks.shutdown_signal()));
    let parts = ConsumerParts {
        group: NAME,
        source: InventoryClient::SERVICE,
        transport: context.channel(InventoryClient::SERVICE)?,
        storage: context.storage.clone(),
        ids: context.ids.clone(),
        metrics: context.metrics.clone(),
        health: context.health.clone(),
    };
    let follower = Arc::new(AvailabilityFollower(Arc::clone(&index)));
    context.tasks.spawn_until_shutdown(Consumer::new(parts, follower).run());
    let routes = routes(Doors { catalogue, activities })
        .merge(messaging::feed_routes(
            NAME,
            Arc::clone(&context.storage.journal),
            CatalogueFeed(index),
        ))
        .merge(messaging::parking_routes(NAME, context.storage.clone()));
    let mut parts = context.service_parts();
    // A request with an idempotency key is read whole before its handler runs.
    parts.limits.keyed_body_bytes_max = IMPORT_BYTES_MAX;
    ready.up();
    Ok(BuiltService::documented(web::service(NAME, routes, parts)))
}
