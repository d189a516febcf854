//! `icommerce check`: invariant checks of a data folder that no process is serving.

mod cross_service;
mod report;
mod service;

use super::{
    offline::{OfflineShop, maintenance},
    worker_runtime,
};
use crate::{cli::ProcessFlags, error::CliError};
use kernel::{Clock, SystemClock};
use report::CheckReport;
use std::process::ExitCode;

pub(crate) fn run(flags: &ProcessFlags) -> Result<ExitCode, CliError> {
    let shop = OfflineShop::with_projections(flags)?;
    worker_runtime()?.block_on(async {
        let checked = check(&shop).await;
        let closed = shop.close().await;
        let report = checked?;
        closed?;
        report.print()
    })
}

async fn check(shop: &OfflineShop) -> Result<CheckReport, CliError> {
    let mut report = CheckReport::default();
    let mut services = Vec::new();
    for module in shop.services()? {
        let offline = shop.offline(module)?;
        let maintenance = maintenance(module, &offline)?;
        services.push(service::ServiceCheck { name: module.name, offline, maintenance });
    }
    for service in &mut services {
        service.check(&mut report).await.map_err(|error| unfinished(&error))?;
    }
    cross_service::check_consumers(&services, &mut report)
        .await
        .map_err(|error| unfinished(&error))?;
    cross_service::reconcile_services(&services, SystemClock.now(), &mut report)
        .await
        .map_err(|error| unfinished(&error))?;
    Ok(report)
}

fn unfinished(error: &storage::StorageError) -> CliError {
    CliError::failed(format!("the check could not be completed: {error}"))
}
