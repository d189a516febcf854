//! The audit service: who did what, for operators to look up.
//!
//! Eventually consistent and optional: it stores in a file of its own, no request waits for it, and activities it could
//! not store are counted.

mod adapters;
mod application;
mod settings;

use adapters::{contract::AuditProvider, feeds, http};
use application::{AuditLog, DayBudget, Digests, Recorder, Retention};
use contracts::audit::{Audit, SERVICE as NAME};
use identifiers::ActivityId;
use kernel::{Ids, Uuid};
use messaging::Subscription;
use runtime::{BuildContext, BuildError, BuiltService, Maintenance, Module, OfflineContext};
use settings::AuditSettings;
use std::sync::Arc;
use storage::{KeyValue, StorageError};
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

/// Key of the secret from which the digests of ids are made.
const DIGEST_KEY: &str = "digest_key";

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
    let audit_log = Arc::new(AuditLog::new(documents, Arc::clone(&recorder), health));
    let retention = Retention {
        audit_log: Arc::clone(&audit_log),
        ids: context.ids.clone(),
        periods: settings.retention(),
    };
    context.tasks.spawn_until_shutdown(retention.run());
    feeds::consume(&context, &recorder)?;
    context.provide::<dyn Audit>(Arc::new(AuditProvider(Arc::clone(&audit_log))))?;
    let routes =
        http::routes(audit_log).merge(messaging::parking_routes(NAME, context.bulk.clone()));
    let mut parts = context.service_parts();
    // Idempotency records are stored in this service's own file, like its data.
    let values = Arc::clone(&context.bulk.key_value);
    parts.idempotency = Some(web::Idempotency::new(NAME, values, context.ids.clone()));
    Ok(context.serve_with(routes, parts))
}

/// Loads the key of the digests, or draws it at the first start. Where it can be neither read nor stored, the digests of
/// this run have a key of their own: nothing about the audit trail keeps a shop from starting.
async fn load_digest_key(values: &dyn KeyValue, ids: &Ids) -> [u8; 16] {
    let new = *Uuid::from(ids.next::<ActivityId>()).as_bytes();
    match stored_digest_key(values, ids, new).await {
        Ok(key) => key,
        Err(error) => {
            tracing::warn!(%error, "the audit trail cannot keep the key of its digests");
            new
        }
    }
}

async fn stored_digest_key(
    values: &dyn KeyValue,
    ids: &Ids,
    new: [u8; 16],
) -> Result<[u8; 16], StorageError> {
    if let Some(stored) = values.value(DIGEST_KEY, ids.now()).await? {
        let corrupt = |_| StorageError::Corrupt(format!("{DIGEST_KEY} does not have 16 bytes"));
        return <[u8; 16]>::try_from(&stored[..]).map_err(corrupt);
    }
    // Not awaited: what is stored with these digests lies behind it in the same log.
    drop(values.put(DIGEST_KEY, new.to_vec().into(), None).await?);
    Ok(new)
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
