//! Bootstrap of a simulated process: the real services, assembled exactly as the binary does, on an engine in memory.

use super::clock::SimulatedClock;
use crate::plan::{CallMode, ShopSettings};
use journal::{DecodeError, RecordedEvent, ServiceStorage};
use kernel::{Ids, Randomness, SeededRandomness};
use runtime::{Module, OverWire, ProcessResources, TaskTracker};
use settings::{Settings, Sources};
use std::{collections::BTreeMap, sync::Arc};
use telemetry::{Health, Metrics};
use transport::{Channel, RequestHandler};

/// Module table, in the order of the binary. Three are listed so that the gateway knows them, and never run: the storefront, which is
/// a client of the public API, like those here, and the auth-server and the notification-service, of which no order needs anything.
static ALL: &[Module] = &[
    audit_service::MODULE,
    auth_server::MODULE,
    inventory_service::MODULE,
    payment_service::MODULE,
    product_service::MODULE,
    shopping_cart_service::MODULE,
    order_service::MODULE,
    notification_service::MODULE,
    storefront::MODULE,
    api_gateway::MODULE,
];

/// The event with its data as JSON.
pub(crate) fn with_json(
    service: &str,
    event: &RecordedEvent,
) -> Result<RecordedEvent, DecodeError> {
    let module = ALL.iter().find(|module| module.name == service);
    let Some(json) = module.and_then(|module| module.events) else { return Ok(event.clone()) };
    let data = Box::<str>::from(json(event)?).into_string().into();
    Ok(RecordedEvent { data, ..event.clone() })
}

/// Secret that webhooks are signed with.
pub(crate) const WEBHOOK_SECRET: &str = "a secret of the simulation";

/// Settings of the simulated shop, as far as they concern these services.
pub(super) fn settings(shop: &ShopSettings, services: &[&str]) -> Result<Settings, String> {
    let set = |key: &str, value: String| (format!("ICOMMERCE_{key}"), value);
    // A cart or an order of a few lines weighs about this much.
    let (cart_bytes, order_bytes) = (shop.in_memory_max * 1_024, shop.in_memory_max * 3_072);
    let mut environment = vec![
        set("ORDER_SERVICE__HOLD_MINUTES", shop.hold_minutes.to_string()),
        set("ORDER_SERVICE__PAYMENT_WAIT_MINUTES", shop.payment_wait_minutes.to_string()),
        set("ORDER_SERVICE__CAPTURE", shop.capture.as_str().to_owned()),
        set("PAYMENT_SERVICE__TEST_PAYMENTS", shop.test_payments.to_string()),
        set("PAYMENT_SERVICE__BANK_DETAILS", "DE02 1203 0000 0000 2020 51".to_owned()),
        set("PAYMENT_SERVICE__SLOW_MS", shop.slow_ms.to_string()),
        set("PAYMENT_SERVICE__UNKNOWN_OUTCOME_MS", shop.unknown_outcome_ms.to_string()),
        set("PAYMENT_SERVICE__LATE_WEBHOOK_MS", shop.late_webhook_ms.to_string()),
        set("PAYMENT_SERVICE__WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned()),
        // So few that they are evicted and loaded again all the time.
        set("ORDER_SERVICE__ORDERS_IN_MEMORY_BYTES_MAX", order_bytes.to_string()),
        set("SHOPPING_CART_SERVICE__CARTS_IN_MEMORY_BYTES_MAX", cart_bytes.to_string()),
        set("PAYMENT_SERVICE__PAYMENTS_IN_MEMORY_MAX", shop.in_memory_max.to_string()),
        set("API_GATEWAY__CLIENT_REQUESTS_PER_SECOND", "0".to_owned()),
        set("API_GATEWAY__OPERATOR_SIGN_IN", "false".to_owned()),
    ];
    environment.extend(shop.others().map(|(key, value)| set(key, value.to_owned())));
    let prefix =
        |service: &&str| format!("ICOMMERCE_{}__", service.replace('-', "_").to_ascii_uppercase());
    let prefixes: Vec<String> = services.iter().map(prefix).collect();
    environment.retain(|(key, _)| prefixes.iter().any(|prefix| key.starts_with(prefix)));
    let sources = Sources { environment, ..Sources::default() };
    let modules = ALL.iter().filter(|module| services.contains(&module.name));
    let sections = modules.filter_map(|module| module.settings).chain([resource_server::SECTION]);
    Settings::load(sections, &sources).map_err(|error| error.to_string())
}

/// Connects to a service that runs in another process.
pub(super) type ConnectFn<'a> =
    dyn Fn(&'static str, &Arc<dyn Randomness>, &Metrics) -> Option<Channel> + Sync + 'a;

/// Storage of a service.
pub(super) type StorageFn<'a> = dyn Fn(&'static str) -> ServiceStorage + Sync + 'a;

/// Inputs of a process that is being built.
pub(super) struct Bootstrap<'a> {
    pub(super) settings: &'a Arc<Settings>,
    pub(super) services: &'static [&'static str],
    pub(super) storage: &'a StorageFn<'a>,
    pub(super) bulk: &'a StorageFn<'a>,
    pub(super) tasks: &'a TaskTracker,
    pub(super) clock: &'a SimulatedClock,
    /// Seed of the randomness of this incarnation.
    pub(super) seed: u64,
    /// Channel to a service that runs elsewhere.
    pub(super) channel: &'a ConnectFn<'a>,
    pub(super) calls: CallMode,
}

/// What calls of contracts within the process go through.
fn over_wire(calls: CallMode, seed: u64) -> Option<OverWire> {
    match calls {
        CallMode::Typed => None,
        CallMode::OverTheWire => Some(Arc::new(|_, channel| channel)),
        CallMode::Chaotic => Some(Arc::new(move |_, channel| transport::chaos(channel, seed))),
    }
}

/// Builds the services of a process.
pub(super) async fn build_services(
    bootstrap: Bootstrap<'_>,
) -> Result<BTreeMap<&'static str, RequestHandler>, String> {
    let Bootstrap { settings, services, storage, bulk, tasks, clock, seed, channel, calls } =
        bootstrap;
    let selected: Vec<&'static Module> =
        ALL.iter().filter(|module| services.contains(&module.name)).collect();
    let randomness: Arc<dyn Randomness> = Arc::new(SeededRandomness::new(seed));
    let ids = Ids::new(Arc::new(clock.clone()), Arc::clone(&randomness));
    let metrics = Metrics::new();
    let resources = ProcessResources {
        settings: Arc::clone(settings),
        storage,
        bulk,
        remote: &|name| channel(name, &randomness, &metrics),
        bus: None,
        over_wire: over_wire(calls, seed),
        ids,
        metrics: metrics.clone(),
        health: Health::new(),
        tasks: tasks.clone(),
        members: Vec::new(),
    };
    let assembled = runtime::assemble(ALL, &selected, resources).await;
    assembled.map(|it| it.routers).map_err(|(name, error)| format!("{name}: {error}"))
}
