//! `icommerce import catalog`: products from files into the shop, with a word about every row.

use super::at::Place;
use crate::{
    cli::{Catalog, ProcessFlags},
    failure::Failure,
    output::print,
};
use catalog_import::{ImportFailure, Options, PARALLEL_DEFAULT, run as import};
use kernel::Currency;
use settings::Flag;
use shop_client::{Patience, Progress};
use std::{process::ExitCode, time::Duration};

pub(crate) fn run(flags: &ProcessFlags, command: Catalog) -> Result<ExitCode, Failure> {
    let currency = Currency::parse(&command.currency)
        .map_err(|error| Failure::usage(format!("--currency: {error}")))?;
    // Who imports a catalogue does not want the demonstration's beside it.
    let own = vec![Flag::new("import", "demo", "false")];
    let patience = Patience::of_bulk(Duration::from_secs(command.wait));
    super::at::run(flags, &command.place, own, patience, async move |place: &Place| {
        let options = Options {
            files: command.files,
            currency,
            parallel: command.parallel.unwrap_or(PARALLEL_DEFAULT),
            report: command.report,
            dry_run: command.dry_run,
        };
        let progress = Progress::on_standard_error();
        print(import(&options, &place.operator, progress).await.map_err(|error| failure(&error))?)?;
        Ok(ExitCode::SUCCESS)
    })
}

fn failure(error: &ImportFailure) -> Failure {
    match error {
        ImportFailure::File { .. } | ImportFailure::NoHandles { .. } => Failure::missing(error),
        error => Failure::work(error),
    }
}
