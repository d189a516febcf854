//! Fake services behind the pages: a small shop in memory that implements their contracts.

#[path = "accounts.rs"]
mod accounts;
#[path = "carts.rs"]
mod carts;
#[path = "orders.rs"]
mod orders;
#[path = "products.rs"]
mod products;

use axum::{Router, extract::Request, middleware::Next, response::Response};
use engine_memory::MemoryEngine;
use kernel::{Ids, ManualClock, Problem, SeededRandomness, Timestamp};
use runtime::{BuildContext, BuiltService, Module, ProcessResources, TaskTracker, assemble};
use settings::{Flag, Settings, Sources};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use transport::{Context, Edge, RequestHandler};

pub(crate) use accounts::EMAIL;
pub(crate) use products::{LISTS, VIEWS};

/// Current time of the fake services.
pub(crate) const NOW: &str = "2025-11-21T14:32:00Z";

static TABLE: &[Module] = &[
    products::MODULE,
    carts::MODULE,
    orders::MODULE,
    orders::PAYMENTS,
    accounts::MODULE,
    storefront::MODULE,
];

/// Settings of the shop of most tests.
const SETTINGS: &[(&str, &str)] = &[
    ("storefront.name", "Fernleigh"),
    ("storefront.languages", "en,de"),
    ("storefront.return_days", "60"),
    ("storefront.test_payments", "true"),
];

/// Storefront over the fake services, as the gateway would reach it.
pub(crate) async fn shop() -> RequestHandler {
    shop_with(SETTINGS).await
}

/// Storefront over the fake services with these settings.
pub(crate) async fn shop_with(settings: &[(&str, &str)]) -> RequestHandler {
    assembled(TABLE.iter().collect(), settings).await
}

/// Storefront without any service behind it.
pub(crate) async fn shop_without_services() -> RequestHandler {
    let storefront = TABLE.iter().filter(|module| module.name == "storefront");
    assembled(storefront.collect(), SETTINGS).await
}

async fn assembled(selected: Vec<&'static Module>, settings: &[(&str, &str)]) -> RequestHandler {
    // Shops of different tests generate different ids.
    static SHOPS: AtomicU64 = AtomicU64::new(0);
    let seed = SHOPS.fetch_add(1, Ordering::Relaxed);
    let clock = ManualClock::at(NOW.parse::<Timestamp>().unwrap());
    let ids = Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(seed)));
    let engine = MemoryEngine::new();
    let sections = [storefront::MODULE.settings.unwrap()];
    let flags = settings.iter().map(|(key, value)| Flag::new("test", *key, *value)).collect();
    let sources = Sources { flags, ..Sources::default() };
    let settings = Settings::load(sections, &sources).unwrap();
    let resources = ProcessResources {
        settings: Arc::new(settings),
        storage: &|name| engine.service(name),
        bulk: &|name| engine.service(name),
        remote: &|_| None,
        bus: None,
        over_wire: None,
        ids,
        metrics: telemetry::Metrics::default(),
        health: telemetry::Health::default(),
        tasks: TaskTracker::default(),
        members: Vec::new(),
    };
    let assembled = assemble(TABLE, &selected, resources)
        .await
        .map_err(|(name, error)| format!("{name}: {error}"));
    assembled.unwrap().routers.remove("storefront").unwrap()
}

/// Built service with these routes, and the contracts that it has provided.
fn built(context: &BuildContext, router: Router) -> BuiltService {
    let parts = web::ServiceParts { idempotency: None, ..context.service_parts() };
    let router = router.layer(axum::middleware::from_fn(refuse_internal_calls));
    context.serve_with(web::ApiRouter::from(router), parts)
}

/// Layer of every fake service: pages are clients of the public API.
async fn refuse_internal_calls(request: Request, next: Next) -> Response {
    if Context::current_edge() == Edge::Shop {
        return next.run(request).await;
    }
    let title = format!("{} was called as an internal client", request.uri());
    problem_response(Problem::new(403, kernel::codes::FORBIDDEN, title))
}

/// Problem response of a service.
fn problem_response(problem: Problem) -> Response {
    axum::response::IntoResponse::into_response(web::ProblemResponse(problem))
}
