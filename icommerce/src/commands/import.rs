//! `icommerce import catalog`: product import from files, with a report per row.

use super::target::ShopTarget;
use crate::{
    cli::{Catalog, ProcessFlags},
    error::CliError,
    output::print,
};
use catalog_import::{ImportFailure, Options, PARALLEL_DEFAULT, run as import};
use kernel::Currency;
use settings::Flag;
use shop_client::{Patience, Progress};
use std::{process::ExitCode, time::Duration};

pub(crate) fn run(flags: &ProcessFlags, command: Catalog) -> Result<ExitCode, CliError> {
    let currency = Currency::parse(&command.currency)
        .map_err(|error| CliError::usage(format!("--currency: {error}")))?;
    // A shop with an imported catalogue does not get the demonstration catalogue.
    let own = vec![Flag::new("import", "demo", "false")];
    let retry_policy = Patience::of_bulk(Duration::from_secs(command.wait));
    super::target::run(
        flags,
        &command.target,
        own,
        retry_policy,
        async move |target: &ShopTarget| {
            let options = Options {
                files: command.files,
                currency,
                parallel: command.parallel.unwrap_or(PARALLEL_DEFAULT),
                report: command.report,
                dry_run: command.dry_run,
            };
            let progress = Progress::on_standard_error();
            print(
                import(&options, &target.operator, progress)
                    .await
                    .map_err(|error| failure(&error))?,
            )?;
            Ok(ExitCode::SUCCESS)
        },
    )
}

fn failure(error: &ImportFailure) -> CliError {
    match error {
        ImportFailure::File { .. } | ImportFailure::NoHandles { .. } => {
            CliError::unavailable(error)
        }
        error => CliError::failed(error),
    }
}
