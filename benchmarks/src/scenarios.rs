//! Benchmark scenarios, selected by name.

mod auth;
mod browse;
mod catalogue;
mod checkout;
mod consumer_lag;
mod database_append;
mod flash_sale;
mod fleet;
mod flood;
pub(crate) mod hot_paths;
mod mixed_load;
mod order_lines;
mod registry;
mod scaling;
pub(crate) mod startup;

use crate::{
    backends::BareRows,
    config::RunConfig,
    load_generator::{Measurement, Workload, generate_load},
    numbers::float,
    process::Server,
    recording::Recording,
    report::{LoadModel, Row, ScenarioResult},
};
use clap::builder::{PossibleValue, PossibleValuesParser};
use std::pin::Pin;

/// Future of a running scenario.
type ScenarioFuture = Pin<Box<dyn Future<Output = Result<ScenarioResult, String>>>>;

/// Scenario: name, description, selection and function.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    about: &'static str,
    selection: Selection,
    pub(crate) run: fn(RunConfig) -> ScenarioFuture,
}

/// Selection of a scenario.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Selection {
    /// Run when no scenario is named.
    Default,
    /// Run only by name, because it takes long.
    Explicit,
}

macro_rules! scenario {
    ($name:literal, $selection:ident, $run:path, $about:literal) => {
        Scenario {
            name: $name,
            about: $about,
            selection: Selection::$selection,
            run: |config| Box::pin(async move { $run(config).await.map(ScenarioResult::from) }),
        }
    };
}

const ALL: &[Scenario] = &[
    scenario!(
        "checkout",
        Default,
        checkout::checkout,
        "a checkout of four requests: a cart, two lines, the checkout"
    ),
    scenario!(
        "checkout-2",
        Default,
        checkout::two_requests,
        "a checkout of two requests: a cart with its lines, the checkout"
    ),
    scenario!("order", Default, checkout::order, "an order in one request"),
    scenario!(
        "one-client",
        Default,
        checkout::one_client,
        "the checkout request of a single client"
    ),
    scenario!("hot-sku", Default, checkout::hot_sku, "all clients buy the same SKU"),
    scenario!(
        "variants",
        Default,
        checkout::variants,
        "all clients buy variants of one product that has 2,000"
    ),
    scenario!("lines", Default, order_lines::orders, "orders of 1, 10, 100 and 1,000 lines"),
    scenario!("list", Default, browse::list, "listings of 20 of 100 products, with facets"),
    scenario!("product", Default, browse::product, "product pages of 100 products"),
    scenario!("search", Default, browse::search, "searches in 100 products"),
    scenario!(
        "browse-100k",
        Explicit,
        browse::large,
        "listings, product pages and searches in 100,000 products"
    ),
    scenario!(
        "auth",
        Explicit,
        auth::auth,
        "tokens for programs and people, sign-ins, token checks; beside npm oidc-provider"
    ),
    scenario!("flash-sale", Default, flash_sale::flash, "200 simultaneous buyers of 50 units"),
    scenario!(
        "flood",
        Explicit,
        flood::flood,
        "a page while another address floods the shop; fails if that is felt"
    ),
    scenario!("day", Default, mixed_load::mixture, "mixed load of reads, cart changes and orders"),
    scenario!(
        "start",
        Explicit,
        startup::startup_times,
        "start-up with many orders in the data folder (--orders)"
    ),
    scenario!(
        "lag",
        Default,
        consumer_lag::outbox,
        "consumer lag: from a commit until a read model shows it"
    ),
    scenario!(
        "append",
        Explicit,
        database_append::append,
        "events appended to a journal on PostgreSQL, beside the bare server (--storage postgres)"
    ),
    scenario!(
        "registry",
        Explicit,
        registry::registry,
        "the registry with 10,000 instances: their heartbeats, and polls for changes"
    ),
    scenario!(
        "fleet",
        Explicit,
        fleet::fleet,
        "checkouts with a process for each service, the cost of a hop between two, and lost owners (--storage postgres)"
    ),
    scenario!("clients", Explicit, scaling::clients, "throughput over the number of clients"),
    scenario!("rates", Explicit, scaling::rates, "latency over the arrival rate"),
];

/// Scenario names for the command line.
pub(crate) fn names() -> PossibleValuesParser {
    let value = |scenario: &Scenario| PossibleValue::new(scenario.name).help(scenario.about);
    ALL.iter().map(value).collect::<Vec<_>>().into()
}

/// Scenarios with these names, or the default ones if there are none.
pub(crate) fn selected(names: &[String]) -> impl Iterator<Item = &'static Scenario> {
    ALL.iter().filter(move |scenario| match names {
        [] => scenario.selection == Selection::Default,
        names => names.iter().any(|name| name == scenario.name),
    })
}

/// Runs a workload against this shop, and after its shutdown against the baseline server.
async fn compare_with_baseline<R: Workload + 'static>(
    row: Row,
    config: &RunConfig,
    shop: Server,
    workload: impl Fn() -> R,
) -> Result<Row, String> {
    let measured = generate_load(config, &shop, workload()).await?;
    let recording = Recording::of(&shop.shop, &workload()).await?;
    drop(shop);
    let baseline = generate_load(config, &Server::baseline(&recording)?, workload()).await?;
    let row = row.with_shop(&measured).with_baseline(&baseline);
    beside_bare_rows(row, config, &measured)
}

/// Adds what the shop's database reaches with the same rows in as many commits and nothing else to do, where there is one.
fn beside_bare_rows(row: Row, config: &RunConfig, measured: &Measurement) -> Result<Row, String> {
    let Some(rows) = &measured.rows else { return Ok(row) };
    let engine = measured.engine.as_ref().ok_or("the shop shows no metrics of its engine")?;
    let bare = BareRows::of(rows, engine.flushes, measured.iterations);
    let rate = bare.orders_per_second(&config.program.backends, config.time)?;
    let reached = float(measured.iterations) / measured.took.as_secs_f64();
    let unit = row.unit;
    Ok(row
        .with(format!("commits per {unit}"), bare.commits, "")
        .with(format!("rows per {unit}"), bare.rows, "")
        .with(format!("bytes of the write-ahead log per {unit}"), bare.wal_bytes, "B")
        .with("pgbench with these rows and commits", rate, "/s")
        .with("rate over that of pgbench", reached / rate, "×"))
}

/// Row for a load of this configuration.
fn row(name: &str, unit: &'static str, config: &RunConfig) -> Row {
    let clients = config.clients;
    let load = match config.rate {
        Some(per_second) => LoadModel::Open { per_second, clients },
        None => LoadModel::Closed { clients },
    };
    Row::named(name, unit, load)
}

/// Index below `count` that spreads the iterations of all clients evenly.
fn spread(client: usize, number: u64, count: usize) -> usize {
    let number = usize::try_from(number).unwrap_or(0);
    number.wrapping_mul(7).wrapping_add(client.wrapping_mul(13)) % count.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_scenario_runs_only_by_name() {
        let names = |names_given: &[&str]| -> Vec<_> {
            let names_given: Vec<_> = names_given.iter().map(|name| (*name).to_owned()).collect();
            selected(&names_given).map(|scenario| scenario.name).collect()
        };
        assert!(names(&[]).contains(&"checkout") && !names(&[]).contains(&"start"));
        assert_eq!(names(&["start", "list"]), ["list", "start"]);
    }

    #[test]
    fn iterations_spread_over_all_indexes() {
        let mut seen = [false; 100];
        (0..100).for_each(|number| seen[spread(3, number, 100)] = true);
        assert!(seen.iter().all(|seen| *seen));
        assert_eq!(spread(1, 1, 0), 0);
    }
}
