//! The audit service: who did what, for operators to look up.
//!
//! Eventually consistent and optional: it stores in a file of its own, no request waits for it, and activities it could
//! not store are counted.

mod adapters;
mod application;
mod settings;

use adapters::{
    contract::AuditProvider, digest_key::load_digest_key, feeds, http, maintenance::maintenance,
};
use application::{
    AuditLog, CHUNK_HEADERS, DROPPED, DayBudget, Digests, EVENT_CHUNK_HEADERS, EVENT_CHUNKS,
    Recorder, Retention,
};
use contracts::audit::{Audit, SERVICE as NAME};
use runtime::{BuildContext, BuildError, BuiltService, Module};
use settings::AuditSettings;
use std::sync::Arc;
use telemetry::Criticality;

/// The audit service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "audit log of what shoppers and operators did",
    calls: &[],
    follows: feeds::SOURCES,
    instances: runtime::InstanceModel::OneActive,
    settings: Some(::settings::Section::of::<AuditSettings>(NAME)),
    events: None,
    plaintext: None,
    collections: &[&CHUNK_HEADERS, &DROPPED, &EVENT_CHUNK_HEADERS],
    projected: &[&EVENT_CHUNKS, &EVENT_CHUNK_HEADERS],
    maintenance: |offline| Ok(maintenance(offline)),
    build: |context| Box::pin(build(context)),
};

async fn build(context: BuildContext) -> Result<BuiltService, BuildError> {
    let settings: AuditSettings = context.settings()?;
    let health = context.health.component(NAME, Criticality::Optional);
    let digest_key = load_digest_key(&*context.bulk.key_value, &context.ids).await;
    let recorder = Arc::new(Recorder {
        digests: Digests::new(digest_key),
        budget: DayBudget::new(settings.day_bytes_max, &context.metrics),
        ids: context.ids.clone(),
    });
    let documents = Arc::clone(&context.bulk.documents);
    let projections = Arc::clone(&context.bulk.projections);
    let audit_log = AuditLog::new(documents, projections, Arc::clone(&recorder), health);
    let audit_log = Arc::new(audit_log);
    let retention = Retention {
        audit_log: Arc::clone(&audit_log),
        ids: context.ids.clone(),
        periods: settings.retention(),
    };
    context.tasks.spawn_until_shutdown(retention.run());
    feeds::consume(&context, &recorder)?;
    context.provide::<dyn Audit>(Arc::new(AuditProvider(Arc::clone(&audit_log))))?;
    let mut parts = context.service_parts();
    // Idempotency records are stored in this service's own file, like its data.
    let values = Arc::clone(&context.bulk.key_value);
    parts.idempotency = Some(web::Idempotency::new(NAME, values, context.ids.clone()));
    Ok(context.serve_with(http::routes(audit_log), parts))
}
