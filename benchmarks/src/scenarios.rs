//! What is measured.

mod browse;
mod buy;
mod catalogue;
mod curves;
mod day;
mod lag;
mod lines;
pub(crate) mod paths;
mod sale;
mod start;

use crate::{
    Setup,
    load::{Round, load},
    process::Server,
    report::{Findings, Load, Row},
};
use clap::builder::{PossibleValue, PossibleValuesParser};
use std::pin::Pin;

/// A running scenario.
type Running = Pin<Box<dyn Future<Output = Result<Findings, String>>>>;

/// A scenario: its name, what it does, when it is run, and how.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    about: &'static str,
    when: When,
    pub(crate) run: fn(Setup) -> Running,
}

/// When a scenario is run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// Whenever none is named.
    Always,
    /// Only when it is named: it takes long.
    Asked,
}

macro_rules! scenario {
    ($name:literal, $when:ident, $run:path, $about:literal) => {
        Scenario {
            name: $name,
            about: $about,
            when: When::$when,
            run: |setup| Box::pin(async move { $run(setup).await.map(Findings::from) }),
        }
    };
}

const ALL: &[Scenario] = &[
    scenario!("checkout", Always, buy::checkout, "a cart, two lines, a checkout: four requests"),
    scenario!("checkout-2", Always, buy::two_requests, "a cart with its lines, a checkout"),
    scenario!("order", Always, buy::order, "an order of one request"),
    scenario!(
        "one-client",
        Always,
        buy::one_client,
        "the checkout request when nobody else is there"
    ),
    scenario!("hot-sku", Always, buy::hot_sku, "everybody buys the same article"),
    scenario!(
        "variants",
        Always,
        buy::variants,
        "everybody buys a variant of one product of 2,000"
    ),
    scenario!("lines", Always, lines::orders, "orders of 1, 10, 100 and 1,000 lines"),
    scenario!("list", Always, browse::list, "lists of 20 of 100 products, with facets"),
    scenario!("product", Always, browse::product, "product pages of 100 products"),
    scenario!("search", Always, browse::search, "searches of words in 100 products"),
    scenario!("browse-100k", Asked, browse::large, "list, product and search at 100,000 products"),
    scenario!("flash-sale", Always, sale::flash, "200 buyers for 50 units at once"),
    scenario!("day", Always, day::mixture, "reads, cart changes and orders as in a real shop"),
    scenario!("start", Asked, start::filled, "start on a folder of so many orders (--orders)"),
    scenario!("lag", Always, lag::outbox, "from a commit to what a consumer of its event shows"),
    scenario!("clients", Asked, curves::clients, "throughput over clients"),
    scenario!("rates", Asked, curves::rates, "latency over load"),
];

/// The names, for the command line.
pub(crate) fn names() -> PossibleValuesParser {
    let value = |scenario: &Scenario| PossibleValue::new(scenario.name).help(scenario.about);
    ALL.iter().map(value).collect::<Vec<_>>().into()
}

/// Those that were named, or all that do not have to be.
pub(crate) fn chosen(names: &[String]) -> impl Iterator<Item = &'static Scenario> {
    ALL.iter().filter(move |scenario| match names {
        [] => scenario.when == When::Always,
        names => names.iter().any(|name| name == scenario.name),
    })
}

/// Runs a round against this shop, ends it, and runs the same against constant answers.
async fn compared<R: Round + 'static>(
    row: Row,
    setup: &Setup,
    shop: Server,
    round: impl Fn() -> R,
) -> Result<Row, String> {
    let measured = load(setup, &shop, round()).await?;
    drop(shop);
    let bare = load(setup, &Server::constant()?, round()).await?;
    Ok(row.shop(&measured).beside(&bare))
}

/// A row for a load of this setup.
fn row(name: &str, unit: &'static str, setup: &Setup) -> Row {
    let clients = setup.clients;
    let load = match setup.rate {
        Some(per_second) => Load::Open { per_second, clients },
        None => Load::Closed { clients },
    };
    Row::named(name, unit, load)
}

/// A number that is below `count`, and other for each round of each client.
fn turn(client: usize, number: u64, count: usize) -> usize {
    let number = usize::try_from(number).unwrap_or(0);
    number.wrapping_mul(7).wrapping_add(client.wrapping_mul(13)) % count.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_runs_only_when_it_is_named() {
        let names = |asked: &[&str]| -> Vec<_> {
            let asked: Vec<_> = asked.iter().map(|name| (*name).to_owned()).collect();
            chosen(&asked).map(|scenario| scenario.name).collect()
        };
        assert!(names(&[]).contains(&"checkout") && !names(&[]).contains(&"start"));
        assert_eq!(names(&["start", "list"]), ["list", "start"]);
    }

    #[test]
    fn everybody_gets_a_turn_at_everything() {
        let mut seen = [false; 100];
        (0..100).for_each(|number| seen[turn(3, number, 100)] = true);
        assert!(seen.iter().all(|seen| *seen));
        assert_eq!(turn(1, 1, 0), 0);
    }
}
