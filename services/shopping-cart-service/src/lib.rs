//! The shopping cart service: carts, and quotes with delivery and tax.

mod adapters;
mod application;
mod domain;
mod ports;
#[cfg(test)]
mod state_machine_tests;

use adapters::{
    catalogue::ProductCatalogue, http, journal::translate, maintenance::maintenance,
    settings::CartSettings,
};
use application::{
    cart_service::CartService,
    quote_calculator::{PricingConfig, QuoteCalculator},
};
use contracts::product::ProductClient;
use journal::Repository;
use runtime::{BuildContext, BuildError, BuiltService, Module};
use settings::Section;
use std::{num::NonZeroUsize, sync::Arc, time::Duration};

const NAME: &str = "shopping-cart-service";

/// The shopping cart service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "carts, and quotes with delivery and tax",
    calls: &["product-service"],
    follows: &[],
    settings: Some(Section::of::<CartSettings>(NAME)),
    maintenance: |offline| Ok(maintenance(offline)),
    build: |context| Box::pin(async move { build(&context) }),
};

fn build(context: &BuildContext) -> Result<BuiltService, BuildError> {
    let settings: CartSettings = context.settings()?;
    let pricing: PricingConfig = settings.pricing().map_err(BuildError::Other)?;
    let catalogue = ProductCatalogue(ProductClient::new(context.channel("product-service")?));
    let recent = NonZeroUsize::new(settings.carts_in_memory_max).unwrap_or(NonZeroUsize::MIN);
    let journal = Arc::clone(&context.storage.journal);
    let carts = Arc::new(CartService {
        repository: Repository::new(Arc::clone(&journal), context.ids.clone(), recent),
        quotes: QuoteCalculator::new(Arc::new(catalogue), pricing),
        ids: context.ids.clone(),
        ttl: Duration::from_secs(settings.cart_keep_hours * 3_600),
    });
    let routes = http::routes(&carts).merge(messaging::feed_routes(NAME, journal, translate));
    Ok(BuiltService::documented(web::service(NAME, routes, context.service_parts())))
}
