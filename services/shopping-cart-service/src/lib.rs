//! The shopping cart service: carts, and quotes with delivery and tax.

mod adapters;
mod application;
mod domain;
mod ports;
#[cfg(test)]
mod state_machine_tests;

use adapters::{
    catalogue::ProductCatalogue,
    contract::{AccountCartsProvider, CartsProvider},
    feed::translate,
    http::routes,
    journal::event_json,
    maintenance::maintenance,
    replay::CartRenderer,
    settings::CartSettings,
    stock::InventoryStock,
};
use application::{
    cart_service::CartService, cart_sweeper::CartSweeper, customer_carts::CustomerCarts,
    quote_calculator::QuoteCalculator,
};
use contracts::{
    cart::{AccountCarts, Carts, SERVICE},
    inventory::{self, Inventory},
    product::{self, Catalogue},
};
use domain::{cart::Cart, wish_list::WishList};
use journal::Repository;
use runtime::{BuildContext, BuildError, BuiltService, Module};
use settings::Section;
use std::{sync::Arc, time::Duration};

/// Upper bound of the memory of cached wish lists, in bytes.
const WISH_LISTS_BYTES_MAX: usize = 4 << 20;

/// The shopping cart service.
pub const MODULE: Module = Module {
    name: SERVICE,
    summary: "carts, and quotes with delivery and tax",
    calls: &[product::SERVICE, inventory::SERVICE],
    follows: &[],
    instances: runtime::InstanceModel::OneActive,
    settings: Some(Section::of::<CartSettings>(SERVICE)),
    events: Some(event_json),
    plaintext: None,
    collections: &[],
    projected: &[],
    maintenance: |offline| Ok(maintenance(offline)),
    build: |context| Box::pin(async move { build(&context) }),
};

fn build(context: &BuildContext) -> Result<BuiltService, BuildError> {
    let settings: CartSettings = context.settings()?;
    let pricing = settings.pricing().expect("it was checked when the settings were loaded");
    let catalogue = Arc::new(ProductCatalogue(context.contract::<dyn Catalogue>()?));
    let bytes_max = settings.carts_in_memory_bytes_max;
    let carts = Arc::new(CartService {
        repository: Repository::with_bytes_max(
            context.journal(),
            context.ids.clone(),
            bytes_max,
            Cart::bytes,
        ),
        wish_lists: Repository::with_bytes_max(
            context.journal(),
            context.ids.clone(),
            WISH_LISTS_BYTES_MAX,
            WishList::bytes,
        ),
        quotes: QuoteCalculator::new(catalogue, pricing),
        stock: Arc::new(InventoryStock(context.contract::<dyn Inventory>()?)),
        ids: context.ids.clone(),
        ttl: Duration::from_secs(settings.cart_keep_hours * 3_600),
        customers: CustomerCarts { values: context.storage.losable.clone() },
        merge: settings.merge.into(),
    });
    let sweeper = CartSweeper {
        carts: Arc::clone(&carts),
        values: Arc::clone(&context.storage.key_value),
        delete_after: carts.ttl + Duration::from_secs(settings.cart_delete_days * 86_400),
    };
    context.tasks.spawn_until_shutdown(sweeper.run());
    let provider = CartsProvider(Arc::clone(&carts));
    #[cfg(feature = "defects")]
    let provider = adapters::defects::DefectiveCarts(provider);
    context.provide::<dyn Carts>(Arc::new(provider))?;
    context.provide::<dyn AccountCarts>(Arc::new(AccountCartsProvider(Arc::clone(&carts))))?;
    context.provide_feed(translate)?;
    let parts = context.service_parts().with_renderer(Arc::new(CartRenderer(Arc::clone(&carts))));
    Ok(context.serve_with(routes(carts), parts))
}
