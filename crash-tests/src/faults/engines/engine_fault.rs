//! Faults of a server that the shop is on: which server, and what happens to it.

use std::fmt;

/// Server that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailingServer {
    /// The database, without which nothing is sold.
    Database,
    /// The message bus, without which sales go on.
    Broker,
    /// The store of values that may be lost, without which sales go on.
    Values,
}

/// What happens to a server, and to the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// SIGSTOP of the server and all its processes: connections stay open, and nothing answers.
    Pause,
    /// Answers that come late.
    Slow,
    /// Connections that end, and are refused.
    Cut,
    /// Commits that are written, and neither answered nor visible, as while a copy that they wait for is away.
    HoldCommits,
    /// Deletion of everything that the server has.
    Flush,
    /// Stop as an operator does it.
    Restart,
    /// SIGKILL of the server, which recovers when it starts.
    Kill,
    /// SIGKILL of the shop alone, whose transactions may still be committed.
    KillShop,
    /// SIGKILL of the server and the shop.
    KillBoth,
}

/// One fault of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EngineFault {
    /// Server that fails.
    pub server: FailingServer,
    /// What happens to it.
    pub kind: FaultKind,
}

impl FailingServer {
    /// What may happen to the server; `can_lose` says whether the shop bears that it loses what it has.
    pub(super) fn kinds(self, can_lose: bool) -> Vec<FaultKind> {
        use FaultKind::{Cut, Flush, HoldCommits, Kill, KillBoth, KillShop, Pause, Restart, Slow};
        // A broker that has just got its first queues is not killed first: docs/guides/message-bus.md says why.
        let kinds: &[FaultKind] = match self {
            Self::Database => &[Kill, Restart, Pause, Slow, Cut, KillShop, KillBoth, HoldCommits],
            Self::Broker => &[Pause, Slow, Cut, Flush, Restart, Kill, KillBoth],
            Self::Values => &[Flush, Pause, Cut, Kill],
        };
        kinds.iter().copied().filter(|kind| can_lose || *kind != Flush).collect()
    }
}

impl EngineFault {
    /// The store of losable values loses them.
    pub(super) const FLUSHED_VALUES: Self =
        Self { server: FailingServer::Values, kind: FaultKind::Flush };

    pub(super) fn kills_shop(self) -> bool {
        matches!(self.kind, FaultKind::KillShop | FaultKind::KillBoth)
    }

    /// Whether the shop must go on selling while the fault lasts.
    pub(super) fn leaves_sales(self) -> bool {
        self.server != FailingServer::Database && !self.kills_shop()
    }
}

impl fmt::Display for EngineFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} {:?}", self.server, self.kind)
    }
}
