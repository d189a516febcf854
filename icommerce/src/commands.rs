//! The commands, one module each.

mod openapi;
mod serve;
mod services;
mod settings;

use crate::{
    cli::{Arguments, Command},
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
        Command::Openapi { edge } => openapi::run(&edge),
    }
}
