//! Order service: orders, and the sagas that place, cancel, fulfil and refund them.

mod adapters;
mod application;
mod domain;
mod ports;
mod wiring;

#[cfg(test)]
mod tests;

use adapters::{
    carts::CartService, http, journal::translate, maintenance::maintenance,
    order_id_secret::load_order_id_secret, order_index::DocumentOrderIndex,
    payments::PaymentService, settings::OrderSettings, stock::InventoryService,
};
use contracts::{cart::CartClient, inventory::InventoryClient, payment::PaymentClient};
use messaging::{Consumer, ConsumerParts};
use runtime::{BuildContext, BuildError, BuiltService, Module};
use saga::Spawn;
use settings::Section;
use std::{num::NonZeroUsize, sync::Arc, time::Duration};
use telemetry::Criticality;
use wiring::{ServiceDependencies, wire};

const NAME: &str = "order-service";

/// Module of the order service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "orders, and the sagas that place, cancel and refund them",
    calls: &[CartClient::SERVICE, InventoryClient::SERVICE, PaymentClient::SERVICE],
    follows: &[PaymentClient::SERVICE],
    settings: Some(Section::of::<OrderSettings>(NAME)),
    maintenance: |offline| Ok(maintenance(offline)),
    build: |context| Box::pin(build(context)),
};

async fn build(context: BuildContext) -> Result<BuiltService, BuildError> {
    let ready = context.health.component(NAME, Criticality::Required);
    let settings: OrderSettings = context.settings()?;
    let (use_cases, resume_checkout) = wire(dependencies(&context, &settings).await?).await?;
    let consumer = Consumer::new(
        ConsumerParts {
            group: NAME,
            source: PaymentClient::SERVICE,
            transport: context.channel(PaymentClient::SERVICE)?,
            storage: context.storage.clone(),
            ids: context.ids.clone(),
            metrics: context.metrics.clone(),
            health: context.health.clone(),
        },
        Arc::new(resume_checkout),
    );
    context.tasks.spawn_until_shutdown(consumer.run());
    let journal = Arc::clone(&context.storage.journal);
    let routes = http::routes(use_cases)
        .merge(messaging::feed_routes(NAME, journal, translate))
        .merge(messaging::parking_routes(NAME, context.storage.clone()));
    ready.up();
    Ok(BuiltService::documented(web::service(NAME, routes, context.service_parts())))
}

async fn dependencies(
    context: &BuildContext,
    settings: &OrderSettings,
) -> Result<ServiceDependencies, BuildError> {
    let carts = CartService::new(CartClient::new(context.channel(CartClient::SERVICE)?));
    let stock = InventoryService {
        client: InventoryClient::new(context.channel(InventoryClient::SERVICE)?),
        hold_seconds: settings.hold_minutes.saturating_mul(60),
    };
    let payments = PaymentService(PaymentClient::new(context.channel(PaymentClient::SERVICE)?));
    let tasks = context.tasks.clone();
    let spawn: Spawn = Arc::new(move |task| tasks.spawn_until_shutdown(task));
    let in_memory = NonZeroUsize::new(settings.orders_in_memory_max);
    Ok(ServiceDependencies {
        journal: Arc::clone(&context.storage.journal),
        order_index: Arc::new(DocumentOrderIndex {
            documents: Arc::clone(&context.storage.documents),
        }),
        carts: Arc::new(carts),
        stock: Arc::new(stock),
        payments: Arc::new(payments),
        ids: context.ids.clone(),
        spawn,
        orders_in_memory_max: in_memory.unwrap_or(NonZeroUsize::MIN),
        payment_wait: Duration::from_secs(u64::from(settings.payment_wait_minutes) * 60),
        capture: settings.capture,
        id_secret: load_order_id_secret(&context.storage, &context.ids).await?,
    })
}
