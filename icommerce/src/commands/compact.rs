//! `icommerce compact`: compaction of the log of a data folder that no process is serving.

use super::{offline::OfflineShop, worker_runtime};
use crate::{cli::ProcessFlags, error::CliError, output::print, wiring::Compaction};
use std::process::ExitCode;

pub(crate) fn run(flags: &ProcessFlags) -> Result<ExitCode, CliError> {
    let shop = OfflineShop::open(flags)?;
    worker_runtime()?.block_on(async {
        let compacted = shop.compact().await;
        shop.close().await?;
        let Compaction { bytes_before, bytes_after } = compacted?;
        print(format!(
            "full segments of the log: {bytes_before} bytes before, {bytes_after} after"
        ))?;
        Ok(ExitCode::SUCCESS)
    })
}
