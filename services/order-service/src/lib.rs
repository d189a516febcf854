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
    payments::PaymentService, replay::OrderRenderer, settings::OrderSettings,
    stock::InventoryService,
};
use contracts::{cart, inventory, order, payment};
use runtime::{BuildContext, BuildError, BuiltService, Module};
use saga::Spawn;
use settings::Section;
use std::{sync::Arc, time::Duration};
use telemetry::Criticality;
use wiring::{ServiceDependencies, wire};

const NAME: &str = order::SERVICE;

/// Module of the order service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "orders, and the sagas that place, cancel and refund them",
    calls: &[cart::SERVICE, inventory::SERVICE, payment::SERVICE],
    follows: &[payment::SERVICE],
    settings: Some(Section::of::<OrderSettings>(NAME)),
    maintenance: |offline| Ok(maintenance(offline)),
    build: |context| Box::pin(build(context)),
};

async fn build(context: BuildContext) -> Result<BuiltService, BuildError> {
    let ready = context.health.component(NAME, Criticality::Required);
    let settings: OrderSettings = context.settings()?;
    let dependencies = dependencies(&context, &settings).await?;
    #[cfg(feature = "defects")]
    let dependencies = adapters::defects::plant_in_ports(dependencies);
    let (use_cases, resume_checkout) = wire(dependencies).await?;
    context.consume(NAME, &context.storage, Arc::new(resume_checkout))?;
    context.provide_feed(translate)?;
    let parking = messaging::parking_routes(NAME, context.storage.clone());
    ready.up();
    let mut parts = context.service_parts();
    let renderer = Arc::new(OrderRenderer(Arc::clone(&use_cases.read.orders)));
    parts.idempotency = parts.idempotency.map(|layer| layer.with_renderer(renderer));
    let service = context.serve_with(http::routes(use_cases).merge(parking), parts);
    #[cfg(feature = "defects")]
    let service = adapters::defects::plant_in_routes(service);
    Ok(service)
}

async fn dependencies(
    context: &BuildContext,
    settings: &OrderSettings,
) -> Result<ServiceDependencies, BuildError> {
    let carts = CartService(context.contract::<dyn cart::Carts>()?);
    let stock = InventoryService { inventory: context.contract::<dyn inventory::Inventory>()? };
    let payments = PaymentService(context.contract::<dyn payment::Payments>()?);
    let tasks = context.tasks.clone();
    let spawn: Spawn = Arc::new(move |task| tasks.spawn_until_shutdown(task));
    Ok(ServiceDependencies {
        journal: context.journal(),
        order_index: Arc::new(DocumentOrderIndex {
            documents: Arc::clone(&context.storage.documents),
        }),
        carts: Arc::new(carts),
        stock: Arc::new(stock),
        payments: Arc::new(payments),
        ids: context.ids.clone(),
        spawn,
        orders_in_memory_bytes_max: settings.orders_in_memory_bytes_max,
        payment_wait: Duration::from_secs(u64::from(settings.payment_wait_minutes) * 60),
        hold: Duration::from_secs(u64::from(settings.hold_minutes) * 60),
        capture: settings.capture,
        prepayment_days: settings.prepayment_hold_days,
        unpaid: settings.unpaid_limits(),
        lookups: settings.lookup_limits(),
        failed_checkouts: settings.failed_checkout_limits(),
        numbering: settings.number.into(),
        id_secret: load_order_id_secret(&context.storage, &context.ids).await?,
    })
}
