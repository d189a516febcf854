//! How a command fails: one sentence on standard error, and an exit code that says whose turn it is.

use std::process::ExitCode;

/// Why a command ends other than well.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    sentence: String,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// The work failed or its books do not balance.
    Work,
    /// The command or a setting is wrong.
    Usage,
    /// Something needed is not there.
    Missing,
}

impl Failure {
    /// The work failed: exit code 1.
    pub(crate) fn work(sentence: impl std::fmt::Display) -> Self {
        Self { kind: Kind::Work, sentence: sentence.to_string() }
    }

    /// The command or a setting is wrong: exit code 2.
    pub(crate) fn usage(sentence: impl std::fmt::Display) -> Self {
        Self { kind: Kind::Usage, sentence: sentence.to_string() }
    }

    /// Something needed is not there: exit code 3.
    pub(crate) fn missing(sentence: impl std::fmt::Display) -> Self {
        Self { kind: Kind::Missing, sentence: sentence.to_string() }
    }

    /// Says it and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("icommerce: {}", self.sentence);
        ExitCode::from(match self.kind {
            Kind::Work => 1,
            Kind::Usage => 2,
            Kind::Missing => 3,
        })
    }
}
