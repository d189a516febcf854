//! Failures of the engine, after which the process must stop: it would decide by what is no longer so.

use std::fmt;

/// Why the engine refuses every write from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineFailure {
    /// The thread of the writer of this service panicked.
    Panicked(&'static str),
    /// Another process has the place of this one.
    Superseded,
    /// The address of the database leads to another server, or to another timeline of it.
    OtherHistory,
    /// The journal of this service lacks events whose commit was confirmed.
    LostCommits(&'static str),
}

impl fmt::Display for EngineFailure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(service) => write!(out, "the writer of {service} has failed"),
            Self::Superseded => {
                out.write_str("another process serves the shop of this database now")
            }
            Self::OtherHistory => out.write_str(
                "the address of the database leads to another server, or to a copy that was promoted or restored; what it holds is read anew when the shop is started again",
            ),
            Self::LostCommits(service) => write!(
                out,
                "the database lacks events of {service} that it had committed; what it holds is read anew when the shop is started again"
            ),
        }
    }
}
