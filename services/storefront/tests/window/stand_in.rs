//! Stands in for the services behind the pages: a small shop in memory that keeps their contracts.

#[path = "carts.rs"]
mod carts;
#[path = "goods.rs"]
mod goods;
#[path = "orders.rs"]
mod orders;

use axum::Router;
use engine_memory::MemoryEngine;
use kernel::{Ids, ManualClock, Problem, SeededRandomness, Timestamp};
use runtime::{BuiltService, Module, ProcessResources, TaskTracker, assemble};
use settings::{Flag, Settings, Sources};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

pub(crate) use goods::VIEWS;

/// When everything happens.
pub(crate) const NOW: &str = "2025-11-21T14:32:00Z";

static TABLE: &[Module] =
    &[goods::MODULE, carts::MODULE, orders::MODULE, orders::PAYMENTS, storefront::MODULE];

/// The storefront over the stand-ins, as the gateway would reach it.
pub(crate) async fn shop() -> Router {
    assembled(TABLE.iter().collect()).await
}

/// The storefront with nobody behind it.
pub(crate) async fn empty_shop() -> Router {
    assembled(TABLE.iter().filter(|module| module.name == "storefront").collect()).await
}

async fn assembled(selected: Vec<&'static Module>) -> Router {
    // Shops that run side by side give out ids of their own.
    static SHOPS: AtomicU64 = AtomicU64::new(0);
    let seed = SHOPS.fetch_add(1, Ordering::Relaxed);
    let clock = ManualClock::at(NOW.parse::<Timestamp>().unwrap());
    let ids = Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(seed)));
    let engine = MemoryEngine::new();
    let sections = [storefront::MODULE.settings.unwrap()];
    let flags = vec![Flag::new("test", "storefront.test_payments", "true")];
    let sources = Sources { flags, ..Sources::default() };
    let settings = Settings::load(sections, &sources).unwrap();
    let materials = ProcessResources {
        settings: Arc::new(settings),
        storage: &|name| engine.service(name),
        bulk: &|name| engine.service(name),
        remote: &|_| None,
        ids,
        metrics: telemetry::Metrics::default(),
        health: telemetry::Health::default(),
        tasks: TaskTracker::default(),
    };
    let assembled = assemble(TABLE, &selected, materials)
        .await
        .map_err(|(name, error)| format!("{name}: {error}"));
    assembled.unwrap().routers.remove("storefront").unwrap()
}

/// A built service of these routes.
fn built(router: Router) -> BuiltService {
    BuiltService::documented(web::ServiceRouter {
        router,
        description: web::ApiDescription::default(),
    })
}

/// A refusal as services answer it.
fn refused(problem: Problem) -> axum::response::Response {
    axum::response::IntoResponse::into_response(web::ProblemResponse(problem))
}
