//! The commands, one module each.

mod at;
mod check;
mod closed;
mod events;
mod import;
mod openapi;
mod rebuild;
mod replay;
mod serve;
mod services;
mod settings;

use crate::{
    cli::{Arguments, Command, Import, Replay},
    failure::Failure,
};
use std::process::ExitCode;

/// Runs the command that was asked for.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let Arguments { command, process } = arguments;
    match command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(&process),
        Command::Services => services::run(&process),
        Command::Settings(flags) => settings::run(&process, &flags),
        Command::Import { what: Import::Catalog(command) } => import::run(&process, command),
        Command::Replay { what: Replay::OnlineRetail(command) } => replay::run(&process, command),
        Command::Rebuild { service } => rebuild::run(&process, service),
        Command::Check => check::run(&process),
        Command::Events { folder } => events::run(&folder),
        Command::Openapi { edge } => openapi::run(&process, edge),
    }
}

/// The threads that do the work.
fn worker() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::missing(format!("the operating system gives no threads: {error}"))
    })
}
