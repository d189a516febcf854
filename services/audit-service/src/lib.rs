//! The audit service: who did what, for operators to look up.
//!
//! Eventually consistent and optional: it stores in a file of its own, no request waits for it, and activities it could
//! not store are counted.

mod adapters;
mod application;
mod settings;

use adapters::{feeds, http};
use application::AuditLog;
use messaging::{Consumer, ConsumerParts, Subscription};
use runtime::{BuildContext, BuildError, BuiltService, Maintenance, Module, OfflineContext};
use settings::AuditSettings;
use std::sync::Arc;
use telemetry::Criticality;

const NAME: &str = "audit-service";
/// Consumer group of the audit service.
const GROUP: &str = "audit";

/// The audit service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "audit log of what shoppers and operators did",
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

#[expect(clippy::unused_async, reason = "nothing is read at the start, so a start is quick")]
async fn build(context: BuildContext) -> Result<BuiltService, BuildError> {
    let settings: AuditSettings = context.settings()?;
    let health = context.health.component(NAME, Criticality::Optional);
    let audit_log = Arc::new(AuditLog::new(Arc::clone(&context.bulk.documents), health));
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
        let consumer = Consumer::new(parts, Arc::new(feeds::ActivityRecorder));
        context.tasks.spawn_until_shutdown(consumer.run());
    }
    if let Some(retention) = settings.retention() {
        let retention_task =
            application::run_retention(Arc::clone(&audit_log), context.ids.clone(), retention);
        context.tasks.spawn_until_shutdown(retention_task);
    }
    let routes =
        http::routes(&audit_log).merge(messaging::parking_routes(NAME, context.bulk.clone()));
    // Idempotency records are stored in this service's own file, like its data.
    let values = Arc::clone(&context.bulk.key_value);
    let idempotency = web::Idempotency::new(NAME, values, context.ids.clone());
    let parts = web::ServiceParts { idempotency: Some(idempotency), ..context.service_parts() };
    Ok(BuiltService::documented(web::service(NAME, routes, parts)))
}

fn maintenance(offline: &OfflineContext) -> Maintenance {
    let subscription =
        |source: &&'static str| Subscription::new(GROUP, source, offline.bulk.clone());
    Maintenance {
        subscriptions: MODULE.follows.iter().map(subscription).collect(),
        primary: Some("activities are primary records: what shoppers did is stored nowhere else"),
        ..Maintenance::default()
    }
}
