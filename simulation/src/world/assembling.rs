//! Puts a process together from the real services, exactly as the binary does, on its simulated engine.

use super::{Process, World};
use crate::plan::Terms;
use axum::Router;
use engine_memory::MemoryEngine;
use kernel::{Ids, Randomness, SeededRandomness};
use runtime::{Module, ProcessResources, TaskTracker};
use settings::{Settings, Sources};
use std::{collections::BTreeMap, sync::Arc};
use telemetry::{Health, Metrics};

/// All services, in the order of the binary's table. Pages are made by the storefront, a client of the public API
/// like those here; it is named so that the gateway knows it, and never runs.
static ALL: &[Module] = &[
    audit_service::MODULE,
    inventory_service::MODULE,
    payment_service::MODULE,
    product_service::MODULE,
    shopping_cart_service::MODULE,
    order_service::MODULE,
    storefront::MODULE,
    api_gateway::MODULE,
];

/// What webhooks are signed with.
pub(crate) const WEBHOOK_SECRET: &str = "a secret of the simulation";

/// The settings of the simulated shop.
pub(super) fn settings(terms: &Terms) -> Result<Settings, String> {
    let set = |key: &str, value: String| (format!("ICOMMERCE_{key}"), value);
    let environment = vec![
        set("ORDER_SERVICE__HOLD_MINUTES", terms.hold_minutes.to_string()),
        set("ORDER_SERVICE__PAYMENT_WAIT_MINUTES", terms.payment_wait_minutes.to_string()),
        set("ORDER_SERVICE__CAPTURE", terms.capture.word().to_owned()),
        set("PAYMENT_SERVICE__TEST_PAYMENTS", "true".to_owned()),
        set("PAYMENT_SERVICE__SLOW_MS", terms.slow_ms.to_string()),
        set("PAYMENT_SERVICE__UNKNOWN_OUTCOME_MS", terms.unknown_outcome_ms.to_string()),
        set("PAYMENT_SERVICE__LATE_WEBHOOK_MS", terms.late_webhook_ms.to_string()),
        set("PAYMENT_SERVICE__RESOLVE_EVERY_MS", "2000".to_owned()),
        set("PAYMENT_SERVICE__WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned()),
        // So few that they are forgotten and read again all the time.
        set("ORDER_SERVICE__ORDERS_IN_MEMORY_MAX", terms.kept_in_memory.to_string()),
        set("SHOPPING_CART_SERVICE__CARTS_IN_MEMORY_MAX", terms.kept_in_memory.to_string()),
        set("PAYMENT_SERVICE__PAYMENTS_IN_MEMORY_MAX", terms.kept_in_memory.to_string()),
        set("API_GATEWAY__CLIENT_REQUESTS_PER_SECOND", "0".to_owned()),
    ];
    let sources = Sources { environment, ..Sources::default() };
    let sections = ALL.iter().filter_map(|module| module.settings);
    Settings::load(sections, &sources).map_err(|error| error.to_string())
}

/// Builds the services of a process.
pub(super) async fn assemble(
    world: &Arc<World>,
    process: &Arc<Process>,
    engine: &MemoryEngine,
    tasks: &TaskTracker,
    life: u64,
) -> Result<BTreeMap<&'static str, Router>, String> {
    let selected: Vec<&'static Module> =
        ALL.iter().filter(|module| process.runs(module.name)).collect();
    let seed = process.luck.lock().next();
    let randomness: Arc<dyn Randomness> = Arc::new(SeededRandomness::new(seed));
    let ids = Ids::new(Arc::new(process.clock.clone()), Arc::clone(&randomness));
    let metrics = Metrics::new();
    let materials = ProcessResources {
        settings: Arc::clone(&world.settings),
        storage: &|name| engine.service(name),
        bulk: &|name| engine.bulk(name),
        remote: &|name| world.way_to(process, life, name, &randomness, &metrics),
        ids,
        metrics: metrics.clone(),
        health: Health::new(),
        tasks: tasks.clone(),
    };
    let assembled = runtime::assemble(ALL, &selected, materials).await;
    assembled.map(|it| it.routers).map_err(|(name, error)| format!("{name}: {error}"))
}
