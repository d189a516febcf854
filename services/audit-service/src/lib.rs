//! The audit service: who did what, for operators to look up.
//!
//! It lags behind the shop and may fail: it stores in a file of its own, nobody waits for it, and what it could not
//! take it counts.

mod adapters;
mod application;
mod settings;

use adapters::{feeds, http};
use application::Trail;
use messaging::{Consumer, ConsumerParts, Subscription};
use runtime::{BuildContext, BuildError, BuiltService, Maintenance, Module, OfflineContext};
use settings::AuditSettings;
use std::sync::Arc;
use telemetry::Criticality;

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
    maintenance: |offline| Ok(maintenance(offline)),
    build: |context| Box::pin(build(context)),
};

#[expect(
    clippy::unused_async,
    reason = "nothing is read before it is asked for, so a start is quick"
)]
async fn build(context: BuildContext) -> Result<BuiltService, BuildError> {
    let settings: AuditSettings = context.settings()?;
    let health = context.health.component(NAME, Criticality::Optional);
    let trail = Arc::new(Trail::new(Arc::clone(&context.bulk.documents), health));
    for source in MODULE.follows {
        let parts = ConsumerParts {
            group: GROUP,
            source,
            transport: context.channel(source)?,
            storage: context.bulk.clone(),
            ids: context.ids.clone(),
            metrics: context.metrics.clone(),
            health: context.health.clone(),
        };
        let consumer = Consumer::new(parts, Arc::new(feeds::ActivitiesOfFeeds));
        context.tasks.spawn_until_shutdown(consumer.run());
    }
    if let Some(kept) = settings.kept() {
        let sweeping = application::keep_within(Arc::clone(&trail), context.ids.clone(), kept);
        context.tasks.spawn_until_shutdown(sweeping);
    }
    let routes = http::routes(&trail).merge(messaging::parking_routes(NAME, context.bulk.clone()));
    // What operators are told here lies in the file of this service, and so do the answers to their keys.
    let values = Arc::clone(&context.bulk.key_value);
    let idempotency = web::Idempotency::new(NAME, values, context.ids.clone());
    let parts = web::ServiceParts { idempotency: Some(idempotency), ..context.service_parts() };
    Ok(BuiltService::documented(web::service(NAME, routes, parts)))
}

fn maintenance(offline: &OfflineContext) -> Maintenance {
    let following = |source: &&'static str| Subscription::new(GROUP, source, offline.bulk.clone());
    Maintenance {
        subscriptions: MODULE.follows.iter().map(following).collect(),
        primary: Some(
            "activities are records of their own: what shoppers did is written nowhere else",
        ),
        ..Maintenance::default()
    }
}
