//! `icommerce check`: what has to be true of a data folder, looked at while nobody serves it.

mod between;
mod report;
mod service;

use super::{
    closed::{Closed, maintenance, selected},
    worker,
};
use crate::{cli::ProcessFlags, failure::Failure};
use kernel::{Clock, SystemClock};
use report::Report;
use std::process::ExitCode;

pub(crate) fn run(flags: &ProcessFlags) -> Result<ExitCode, Failure> {
    let closed = Closed::open(flags)?;
    worker()?.block_on(async {
        let checked = check(&closed).await;
        let closed = closed.close().await;
        let report = checked?;
        closed?;
        report.print()
    })
}

async fn check(closed: &Closed) -> Result<Report, Failure> {
    let mut report = Report::default();
    let mut services = Vec::new();
    for module in selected(&closed.process.services)? {
        let offline = closed.offline(module);
        let maintenance = maintenance(module, &offline)?;
        services.push(service::Checked { name: module.name, offline, maintenance });
    }
    for service in &mut services {
        service.check(&mut report).await.map_err(|error| unfinished(&error))?;
    }
    between::followers(&services, &mut report).await.map_err(|error| unfinished(&error))?;
    between::books(&services, SystemClock.now(), &mut report)
        .await
        .map_err(|error| unfinished(&error))?;
    Ok(report)
}

fn unfinished(error: &storage::StorageError) -> Failure {
    Failure::work(format!("the check could not go on: {error}"))
}
