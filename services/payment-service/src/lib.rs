//! Payment service: payment intents, from authorisation to refund.

mod adapters;
mod application;
mod domain;
mod ports;
#[cfg(test)]
mod tests;

use adapters::{
    http,
    journal::translate,
    maintenance::maintenance,
    settings::PaymentSettings,
    signature::SigningKey,
    test_processor::{TestProcessor, WebhookSender},
    unsettled_documents::UnsettledDocuments,
};
use application::{Payments, Reconciler};
use journal::Repository;
use kernel::Ids;
use ports::{PaymentId, Processor};
use runtime::{BuildContext, BuildError, BuiltService, Module};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

const NAME: &str = "payment-service";

/// Payment method whose processor is part of this service.
const TEST: &str = "test";

/// Module of the payment service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "payment intents: authorise, capture, void, refund",
    calls: &[],
    follows: &[],
    settings: Some(settings::Section::of::<PaymentSettings>(NAME)),
    maintenance: |offline| Ok(maintenance(offline)),
    build: |context| Box::pin(std::future::ready(build(&context))),
};

fn build(context: &BuildContext) -> Result<BuiltService, BuildError> {
    let settings: PaymentSettings = context.settings()?;
    let ready = context.health.component(NAME, telemetry::Criticality::Required);
    let journal = Arc::clone(&context.storage.journal);
    let test_key = signing_key(&settings, &context.ids);
    let delay = Duration::from_millis(settings.late_webhook_ms);
    let webhooks = Arc::new(WebhookSender::new(test_key.clone(), delay, context.tasks.clone()));

    let mut processors: BTreeMap<&'static str, Arc<dyn Processor>> = BTreeMap::new();
    if settings.test_payments {
        let test = TestProcessor::new(&settings, context.ids.clone(), Arc::clone(&webhooks));
        processors.insert(TEST, Arc::new(test));
    }
    let in_memory = settings.payments_in_memory_max;
    let payments = Arc::new(Payments {
        repository: Repository::new(Arc::clone(&journal), context.ids.clone(), in_memory),
        processors,
        unsettled: Arc::new(UnsettledDocuments(Arc::clone(&context.storage.documents))),
        ids: context.ids.clone(),
    });
    let reconciler = Reconciler::new(Arc::clone(&payments), settings.reconcile_interval());
    let routes = http::routes(http::AppState { payments, test_key })
        .merge(messaging::feed_routes(NAME, journal, translate));
    let tasks = context.tasks.clone();
    let service = web::service(NAME, routes, context.service_parts());
    webhooks.bind(transport::loopback(NAME, service.router.clone()));
    tasks.spawn_until_shutdown(reconciler.run());
    ready.up();
    Ok(BuiltService::documented(service))
}

/// Key that signs the webhooks of the test processor.
fn signing_key(settings: &PaymentSettings, ids: &Ids) -> SigningKey {
    if !settings.webhook_secret.is_empty() {
        return SigningKey::new(settings.webhook_secret.expose());
    }
    // Random for each start, so that only the processor within this process can sign.
    let random = [ids.next::<PaymentId>(), ids.next::<PaymentId>()];
    SigningKey::new(random.map(|id| id.0.into_bytes()).concat())
}
