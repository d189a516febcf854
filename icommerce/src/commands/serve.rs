//! `icommerce serve`: serves the shop until SIGTERM or SIGINT.

use super::worker_runtime;
use crate::{
    cli::ProcessFlags,
    demo,
    error::CliError,
    output::print,
    process::{self, ProcessSettings},
    shop::{FLUSH_FAILED, RunningShop},
};
use std::process::ExitCode;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(crate) fn run(flags: &ProcessFlags) -> Result<ExitCode, CliError> {
    let settings = process::settings(flags, Vec::new())?;
    let process: ProcessSettings = settings.top().map_err(CliError::usage)?;
    process.init_logging()?;
    worker_runtime()?.block_on(async {
        // Installed first: a supervisor that reads the addresses may send a signal at once.
        let signals = ShutdownSignals::install()?;
        let shop = RunningShop::start(settings).await?;
        demo::seed_once(&shop, process.demo).await?;
        print_addresses(&shop)?;
        let failed = wait_for_shutdown(&shop, signals).await;
        let stopped = shop.stop().await;
        match failed {
            Some(reason) => Err(CliError::failed(format!("{FLUSH_FAILED} ({reason})"))),
            None => stopped.map(|()| ExitCode::SUCCESS),
        }
    })
}

/// Prints one line per listener to standard output once everything is ready.
fn print_addresses(shop: &RunningShop) -> Result<(), CliError> {
    let lines = [
        ("shop", shop.shop_address),
        ("operator", shop.operator_address),
        ("services", shop.service_address),
        ("status", shop.status_address),
    ];
    for (name, address) in lines {
        if let Some(address) = address {
            print(format_args!("{name:<9} http://{address}"))?;
        }
    }
    Ok(())
}

/// Signals that request a shutdown.
struct ShutdownSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl ShutdownSignals {
    fn install() -> Result<Self, CliError> {
        let unavailable =
            |error| CliError::unavailable(format!("cannot install signal handlers: {error}"));
        let terminate = signal(SignalKind::terminate()).map_err(unavailable)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(unavailable)?;
        Ok(Self { terminate, interrupt })
    }
}

/// Waits for a shutdown signal, or for the log to fail; returns the reason of the failure.
async fn wait_for_shutdown(shop: &RunningShop, mut signals: ShutdownSignals) -> Option<String> {
    tokio::select! {
        _ = signals.terminate.recv() => None,
        _ = signals.interrupt.recv() => None,
        reason = shop.failed() => Some(reason),
    }
}
