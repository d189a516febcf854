//! `icommerce serve`: serves the shop until SIGTERM or SIGINT.

use super::worker_runtime;
use crate::{
    cli::ProcessFlags,
    demo,
    error::CliError,
    listeners::Listeners,
    output::{LINE_COLUMNS, print, wrapped},
    ownership::{HeldLease, Start},
    process::{self, ProcessSettings},
    shop::{RunningShop, ShopFailure},
};
use auth_server::Administration;
use settings::Settings;
use std::{
    error::Error,
    io::{IsTerminal, Write},
    process::ExitCode,
};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(crate) fn run(flags: &ProcessFlags) -> Result<ExitCode, CliError> {
    let settings = process::settings(flags, Vec::new())?;
    let process: ProcessSettings = settings.top().map_err(CliError::usage)?;
    process.init_logging()?;
    worker_runtime()?.block_on(async {
        // Installed first: a supervisor that reads the addresses may send a signal at once.
        let mut signals = ShutdownSignals::install()?;
        let listeners = Listeners::of(&settings).await?;
        // A process whose place another one has taken stands by for that one.
        let mut start = Start::First;
        while serve_once(&settings, &listeners, start, &mut signals).await? == ServeEnd::Superseded
        {
            tracing::warn!("another process owns the services now; this one stands by");
            start = Start::Again;
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Why a shop has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ServeEnd {
    /// It was asked to.
    Asked,
    /// Another process with the same services owns them now.
    Superseded,
}

/// Serves the shop until it is to stop or another process has its place.
async fn serve_once(
    settings: &Settings,
    listeners: &Listeners,
    start: Start,
    signals: &mut ShutdownSignals,
) -> Result<ServeEnd, CliError> {
    let process: ProcessSettings = settings.top().map_err(CliError::usage)?;
    let held = HeldLease::default();
    let listeners = listeners.try_clone()?;
    let started = tokio::select! {
        biased;
        () = signals.received() => None,
        shop = RunningShop::start_at(settings.clone(), listeners, (start, &held)) => Some(shop),
    };
    let shop = match started {
        Some(Ok(shop)) => shop,
        not_started => {
            held.release().await;
            return not_started
                .map_or(Ok(ServeEnd::Asked), |failed| failed.map(|_| ServeEnd::Asked));
        }
    };
    let ended = serve_started(&shop, &process, signals).await;
    let stopped = shop.stop().await;
    let ended = ended?;
    if ended == ServeEnd::Asked {
        stopped?;
    }
    Ok(ended)
}

async fn serve_started(
    shop: &RunningShop,
    process: &ProcessSettings,
    signals: &mut ShutdownSignals,
) -> Result<ServeEnd, CliError> {
    let prepared = tokio::select! {
        biased;
        // It says more than the write that it made fail.
        failure = shop.failed() => return ended_by(shop, failure),
        prepared = prepare(shop, process.demo) => prepared,
    };
    prepared?;
    print_addresses(shop, process)?;
    if let Err(error) = print_operator_link(shop).await {
        tracing::warn!(%error, "no link for the first operator could be made");
    }
    if shop.has_test_payments {
        tracing::warn!("test payments are accepted: orders can be placed without money");
    }
    tokio::select! {
        () = signals.received() => Ok(ServeEnd::Asked),
        failure = shop.failed() => ended_by(shop, failure),
    }
}

/// What follows from a failure: where several processes share the services, another owner is none.
fn ended_by(shop: &RunningShop, failure: ShopFailure) -> Result<ServeEnd, CliError> {
    match failure {
        ShopFailure::Superseded if shop.is_leased() => Ok(ServeEnd::Superseded),
        failure => Err(CliError::failed(failure)),
    }
}

/// First writes of a shop.
async fn prepare(shop: &RunningShop, is_demo: bool) -> Result<(), CliError> {
    demo::seed_once(shop, is_demo).await?;
    shop.remember_issuer().await
}

/// Prints one line per listener to standard output once everything is ready. On a terminal, a sentence comes first, and a
/// word on what is at each address.
fn print_addresses(shop: &RunningShop, process: &ProcessSettings) -> Result<(), CliError> {
    let is_terminal = std::io::stdout().is_terminal();
    if is_terminal {
        print(introduction(shop, process))?;
    }
    let lines = [
        ("shop", shop.shop_address, "the shop's pages, and its API at /docs"),
        ("operator", shop.operator_address, "for those who run the shop"),
        ("auth", shop.provider_address, "accounts: sign-in, and tokens for programs"),
        ("services", shop.service_address, "for the other processes of the shop"),
        (
            "registry",
            shop.registry_address,
            "who runs where: its page, and its protocol at /eureka",
        ),
        ("status", shop.status_address, "health and metrics"),
    ];
    for (name, address, what) in lines {
        let Some(address) = address else { continue };
        let address = address.to_string();
        if is_terminal {
            print(format_args!("{name:<9} {address:<23} {what}"))?;
        } else {
            print(format_args!("{name:<9} {address}"))?;
        }
    }
    if is_terminal { print("") } else { Ok(()) }
}

/// Prints the one-time link by which the first operator sets up an account, as long as nobody has one. Only a terminal shows it to a person
/// alone; elsewhere none is made, and `icommerce auth user add` is the way.
async fn print_operator_link(shop: &RunningShop) -> Result<(), Box<dyn Error>> {
    let Some(context) = shop.context_of(auth_server::MODULE.name) else { return Ok(()) };
    if !std::io::stdout().is_terminal() {
        return Ok(());
    }
    let administration = Administration::open(&context, shop.ids()).await?;
    match administration.first_operator().await? {
        Some(link) => {
            let text = "Nobody has an account to run this shop yet. This link sets one up, once, within a day:";
            let text = wrapped(text, LINE_COLUMNS, "");
            Ok(writeln!(std::io::stdout(), "{text}\n{link}\n")?)
        }
        None => Ok(()),
    }
}

fn introduction(shop: &RunningShop, process: &ProcessSettings) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let demo = if process.demo && shop.has_storage() { ", as a demonstration" } else { "" };
    let data = if shop.has_storage() {
        format!(", with its data in {}", process.data.display())
    } else {
        String::new()
    };
    let text = format!("iCommerce {version} is running{demo}{data}. Ctrl+C stops it.");
    wrapped(&text, LINE_COLUMNS, "") + "\n"
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

    /// Completes when one arrives.
    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
