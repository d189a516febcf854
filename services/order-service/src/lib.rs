//! The order service: orders, and the sagas that place, cancel and refund them.

mod adapters;
mod application;
mod domain;
mod ports;
mod wiring;

#[cfg(test)]
mod tests;

use adapters::{
    carts::CartService, http, journal::translate, orders_list::OrdersList,
    payments::PaymentService, secret::order_id_secret, settings::OrderSettings,
    stock::InventoryService, upkeep::upkeep,
};
use contracts::{cart::CartClient, inventory::InventoryClient, payment::PaymentClient};
use messaging::{Consumer, ConsumerParts};
use runtime::{BuildError, Built, Module, Site};
use saga::Spawn;
use settings::Section;
use std::{num::NonZeroUsize, sync::Arc, time::Duration};
use telemetry::Bearing;
use wiring::{Parts, wire};

const NAME: &str = "order-service";

/// The order service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "orders, and the sagas that place, cancel and refund them",
    calls: &[CartClient::SERVICE, InventoryClient::SERVICE, PaymentClient::SERVICE],
    follows: &[PaymentClient::SERVICE],
    settings: Some(Section::of::<OrderSettings>(NAME)),
    upkeep: |premises| Ok(upkeep(premises)),
    build: |site| Box::pin(build(site)),
};

async fn build(site: Site) -> Result<Built, BuildError> {
    let ready = site.health.component(NAME, Bearing::Required);
    let settings: OrderSettings = site.settings()?;
    let (use_cases, news) = wire(parts(&site, &settings).await?).await?;
    let consumer = Consumer::new(
        ConsumerParts {
            group: NAME,
            source: PaymentClient::SERVICE,
            transport: site.way(PaymentClient::SERVICE)?,
            storage: site.storage.clone(),
            ids: site.ids.clone(),
            metrics: site.metrics.clone(),
            health: site.health.clone(),
        },
        Arc::new(news),
    );
    site.tasks.spawn_until_stop(consumer.run());
    let journal = Arc::clone(&site.storage.journal);
    let routes = http::routes(use_cases)
        .merge(messaging::feed_routes(NAME, journal, translate))
        .merge(messaging::parking_routes(NAME, site.storage.clone()));
    ready.up();
    Ok(Built::described(web::service(NAME, routes, site.service_parts())))
}

async fn parts(site: &Site, settings: &OrderSettings) -> Result<Parts, BuildError> {
    let carts = CartService::new(CartClient::new(site.way(CartClient::SERVICE)?));
    let stock = InventoryService {
        client: InventoryClient::new(site.way(InventoryClient::SERVICE)?),
        hold_seconds: settings.hold_minutes.saturating_mul(60),
    };
    let payments = PaymentService(PaymentClient::new(site.way(PaymentClient::SERVICE)?));
    let tasks = site.tasks.clone();
    let spawn: Spawn = Arc::new(move |task| tasks.spawn_until_stop(task));
    let in_memory = NonZeroUsize::new(settings.orders_in_memory_max);
    Ok(Parts {
        journal: Arc::clone(&site.storage.journal),
        listing: Arc::new(OrdersList { documents: Arc::clone(&site.storage.documents) }),
        carts: Arc::new(carts),
        stock: Arc::new(stock),
        payments: Arc::new(payments),
        ids: site.ids.clone(),
        spawn,
        orders_in_memory_max: in_memory.unwrap_or(NonZeroUsize::MIN),
        payment_wait: Duration::from_secs(u64::from(settings.payment_wait_minutes) * 60),
        capture: settings.capture,
        id_secret: order_id_secret(&site.storage, &site.ids).await?,
    })
}
