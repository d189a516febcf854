//! The shopping cart service: carts, and quotes with delivery and tax.

mod adapters;
mod application;
mod domain;
mod ports;
#[cfg(test)]
mod state_machine_tests;

use adapters::{
    catalogue::ProductCatalogue, contract::CartsProvider, feed::translate, http::routes,
    maintenance::maintenance, settings::CartSettings,
};
use application::{cart_service::CartService, quote_calculator::QuoteCalculator};
use contracts::{
    cart::{Carts, SERVICE},
    product::{self, Catalogue},
};
use journal::Repository;
use runtime::{BuildContext, BuildError, BuiltService, Module};
use settings::Section;
use std::{num::NonZeroUsize, sync::Arc, time::Duration};

/// The shopping cart service.
pub const MODULE: Module = Module {
    name: SERVICE,
    summary: "carts, and quotes with delivery and tax",
    calls: &[product::SERVICE],
    follows: &[],
    settings: Some(Section::of::<CartSettings>(SERVICE)),
    maintenance: |offline| Ok(maintenance(offline)),
    build: |context| Box::pin(async move { build(&context) }),
};

fn build(context: &BuildContext) -> Result<BuiltService, BuildError> {
    let settings: CartSettings = context.settings()?;
    let pricing = settings.pricing().expect("it was checked when the settings were loaded");
    let catalogue = Arc::new(ProductCatalogue(context.contract::<dyn Catalogue>()?));
    let cached = NonZeroUsize::new(settings.carts_in_memory_max).unwrap_or(NonZeroUsize::MIN);
    let carts = Arc::new(CartService {
        repository: Repository::new(context.journal(), context.ids.clone(), cached),
        quotes: QuoteCalculator::new(catalogue, pricing),
        ids: context.ids.clone(),
        ttl: Duration::from_secs(settings.cart_keep_hours * 3_600),
    });
    let provider = CartsProvider(Arc::clone(&carts));
    #[cfg(feature = "defects")]
    let provider = adapters::defects::DefectiveCarts(provider);
    context.provide::<dyn Carts>(Arc::new(provider))?;
    context.provide_feed(translate)?;
    Ok(context.serve(routes(carts)))
}
