//! `icommerce import catalog`: product import from files, with a report per row.

use super::target::ShopTarget;
use crate::{
    cli::{Catalog, ProcessFlags},
    error::CliError,
    output::print,
};
use catalog_import::{
    FetchedPictures, ImportError, ImportOptions, PARALLEL_DEFAULT, import_catalogue,
    wait_for_pictures,
};
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
            if !options.dry_run {
                let pictures = wait_for_pictures(&target.operator, progress).await;
                let pictures = pictures.map_err(|error| failure(&error))?;
                if pictures != FetchedPictures::default() {
                    print(pictures)?;
                }
            }
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
