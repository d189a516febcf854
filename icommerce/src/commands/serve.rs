//! `icommerce serve`: the shop, until a signal says stop.

use super::worker;
use crate::{
    cli::ProcessFlags,
    demo,
    failure::Failure,
    output::print,
    process::{self, ProcessSettings},
    shop::{LOST, Shop},
};
use std::process::ExitCode;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(crate) fn run(flags: &ProcessFlags) -> Result<ExitCode, Failure> {
    let settings = process::settings(flags, Vec::new())?;
    let process: ProcessSettings = settings.top().map_err(Failure::usage)?;
    process.begin_log()?;
    worker()?.block_on(async {
        // Heard from the beginning: who reads the addresses may send a signal at once.
        let signals = Signals::heard()?;
        let shop = Shop::start(settings).await?;
        demo::plant_once(&shop, process.demo).await?;
        announce(&shop)?;
        let failed = until_stop(&shop, signals).await;
        let stopped = shop.stop().await;
        match failed {
            Some(reason) => Err(Failure::work(format!("{LOST} ({reason})"))),
            None => stopped.map(|()| ExitCode::SUCCESS),
        }
    })
}

/// One line per edge on standard output, once everything is ready.
fn announce(shop: &Shop) -> Result<(), Failure> {
    let lines = [("shop", shop.buyers), ("operator", shop.operators), ("services", shop.services)];
    for (name, address) in lines {
        if let Some(address) = address {
            print(format_args!("{name:<9} http://{address}"))?;
        }
    }
    Ok(())
}

/// The signals that ask for a stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn heard() -> Result<Self, Failure> {
        let unheard = |error| Failure::missing(format!("signals cannot be heard: {error}"));
        let terminate = signal(SignalKind::terminate()).map_err(unheard)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(unheard)?;
        Ok(Self { terminate, interrupt })
    }
}

/// Waits for a signal, or for the log to fail; says why it failed.
async fn until_stop(shop: &Shop, mut signals: Signals) -> Option<String> {
    tokio::select! {
        _ = signals.terminate.recv() => None,
        _ = signals.interrupt.recv() => None,
        reason = shop.failed() => Some(reason),
    }
}
