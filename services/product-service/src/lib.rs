//! Product service: products, variants, categories, media, and prices with their history.
//!
//! Each product is an event-sourced stream. Listings, filters and full-text search come from an in-memory search index
//! that includes every change as soon as it is appended.

mod adapters;
mod application;
mod domain;
mod index;
mod ports;
#[cfg(test)]
mod tests;

use adapters::{
    activities::activity_queue,
    availability::AvailabilityConsumer,
    contract::CatalogueProvider,
    feed::feed,
    http::{AppState, IMPORT_BYTES_MAX, UPLOAD_BYTES_MAX, routes},
    inventory::InventoryStockCounter,
    maintenance::maintenance,
    outbound::OutboundPictures,
    settings::ProductSettings,
};
use application::{Catalogue, CatalogueParts, PictureFetcher, PictureLibrary, open_index};
use contracts::{
    audit::{self, Audit},
    inventory::{self, Inventory},
    product::Catalogue as CatalogueContract,
};
use index::persistence::{BUCKETS, DOCUMENTS};
use journal::Repository;
use runtime::{BuildContext, BuildError, BuiltService, Module};
use std::num::NonZeroUsize;
use std::sync::Arc;

const NAME: &str = contracts::product::SERVICE;
/// Number of product aggregates cached in memory.
const RECENT_PRODUCTS_MAX: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

/// Module of the product service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "products, variants, categories, media, and prices with their history",
    calls: &[inventory::SERVICE, audit::SERVICE],
    follows: &[inventory::SERVICE],
    instances: runtime::InstanceModel::OneActive,
    settings: Some(settings::Section::of::<ProductSettings>(NAME)),
    events: Some(journal::event_json::<domain::ProductEvent>),
    plaintext: None,
    collections: &[&BUCKETS, &DOCUMENTS],
    projected: &[&BUCKETS],
    maintenance,
    build: |context| Box::pin(build(context)),
};

async fn build(context: BuildContext) -> Result<BuiltService, BuildError> {
    let settings: ProductSettings = context.settings()?;
    let policy = settings.prior_price.policy();
    let index = Arc::new(open_index(&context.storage, policy).await?);
    let text_indexer = Arc::clone(&index);
    context.tasks.spawn_until_shutdown(async move { text_indexer.index_text().await });
    let media = &settings.media;
    let rendition_bytes_max = media.rendition_bytes_max;
    let library = PictureLibrary::new(&context.storage, media.decode_limits(), rendition_bytes_max);
    let library = Arc::new(library);
    let catalogue = Arc::new(Catalogue::new(CatalogueParts {
        products: Repository::new(context.journal(), context.ids.clone(), RECENT_PRODUCTS_MAX),
        index: Arc::clone(&index),
        stock: Arc::new(InventoryStockCounter(context.contract::<dyn Inventory>()?)),
        policy,
        new_days: settings.new_days,
        ids: context.ids.clone(),
        library: Arc::clone(&library),
        fetching: media.fetch,
    }));
    context.tasks.spawn_until_shutdown(Arc::clone(&catalogue).reread_unknown_changes());
    if media.fetch {
        let source = Arc::new(OutboundPictures::new(media));
        let fetcher = PictureFetcher::new(Arc::clone(&catalogue), library, source);
        for _ in 0..media.fetches_max {
            context.tasks.spawn_until_shutdown(fetcher.clone().run());
        }
    }
    let audit = context.contract::<dyn Audit>()?;
    let (activities, delivery) = activity_queue(NAME, audit, context.ids.clone(), &context.metrics);
    context.tasks.spawn(delivery.run(context.tasks.shutdown_signal()));
    let consumer = AvailabilityConsumer(Arc::clone(&index));
    context.consume(NAME, &context.storage.projected(), Arc::new(consumer))?;
    context.provide::<dyn CatalogueContract>(Arc::new(CatalogueProvider(Arc::clone(&index))))?;
    context.provide_feed(feed(index))?;
    let mut parts = context.service_parts();
    // The body of a request with an idempotency key is buffered before its handler runs.
    parts.limits.keyed_body_bytes_max = IMPORT_BYTES_MAX.max(UPLOAD_BYTES_MAX);
    Ok(context.serve_with(routes(AppState { catalogue, activities }), parts))
}
