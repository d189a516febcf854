//! `icommerce import catalog`: products from files into the shop, with a word about every row.

use super::at::Place;
use crate::{
    cli::{Catalog, ProcessFlags},
    failure::Failure,
    output::print,
};
use catalog_import::{ImportError, ImportOptions, PARALLEL_DEFAULT, import_catalogue};
use kernel::Currency;
use settings::Flag;
use shop_client::{Progress, RetryPolicy};
use std::{process::ExitCode, time::Duration};

pub(crate) fn run(flags: &ProcessFlags, command: Catalog) -> Result<ExitCode, Failure> {
    let currency = Currency::parse(&command.currency)
        .map_err(|error| Failure::usage(format!("--currency: {error}")))?;
    // Who imports a catalogue does not want the demonstration's beside it.
    let own = vec![Flag::new("import", "demo", "false")];
    let retry_policy = RetryPolicy::bulk(Duration::from_secs(command.wait));
    super::at::run(flags, &command.place, own, retry_policy, async move |place: &Place| {
        let options = ImportOptions {
            files: command.files,
            currency,
            parallel: command.parallel.unwrap_or(PARALLEL_DEFAULT),
            report: command.report,
            dry_run: command.dry_run,
        };
        let progress = Progress::on_standard_error();
        print(
            import_catalogue(&options, &place.operator, progress)
                .await
                .map_err(|error| failure(&error))?,
        )?;
        Ok(ExitCode::SUCCESS)
    })
}

fn failure(error: &ImportError) -> Failure {
    match error {
        ImportError::File { .. } | ImportError::MissingHandleColumn { .. } => {
            Failure::missing(error)
        }
        error => Failure::work(error),
    }
}
