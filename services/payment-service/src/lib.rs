//! The payment service: payment intents, from authorisation to refund.

mod adapters;
mod application;
mod domain;
mod ports;
#[cfg(test)]
mod tests;

use adapters::{
    http,
    journal::translate,
    settings::PaymentSettings,
    signature::SigningKey,
    test_processor::{TestProcessor, WebhookSender},
    unsettled_documents::UnsettledDocuments,
    upkeep::upkeep,
};
use application::{Payments, Resolver};
use journal::Repository;
use kernel::Ids;
use ports::{PaymentId, Processor};
use runtime::{BuildError, Built, Module, Site};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

const NAME: &str = "payment-service";

/// The method whose processor is part of this service.
const TEST: &str = "test";

/// The payment service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "payment intents: authorise, capture, void, refund",
    calls: &[],
    follows: &[],
    settings: Some(settings::Section::of::<PaymentSettings>(NAME)),
    upkeep: |premises| Ok(upkeep(premises)),
    build: |site| Box::pin(std::future::ready(build(&site))),
};

fn build(site: &Site) -> Result<Built, BuildError> {
    let settings: PaymentSettings = site.settings()?;
    let ready = site.health.component(NAME, telemetry::Bearing::Required);
    let journal = Arc::clone(&site.storage.journal);
    let test_key = signing_key(&settings, &site.ids);
    let delay = Duration::from_millis(settings.late_webhook_ms);
    let webhooks = Arc::new(WebhookSender::new(test_key.clone(), delay, site.tasks.clone()));

    let mut processors: BTreeMap<&'static str, Arc<dyn Processor>> = BTreeMap::new();
    if settings.test_payments {
        let test = TestProcessor::new(&settings, site.ids.clone(), Arc::clone(&webhooks));
        processors.insert(TEST, Arc::new(test));
    }
    let in_memory = settings.payments_in_memory_max;
    let payments = Arc::new(Payments {
        repository: Repository::new(Arc::clone(&journal), site.ids.clone(), in_memory),
        processors,
        unsettled: Arc::new(UnsettledDocuments(Arc::clone(&site.storage.documents))),
        ids: site.ids.clone(),
    });
    let resolver = Resolver::new(Arc::clone(&payments), settings.resolve_every());
    let routes = http::routes(http::Desk { payments, test_key })
        .merge(messaging::feed_routes(NAME, journal, translate));
    let tasks = site.tasks.clone();
    let service = web::service(NAME, routes, site.service_parts());
    webhooks.bind(transport::loopback(NAME, service.router.clone()));
    tasks.spawn_until_stop(resolver.run());
    ready.up();
    Ok(Built::described(service))
}

/// The key that webhooks of the test processor are signed with.
fn signing_key(settings: &PaymentSettings, ids: &Ids) -> SigningKey {
    if !settings.webhook_secret.is_empty() {
        return SigningKey::new(settings.webhook_secret.expose());
    }
    // Made anew at each start: then nobody but the processor within this process can sign.
    let random = [ids.next::<PaymentId>(), ids.next::<PaymentId>()];
    SigningKey::new(random.map(|id| id.0.into_bytes()).concat())
}
