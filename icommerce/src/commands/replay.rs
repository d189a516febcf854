//! `icommerce replay online-retail`: a real shop's invoices through the public API, and whether the books balance.

use super::at::Place;
use crate::{
    cli::{OnlineRetail, ProcessFlags},
    failure::Failure,
    output::print,
};
use online_retail::{ProgressLogError, ReplayError, ReplayOptions, replay};
use settings::Flag;
use shop_client::{Progress, RetryPolicy};
use std::process::ExitCode;

pub(crate) fn run(flags: &ProcessFlags, command: OnlineRetail) -> Result<ExitCode, Failure> {
    // A shop of its own for the replay takes the payments a replay has to offer, and has no other goods.
    let own = [
        Flag::new("replay", "demo", "false"),
        Flag::new("replay", "payment-service.test_payments", "true"),
    ];
    super::at::run(
        flags,
        &command.place,
        own.to_vec(),
        RetryPolicy::default(),
        async move |place: &Place| {
            let options = ReplayOptions {
                files: command.files,
                parallel: command.parallel.unwrap_or(online_retail::PARALLEL_DEFAULT),
                rate: command.rate,
                report: command.report,
                progress_file: place
                    .data
                    .as_ref()
                    .map(|data| data.join("replay-online-retail.progress")),
            };
            let progress = Progress::on_standard_error();
            let balance =
                replay(&options, &place.shop, &place.operator, progress).await.map_err(failure)?;
            print(&balance)?;
            Ok(if balance.is_balanced { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        },
    )
}

fn failure(error: ReplayError) -> Failure {
    match error {
        ReplayError::File(_) | ReplayError::ProgressLog(ProgressLogError { .. }) => {
            Failure::missing(error)
        }
        error => Failure::work(error),
    }
}
