//! Faults of a plan: scheduled ones, and the rates of those that happen all the time.

/// Fault at a moment.
#[derive(Clone, Debug)]
pub(crate) struct ScheduledFault {
    pub(crate) at_ms: u64,
    pub(crate) fault: Fault,
}

/// Fault to inject. Processes are named by a number, whatever the placement: it is taken modulo how many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// The process crashes, and unless all of a thousand survive, its machine with it: of the sectors that wait for their flush
    /// so many in a thousand survive.
    Crash { process: usize, survived_permille: u64, downtime_ms: u64 },
    /// So many flushes succeed; the next one fails, and the process crashes with it.
    FlushFailure { process: usize, flushes: u64, survived_permille: u64, downtime_ms: u64 },
    /// All clocks jump forward, as after the machine was suspended.
    ClockJump { millis: u64 },
    /// Each flush takes at least so long for a while.
    SlowDisk { process: usize, flush_ms: u64, duration_ms: u64 },
    /// Network partition between two processes for a while.
    Partition { between: (usize, usize), direction: PartitionDirection, duration_ms: u64 },
    /// The process responds slowly for a while.
    SlowProcess { process: usize, delay_ms: u64, duration_ms: u64 },
    /// The process is paused for a while, as by SIGSTOP, or by a machine that is suspended.
    Pause { process: usize, duration_ms: u64 },
    /// The process is cut off from the database that it shares with others for a while.
    CutOff { process: usize, cut: Cut, duration_ms: u64 },
}

/// Cut between a process and its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) scope: CutScope,
    /// Whether connections are reset at once; otherwise nothing ever comes back.
    pub(crate) is_reset: bool,
}

/// Connections that a cut concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CutScope {
    All,
    /// That of the lease alone: the owner goes on writing and is replaced.
    Lease,
    /// Those of the data: the owner keeps its lease and cannot write.
    Data,
}

/// Direction in which a partition drops messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartitionDirection {
    Both,
    /// Messages of the first process arrive, those of the second do not.
    Backward,
    /// Messages of the first process do not arrive, those of the second do.
    Forward,
}

/// Rates of the faults that happen all the time, and their bounds. Rates are in a thousand, times in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FaultRates {
    /// Flushes that take longer than usual.
    pub(crate) slow_flush_permille: u32,
    pub(crate) slow_flush_ms_max: u64,
    /// Requests of clients that never arrive.
    pub(crate) client_request_loss_permille: u32,
    /// Responses that never reach the client.
    pub(crate) client_response_loss_permille: u32,
    /// Requests between processes that never arrive.
    pub(crate) request_loss_permille: u32,
    /// Responses between processes that never arrive.
    pub(crate) response_loss_permille: u32,
    /// Requests between processes that arrive twice.
    pub(crate) duplication_permille: u32,
    /// Messages between processes that take longer than usual.
    pub(crate) delay_permille: u32,
    pub(crate) delay_ms_max: u64,
    /// How far the clock of a process may be ahead.
    pub(crate) clock_skew_ms_max: u64,
}
