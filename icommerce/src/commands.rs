//! Commands of the program, one module each.

mod auth;
mod backup;
mod check;
mod compact;
mod dump;
mod events;
mod import;
mod migrate;
mod move_shop;
mod offline;
mod openapi;
mod person;
mod projected;
mod rebuild;
mod replay;
mod restore;
mod serve;
mod services;
mod settings;
mod target;
#[cfg(feature = "postgres")]
mod transferred;

use crate::{
    cli::{Arguments, Command, Import, Replay},
    error::CliError,
};
use std::process::ExitCode;

/// Dispatches the command.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, CliError> {
    let Arguments { command, process } = arguments;
    match command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(&process),
        Command::Services(flags) => services::run(&process, &flags),
        Command::Settings(flags) => settings::run(&process, &flags),
        Command::Import { what: Import::Catalog(command) } => import::run(&process, command),
        Command::Replay { what: Replay::OnlineRetail(command) } => replay::run(&process, command),
        Command::Rebuild { service } => rebuild::run(&process, service),
        Command::Check => check::run(&process),
        Command::Dump { stream } => dump::run(&process, stream.as_deref()),
        Command::Backup { folder, running } => backup::run(&process, &folder, &running),
        Command::Restore(flags) => restore::run(&process, &flags),
        Command::Compact => compact::run(&process),
        Command::Migrate { dry_run } => migrate::run(&process, dry_run),
        Command::Move(flags) => move_shop::run(&process, &flags),
        Command::Auth { what, target } => auth::run(&process, what, &target),
        Command::Person { what } => person::run(&process, what),
        Command::Events { folder } => events::run(&folder),
        Command::Openapi { edge } => openapi::run(&process, edge),
    }
}

/// Multi-threaded tokio runtime for a command.
fn worker_runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::unavailable(format!("cannot start worker threads: {error}")))
}
