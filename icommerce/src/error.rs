//! Error of a command: one message on standard error, and an exit code by kind.

use std::process::ExitCode;

/// Error of a command.
#[derive(Debug)]
pub(crate) struct CliError {
    kind: ExitKind,
    message: String,
}

/// Kind of an error, which determines the exit code.
#[derive(Clone, Copy, Debug)]
enum ExitKind {
    /// The command failed, or a check found a violation.
    Failed,
    /// The arguments or a setting are invalid.
    Usage,
    /// A resource is unavailable.
    Unavailable,
}

impl CliError {
    /// The command failed: exit code 1.
    pub(crate) fn failed(message: impl std::fmt::Display) -> Self {
        Self { kind: ExitKind::Failed, message: message.to_string() }
    }

    /// The arguments or a setting are invalid: exit code 2.
    pub(crate) fn usage(message: impl std::fmt::Display) -> Self {
        Self { kind: ExitKind::Usage, message: message.to_string() }
    }

    /// A resource is unavailable: exit code 3.
    pub(crate) fn unavailable(message: impl std::fmt::Display) -> Self {
        Self { kind: ExitKind::Unavailable, message: message.to_string() }
    }

    /// Prints the message and returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("icommerce: {}", self.message);
        ExitCode::from(match self.kind {
            ExitKind::Failed => 1,
            ExitKind::Usage => 2,
            ExitKind::Unavailable => 3,
        })
    }
}
