//! Faults of a fleet: what happens to its processes, to the network between them, and to their clocks.

use std::fmt;

/// Kinds of faults of a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FleetFaultKind {
    /// Processes that are killed, stopped or paused.
    Process,
    /// Packets that are lost between two services, or between a service and the database.
    Network,
    /// Owners that answer slowly.
    Slow,
    /// Clocks that jump.
    Clock,
}

/// What happens to the processes of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FleetFault {
    /// SIGKILL of the owner.
    KillOwner,
    /// SIGTERM of the owner, as a rolling restart does it.
    StopOwner,
    /// SIGSTOP of the owner, which goes on later.
    PauseOwner,
    /// SIGSTOP of the owners of two services at once.
    PauseTwo,
    /// SIGKILL of both processes.
    KillBoth,
    /// SIGKILL of the process that stands by.
    KillStandby,
    /// SIGSTOP of the process that stands by.
    PauseStandby,
    /// Loss of what one service sends to another one, which it calls.
    CutCalls,
    /// Loss of what comes back: calls take effect, and nobody learns it.
    CutAnswers,
    /// Loss of both.
    CutBoth,
    /// Loss of everything between an owner and the processes of other services; it keeps its lease.
    IsolateOwner,
    /// Loss of everything between an owner and the database: another process takes its place.
    CutOwnerFromDatabase,
    /// Loss of what the database answers an owner: statements are executed, and their outcome is unknown.
    CutDatabaseAnswers,
    /// Loss of everything between both processes of a service and the database.
    CutServiceFromDatabase,
    /// SIGSTOP and SIGCONT of the owner in turn, as of a machine with too much to do: it runs a small part of the time.
    SlowOwner,
    /// A slow line, on which the answers of an owner come late.
    SlowAnswers,
    /// Clock of an owner that jumps ahead, and back later.
    ClockAhead,
    /// Clock of an owner that jumps back, and ahead later.
    ClockBehind,
    /// Clocks of all processes that jump ahead, and back later.
    AllClocksAhead,
    /// Clocks of all processes that jump back, and ahead later.
    AllClocksBehind,
}

impl FleetFaultKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Process, Self::Network, Self::Slow, Self::Clock];

    pub(super) fn faults(self) -> &'static [FleetFault] {
        use FleetFault::{
            AllClocksAhead, AllClocksBehind, ClockAhead, ClockBehind, CutAnswers, CutBoth,
            CutCalls, CutDatabaseAnswers, CutOwnerFromDatabase, CutServiceFromDatabase,
            IsolateOwner, KillBoth, KillOwner, KillStandby, PauseOwner, PauseStandby, PauseTwo,
            SlowAnswers, SlowOwner, StopOwner,
        };
        match self {
            Self::Process => {
                &[KillOwner, PauseOwner, StopOwner, KillBoth, PauseTwo, KillStandby, PauseStandby]
            }
            Self::Network => &[
                CutBoth,
                CutCalls,
                CutAnswers,
                IsolateOwner,
                CutOwnerFromDatabase,
                CutDatabaseAnswers,
                CutServiceFromDatabase,
            ],
            Self::Slow => &[SlowOwner, SlowAnswers],
            Self::Clock => &[ClockAhead, ClockBehind, AllClocksAhead, AllClocksBehind],
        }
    }
}

impl FleetFault {
    /// Faults of these kinds; the kinds take turns.
    pub(super) fn of_kinds(kinds: &[FleetFaultKind]) -> Vec<Self> {
        let mut faults: Vec<(usize, FleetFaultKind, Self)> = Vec::new();
        for kind in kinds {
            let its = kind.faults().iter().enumerate();
            faults.extend(its.map(|(turn, fault)| (turn, *kind, *fault)));
        }
        faults.sort_unstable();
        faults.dedup();
        faults.into_iter().map(|(_, _, fault)| fault).collect()
    }

    /// Whether packets between two services are lost.
    pub(super) fn is_cut(self) -> bool {
        matches!(self, Self::CutCalls | Self::CutAnswers | Self::CutBoth)
    }

    /// Whether the limit of a line is needed, which is a matter of the network.
    pub(super) fn needs_network(self) -> bool {
        self == Self::SlowAnswers || FleetFaultKind::Network.faults().contains(&self)
    }
}

impl fmt::Display for FleetFaultKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Process => "process",
            Self::Network => "network",
            Self::Slow => "slow",
            Self::Clock => "clock",
        })
    }
}
