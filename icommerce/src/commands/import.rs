//! `icommerce import catalog`: product import from files, with a report per row.

use super::target::{Purpose, ShopTarget};
use crate::{
    cli::{Catalog, DecimalName, ProcessFlags},
    error::CliError,
    output::print,
};
use catalog_import::{
    DecimalSeparator, FetchedPictures, ImportError, ImportOptions, Mapping, PARALLEL_DEFAULT,
    Summary, import_catalogue, wait_for_pictures,
};
use kernel::{Clock, Currency, SystemClock};
use shop_client::{Progress, RetryPolicy};
use std::{process::ExitCode, time::Duration};

const INTERRUPTED: &str =
    "interrupted; what was imported stays imported, and the same command again goes on";

pub(crate) fn run(flags: &ProcessFlags, command: Catalog) -> Result<ExitCode, CliError> {
    let currency = command.currency.as_deref().map(Currency::parse).transpose();
    let options = ImportOptions {
        files: command.files,
        columns: Mapping::load(&command.columns)
            .map_err(|error| CliError::usage(format!("--columns: {error}")))?,
        currency: currency.map_err(|error| CliError::usage(format!("--currency: {error}")))?,
        decimal: command.decimal.map(|decimal| match decimal {
            DecimalName::Point => DecimalSeparator::Point,
            DecimalName::Comma => DecimalSeparator::Comma,
        }),
        uncounted_stock: command.uncounted_stock,
        parallel: command.parallel.unwrap_or(PARALLEL_DEFAULT),
        report: command.report,
        dry_run: command.dry_run,
        now: SystemClock.now(),
    };
    let purpose = if command.dry_run { Purpose::Look } else { Purpose::Fill };
    let own = Vec::new();
    let retry_policy = RetryPolicy::bulk(Duration::from_secs(command.wait));
    super::target::run(
        flags,
        &command.target,
        own,
        retry_policy,
        purpose,
        async move |target: &ShopTarget| {
            let progress = Progress::on_standard_error();
            let interrupted = async {
                // Without a handler for the signal there is nothing to wait for.
                if tokio::signal::ctrl_c().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            let summary = tokio::select! {
                // First, so that no request is sent before the signal has its handler.
                biased;
                () = interrupted => return Err(CliError::failed(INTERRUPTED)),
                imported = import_catalogue(&options, &target.operator, progress) => {
                    imported.map_err(|error| failure(&error))?
                }
            };
            print(summary)?;
            if !options.dry_run {
                let pictures = wait_for_pictures(&target.operator, progress).await;
                let pictures = pictures.map_err(|error| failure(&error))?;
                if pictures != FetchedPictures::default() {
                    print(pictures)?;
                }
            }
            outcome(&summary)
        },
    )
}

/// Success if any row is in the shop: what was rejected is in the report.
fn outcome(summary: &Summary) -> Result<ExitCode, CliError> {
    match (summary.is_in_vain(), summary.rows) {
        (false, _) => Ok(ExitCode::SUCCESS),
        (true, 0) => Err(CliError::failed("the files have no products; nothing was imported")),
        (true, rows) => Err(CliError::failed(format!(
            "none of the {rows} rows could be imported; --report tells why"
        ))),
    }
}

fn failure(error: &ImportError) -> CliError {
    match error {
        ImportError::File { .. } | ImportError::NoProducts { .. } | ImportError::Report { .. } => {
            CliError::unavailable(error)
        }
        ImportError::MissingColumn { .. }
        | ImportError::AmbiguousNumber { .. }
        | ImportError::OtherCurrency { .. }
        | ImportError::UnknownCurrency => CliError::usage(error),
        error @ ImportError::Shop(_) => CliError::failed(error),
    }
}
