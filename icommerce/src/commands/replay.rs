//! `icommerce replay online-retail`: replay of a real shop's invoices through the public API, with a reconciliation.

use super::target::{Purpose, ShopTarget};
use crate::{
    cli::{OnlineRetail, ProcessFlags},
    error::CliError,
    output::print,
};
use online_retail::{ProgressLogError, ReplayError, ReplayOptions, replay};
use settings::Flag;
use shop_client::{Progress, RetryPolicy};
use std::process::ExitCode;

pub(crate) fn run(flags: &ProcessFlags, command: OnlineRetail) -> Result<ExitCode, CliError> {
    // A shop started for the replay accepts test payments, and delivers without a charge.
    let method = format!("[\"{}|As invoiced|*:0|1-1|\"]", online_retail::SHIPPING_METHOD);
    let own = [
        Flag::new("replay", "payment-service.test_payments", "true"),
        Flag::new("replay", "shopping-cart-service.shipping_methods", method),
    ];
    super::target::run(
        flags,
        &command.target,
        own.to_vec(),
        RetryPolicy::default(),
        Purpose::Fill,
        async move |target: &ShopTarget| {
            let options = ReplayOptions {
                files: command.files,
                parallel: command.parallel.unwrap_or(online_retail::PARALLEL_DEFAULT),
                rate: command.rate,
                report: command.report,
                progress_file: target
                    .data
                    .as_ref()
                    .map(|data| data.join("replay-online-retail.progress")),
            };
            let progress = Progress::on_standard_error();
            let balance = replay(&options, &target.shop, &target.operator, progress)
                .await
                .map_err(failure)?;
            print(&balance)?;
            if balance.orders == 0 {
                return Err(CliError::failed(
                    "no invoice of the files is an order; nothing was replayed",
                ));
            }
            Ok(if balance.is_balanced { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        },
    )
}

fn failure(error: ReplayError) -> CliError {
    match error {
        ReplayError::File(_) | ReplayError::ProgressLog(ProgressLogError { .. }) => {
            CliError::unavailable(error)
        }
        error => CliError::failed(error),
    }
}
