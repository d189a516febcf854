//! The audit service: who did what, for operators to look up.
//!
//! Eventually consistent and optional: it stores in a file of its own, no request waits for it, and activities it could
//! not store are counted.

mod adapters;
mod application;
mod settings;

use adapters::{contract::AuditProvider, feeds, http};
use application::AuditLog;
use contracts::audit::{Audit, SERVICE as NAME};
use messaging::Subscription;
use runtime::{BuildContext, BuildError, BuiltService, Maintenance, Module, OfflineContext};
use settings::AuditSettings;
use std::sync::Arc;
use telemetry::Criticality;

/// The audit service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "audit log of what shoppers and operators did",
    calls: &[],
    follows: feeds::SOURCES,
    settings: Some(::settings::Section::of::<AuditSettings>(NAME)),
    maintenance: |offline| Ok(maintenance(offline)),
    build: |context| Box::pin(build(context)),
};

#[expect(clippy::unused_async, reason = "nothing is read at the start, so a start is quick")]
async fn build(context: BuildContext) -> Result<BuiltService, BuildError> {
    let settings: AuditSettings = context.settings()?;
    let health = context.health.component(NAME, Criticality::Optional);
    let audit_log = Arc::new(AuditLog::new(Arc::clone(&context.bulk.documents), health));
    if let Some(retention) = settings.retention() {
        let retention_task =
            application::run_retention(Arc::clone(&audit_log), context.ids.clone(), retention);
        context.tasks.spawn_until_shutdown(retention_task);
    }
    feeds::consume(&context)?;
    context.provide::<dyn Audit>(Arc::new(AuditProvider(Arc::clone(&audit_log))))?;
    let routes =
        http::routes(audit_log).merge(messaging::parking_routes(NAME, context.bulk.clone()));
    let mut parts = context.service_parts();
    // Idempotency records are stored in this service's own file, like its data.
    let values = Arc::clone(&context.bulk.key_value);
    parts.idempotency = Some(web::Idempotency::new(NAME, values, context.ids.clone()));
    Ok(context.serve_with(routes, parts))
}

fn maintenance(offline: &OfflineContext) -> Maintenance {
    let subscription =
        |source: &&'static str| Subscription::new(feeds::GROUP, source, offline.bulk.clone());
    Maintenance {
        subscriptions: feeds::SOURCES.iter().map(subscription).collect(),
        primary: Some("activities are primary records: what shoppers did is stored nowhere else"),
        ..Maintenance::default()
    }
}
