//! `icommerce import catalog`: product import from files, with a report per row.

use super::target::ShopTarget;
use crate::{
    cli::{Catalog, ProcessFlags},
    error::CliError,
    output::print,
};
use catalog_import::{ImportError, ImportOptions, PARALLEL_DEFAULT, import_catalogue};
use kernel::Currency;
use settings::Flag;
use shop_client::{Progress, RetryPolicy};
use std::{process::ExitCode, time::Duration};

pub(crate) fn run(flags: &ProcessFlags, command: Catalog) -> Result<ExitCode, CliError> {
    let currency = Currency::parse(&command.currency)
        .map_err(|error| CliError::usage(format!("--currency: {error}")))?;
    // A shop with an imported catalogue does not get the demonstration catalogue.
    let own = vec![Flag::new("import", "demo", "false")];
    let retry_policy = RetryPolicy::bulk(Duration::from_secs(command.wait));
    super::target::run(
        flags,
        &command.target,
        own,
        retry_policy,
        async move |target: &ShopTarget| {
            let options = ImportOptions {
                files: command.files,
                currency,
                parallel: command.parallel.unwrap_or(PARALLEL_DEFAULT),
                report: command.report,
                dry_run: command.dry_run,
            };
            let progress = Progress::on_standard_error();
            print(
                import_catalogue(&options, &target.operator, progress)
                    .await
                    .map_err(|error| failure(&error))?,
            )?;
            Ok(ExitCode::SUCCESS)
        },
    )
}

fn failure(error: &ImportError) -> CliError {
    match error {
        ImportError::File { .. } | ImportError::MissingHandleColumn { .. } => {
            CliError::unavailable(error)
        }
        error => CliError::failed(error),
    }
}
