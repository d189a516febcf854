//! What is measured.

mod browse;
mod buy;

use crate::{Setup, report::Row};
use clap::builder::PossibleValuesParser;
use std::pin::Pin;

/// A running scenario.
type Running = Pin<Box<dyn Future<Output = Result<Row, String>>>>;

/// A scenario: its name, and how it is run.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) run: fn(Setup) -> Running,
}

const ALL: &[Scenario] = &[
    Scenario { name: "checkout", run: |setup| Box::pin(buy::checkout(setup)) },
    Scenario { name: "order", run: |setup| Box::pin(buy::order(setup)) },
    Scenario { name: "one-client", run: |setup| Box::pin(buy::one_client(setup)) },
    Scenario { name: "hot-sku", run: |setup| Box::pin(buy::hot_sku(setup)) },
    Scenario { name: "list", run: |setup| Box::pin(browse::list(setup)) },
    Scenario { name: "product", run: |setup| Box::pin(browse::product(setup)) },
];

/// The names, for the command line.
pub(crate) fn names() -> PossibleValuesParser {
    ALL.iter().map(|scenario| scenario.name).collect::<Vec<_>>().into()
}

/// Those that were named, or all.
pub(crate) fn chosen(names: &[String]) -> impl Iterator<Item = &'static Scenario> {
    ALL.iter()
        .filter(move |scenario| names.is_empty() || names.iter().any(|name| name == scenario.name))
}
