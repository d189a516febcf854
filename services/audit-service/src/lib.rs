//! The audit service: who did what, for operators to look up.
//!
//! It lags behind the shop and may fail: it stores in a file of its own, nobody waits for it, and what it could not
//! take it counts.

mod adapters;
mod application;
mod settings;

use adapters::{feeds, http};
use application::Trail;
use messaging::{Consumer, ConsumerParts, Following};
use runtime::{BuildError, Built, Module, Premises, Site, Upkeep};
use settings::AuditSettings;
use std::sync::Arc;
use telemetry::Bearing;

const NAME: &str = "audit-service";
/// Whose progress in the feeds it is.
const GROUP: &str = "audit";

/// The audit service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "who did what, and every shopper activity",
    calls: &[],
    follows: &[
        "product-service",
        "shopping-cart-service",
        "inventory-service",
        "payment-service",
        "order-service",
    ],
    settings: Some(::settings::Section::of::<AuditSettings>(NAME)),
    upkeep: |premises| Ok(upkeep(premises)),
    build: |site| Box::pin(build(site)),
};

#[expect(
    clippy::unused_async,
    reason = "nothing is read before it is asked for, so a start is quick"
)]
async fn build(site: Site) -> Result<Built, BuildError> {
    let settings: AuditSettings = site.settings()?;
    let health = site.health.component(NAME, Bearing::Optional);
    let trail = Arc::new(Trail::new(Arc::clone(&site.bulk.documents), health));
    for source in MODULE.follows {
        let parts = ConsumerParts {
            group: GROUP,
            source,
            transport: site.way(source)?,
            storage: site.bulk.clone(),
            ids: site.ids.clone(),
            metrics: site.metrics.clone(),
            health: site.health.clone(),
        };
        let consumer = Consumer::new(parts, Arc::new(feeds::ActivitiesOfFeeds));
        site.tasks.spawn_until_stop(consumer.run());
    }
    if let Some(kept) = settings.kept() {
        let sweeping = application::keep_within(Arc::clone(&trail), site.ids.clone(), kept);
        site.tasks.spawn_until_stop(sweeping);
    }
    let routes = http::routes(&trail).merge(messaging::parking_routes(NAME, site.bulk.clone()));
    // What operators are told here lies in the file of this service, and so do the answers to their keys.
    let values = Arc::clone(&site.bulk.key_value);
    let idempotency = web::Idempotency::new(NAME, values, site.ids.clone());
    let parts = web::ServiceParts { idempotency: Some(idempotency), ..site.service_parts() };
    Ok(Built::described(web::service(NAME, routes, parts)))
}

fn upkeep(premises: &Premises) -> Upkeep {
    let following = |source: &&'static str| Following::new(GROUP, source, premises.bulk.clone());
    Upkeep {
        following: MODULE.follows.iter().map(following).collect(),
        primary: Some(
            "activities are records of their own: what shoppers did is written nowhere else",
        ),
        ..Upkeep::default()
    }
}
