//! Order service: orders, and the sagas that place, cancel, fulfil and refund them.

mod adapters;
mod application;
mod domain;
mod ports;
mod wiring;

#[cfg(test)]
mod tests;

use adapters::order_index::{ACCOUNT_ORDERS, ORDERS};
use adapters::{
    address_keys::AccountAddressKeys,
    carts::CartService,
    contract::{AddressBooksProvider, CustomersProvider, OrderDetailsProvider},
    customer_keys::CustomerKeys,
    http,
    journal::translate,
    maintenance::{event_json, maintenance, refold_former_index},
    order_id_secret::load_order_id_secret,
    order_index::DocumentOrderIndex,
    payments::PaymentService,
    plaintext::PlaintextOrders,
    replay::OrderRenderer,
    settings::OrderSettings,
    stock::InventoryService,
};
use contracts::{cart, inventory, order, payment};
use ports::customers::Customers;
use runtime::{BuildContext, BuildError, BuiltService, Module};
use settings::Section;
use std::sync::Arc;
use web::ReplayRenderer;
use wiring::{ServiceDependencies, wire};

const NAME: &str = order::SERVICE;

/// Module of the order service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "orders, and the sagas that place, cancel and refund them",
    calls: &[cart::SERVICE, inventory::SERVICE, payment::SERVICE],
    follows: &[payment::SERVICE],
    instances: runtime::InstanceModel::OneActive,
    settings: Some(Section::of::<OrderSettings>(NAME)),
    events: Some(event_json),
    plaintext: Some(&PlaintextOrders),
    collections: &[&ACCOUNT_ORDERS, &ORDERS],
    projected: &[],
    maintenance: |offline| Ok(maintenance(offline)),
    build: |context| Box::pin(build(context)),
};

async fn build(context: BuildContext) -> Result<BuiltService, BuildError> {
    let (tasks, spawner) = (context.tasks.clone(), context.tasks.clone());
    let documents = Arc::clone(&context.storage.documents);
    let customers: Arc<dyn Customers> = Arc::new(CustomerKeys::of(&context.storage));
    refold_former_index(&context.storage).await?;
    let settings: OrderSettings = context.settings()?;
    let letters = settings.letters(&context.ids).map_err(BuildError::Other)?;
    let dependencies = ServiceDependencies {
        letters,
        values: Arc::clone(&context.storage.key_value),
        journal: context.journal(),
        order_index: Arc::new(DocumentOrderIndex { documents, customers: Arc::clone(&customers) }),
        customers,
        address_keys: Arc::new(AccountAddressKeys::of(&context.storage)),
        carts: Arc::new(CartService(context.contract::<dyn cart::Carts>()?)),
        stock: Arc::new(InventoryService {
            inventory: context.contract::<dyn inventory::Inventory>()?,
        }),
        payments: Arc::new(PaymentService(context.contract::<dyn payment::Payments>()?)),
        ids: context.ids.clone(),
        spawn: Arc::new(move |task| spawner.spawn_until_shutdown(task)),
        id_secret: load_order_id_secret(&context.storage, &context.ids).await?,
        settings,
    };
    #[cfg(feature = "defects")]
    let dependencies = adapters::defects::plant_in_ports(dependencies);
    let (use_cases, resume_checkout) = wire(dependencies).await?;
    context.consume(NAME, &context.storage, Arc::new(resume_checkout))?;
    context.provide_feed(translate)?;
    context.provide::<dyn order::Customers>(Arc::new(CustomersProvider {
        export: use_cases.export.clone(),
        erase: use_cases.erase.clone(),
    }))?;
    let details = OrderDetailsProvider(use_cases.read.clone());
    context.provide::<dyn order::OrderDetails>(Arc::new(details))?;
    let books = AddressBooksProvider(use_cases.addresses.clone());
    context.provide::<dyn order::AddressBooks>(Arc::new(books))?;
    tasks.spawn_until_shutdown(use_cases.erase.clone().maintain());
    let renderer: Arc<dyn ReplayRenderer> =
        Arc::new(OrderRenderer(Arc::clone(&use_cases.read.orders)));
    #[cfg(feature = "defects")]
    let renderer = adapters::defects::plant_in_renderer(renderer);
    let parts = context.service_parts().with_renderer(renderer);
    let service = context.serve_with(http::routes(use_cases), parts);
    #[cfg(feature = "defects")]
    let service = adapters::defects::plant_in_routes(service);
    Ok(service)
}
