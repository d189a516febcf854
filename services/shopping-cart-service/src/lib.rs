//! The shopping cart service: carts, and quotes of what lines come to with delivery and tax.

mod adapters;
mod application;
mod domain;
mod ports;
#[cfg(test)]
mod vectors;

use adapters::{
    catalogue::Catalogue, http, journal::translate, settings::CartSettings, upkeep::upkeep,
};
use application::{
    carts::Carts,
    quotes::{Quotes, Terms},
};
use contracts::product::ProductClient;
use journal::Repository;
use runtime::{BuildError, Built, Module, Site};
use settings::Section;
use std::{num::NonZeroUsize, sync::Arc, time::Duration};

const NAME: &str = "shopping-cart-service";

/// The shopping cart service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "carts, and what they come to with delivery and tax",
    calls: &["product-service"],
    follows: &[],
    settings: Some(Section::of::<CartSettings>(NAME)),
    upkeep: |premises| Ok(upkeep(premises)),
    build: |site| Box::pin(async move { build(&site) }),
};

fn build(site: &Site) -> Result<Built, BuildError> {
    let settings: CartSettings = site.settings()?;
    let terms: Terms = settings.terms().map_err(BuildError::Other)?;
    let catalogue = Catalogue(ProductClient::new(site.way("product-service")?));
    let recent = NonZeroUsize::new(settings.carts_in_memory_max).unwrap_or(NonZeroUsize::MIN);
    let journal = Arc::clone(&site.storage.journal);
    let carts = Arc::new(Carts {
        repository: Repository::new(Arc::clone(&journal), site.ids.clone(), recent),
        quotes: Quotes::new(Arc::new(catalogue), terms),
        ids: site.ids.clone(),
        keep: Duration::from_secs(settings.cart_keep_hours * 3_600),
    });
    let routes = http::routes(&carts).merge(messaging::feed_routes(NAME, journal, translate));
    Ok(Built::described(web::service(NAME, routes, site.service_parts())))
}
