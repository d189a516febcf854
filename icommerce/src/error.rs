//! Error of a command: one message on standard error, and an exit code by kind.

use crate::process::ProcessSettings;
use kernel::one_line;
use settings::Flag;
use std::{fmt, process::ExitCode};

/// Error of a command.
#[derive(Debug)]
pub(crate) struct CliError {
    kind: ExitKind,
    /// What it is about: a setting, or the flag that gave it.
    subject: Option<Subject>,
    message: String,
}

/// Subject of an error.
#[derive(Debug)]
enum Subject {
    Setting(&'static str),
    Flag(String),
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
        Self::new(ExitKind::Failed, message)
    }

    /// The arguments or a setting are invalid: exit code 2.
    pub(crate) fn usage(message: impl std::fmt::Display) -> Self {
        Self::new(ExitKind::Usage, message)
    }

    /// A resource is unavailable: exit code 3.
    pub(crate) fn unavailable(message: impl std::fmt::Display) -> Self {
        Self::new(ExitKind::Unavailable, message)
    }

    fn new(kind: ExitKind, message: impl fmt::Display) -> Self {
        // Whatever was written by others may have several lines.
        Self { kind, subject: None, message: one_line(&message.to_string()) }
    }

    /// The same about a setting, whose key the message begins with then.
    pub(crate) fn about(self, setting: &'static str) -> Self {
        Self { subject: Some(Subject::Setting(setting)), ..self }
    }

    /// The same for a person who has given these flags: where one of them gave the setting, it is named in place of the key, which that
    /// person has not typed.
    pub(crate) fn naming(self, flags: &[Flag]) -> Self {
        let Some(Subject::Setting(setting)) = self.subject else { return self };
        let given = flags.iter().rev().find(|flag| flag.key() == setting);
        let named = given.map(|flag| Subject::Flag(flag.name().to_owned()));
        Self { subject: named.or(self.subject), ..self }
    }

    /// The same with the setting by the name that it was given under: the one with the file, where it is in a file.
    pub(crate) fn given_in(self, process: &ProcessSettings) -> Self {
        let Some(Subject::Setting(setting)) = self.subject else { return self };
        Self { subject: Some(Subject::Setting(process.given(setting))), ..self }
    }

    /// Prints the message and returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("icommerce: {self}");
        ExitCode::from(match self.kind {
            ExitKind::Failed => 1,
            ExitKind::Usage => 2,
            ExitKind::Unavailable => 3,
        })
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Some(Subject::Setting(key)) => write!(out, "{key}: {}", self.message),
            Some(Subject::Flag(name)) => write!(out, "{name}: {}", self.message),
            None => out.write_str(&self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_flag_that_gave_its_setting() {
        let error = || CliError::unavailable("nobody answers").about("storage.url");
        let flag = |name, key| Flag::new(name, key, "x");
        assert_eq!(error().to_string(), "storage.url: nobody answers");
        let given = [flag("--storage", "storage.url"), flag("--bus", "bus.url")];
        assert_eq!(error().naming(&given).to_string(), "--storage: nobody answers");
        assert_eq!(error().naming(&given[1..]).to_string(), "storage.url: nobody answers");
        let moved = error().naming(&[flag("--to", "storage.url")]).naming(&given);
        assert_eq!(moved.to_string(), "--to: nobody answers", "the first who knows");
        assert_eq!(CliError::failed("no").naming(&given).to_string(), "no");
    }
}
