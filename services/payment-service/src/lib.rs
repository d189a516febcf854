//! Payment service: payment intents, from authorisation to refund.

mod adapters;
mod application;
mod domain;
mod ports;
#[cfg(test)]
mod tests;

use adapters::unsettled_documents::UNSETTLED;
use adapters::{
    bank_transfer::BankTransfer,
    contract::PaymentsProvider,
    http,
    journal::translate,
    maintenance::maintenance,
    settings::PaymentSettings,
    signature::SigningKey,
    test_processor::{TestProcessor, WebhookSender},
    unsettled_documents::UnsettledDocuments,
};
use application::{Payments, Reconciler};
use contracts::payment;
use journal::Repository;
use ports::Processor;
use runtime::{BuildContext, BuildError, BuiltService, Module};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

const NAME: &str = payment::SERVICE;

/// Payment method of the test processor.
const TEST: &str = "test";

/// Module of the payment service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "payment intents: authorise, capture, void, refund",
    calls: &[],
    follows: &[],
    instances: runtime::InstanceModel::OneActive,
    settings: Some(settings::Section::of::<PaymentSettings>(NAME)),
    events: Some(::journal::event_json::<domain::PaymentEvent>),
    plaintext: None,
    collections: &[&UNSETTLED],
    projected: &[],
    maintenance: |offline| Ok(maintenance(offline)),
    build: |context| Box::pin(std::future::ready(build(&context))),
};

fn build(context: &BuildContext) -> Result<BuiltService, BuildError> {
    let settings: PaymentSettings = context.settings()?;
    let test_key = SigningKey::configured(&settings.webhook_secret, &context.ids);
    let delay = Duration::from_millis(settings.late_webhook_ms);
    let webhooks = Arc::new(WebhookSender::new(test_key.clone(), delay, context.tasks.clone()));

    let mut processors: BTreeMap<&'static str, Arc<dyn Processor>> = BTreeMap::new();
    // All of them, whatever is offered: payments that exist need theirs.
    let test = TestProcessor::new(&settings, context.ids.clone(), Arc::clone(&webhooks));
    processors.insert(TEST, Arc::new(test));
    processors.insert(payment::PREPAYMENT, Arc::new(BankTransfer));
    processors.insert(payment::INVOICE, Arc::new(BankTransfer));
    let in_memory = settings.payments_in_memory_max;
    let payments = Arc::new(Payments {
        repository: Repository::new(context.journal(), context.ids.clone(), in_memory),
        processors,
        offers: settings.offers().map_err(BuildError::Other)?,
        unsettled: Arc::new(UnsettledDocuments(Arc::clone(&context.storage.documents))),
        ids: context.ids.clone(),
    });
    let provider = PaymentsProvider(Arc::clone(&payments));
    #[cfg(feature = "defects")]
    let provider = adapters::defects::DefectivePayments(provider);
    context.provide::<dyn payment::Payments>(Arc::new(provider))?;
    context.provide_feed(translate)?;
    let service =
        context.serve(http::routes(http::AppState { payments: Arc::clone(&payments), test_key }));
    #[cfg(feature = "defects")]
    let service = adapters::defects::plant_in_routes(service, Arc::clone(&payments));
    webhooks.bind(transport::loopback(NAME, service.routes.router.clone()));
    let reconciler = Reconciler::new(payments, settings.reconcile_limits());
    context.tasks.spawn_until_shutdown(reconciler.run());
    Ok(service)
}
