//! What breaks.

/// A fault, and when.
#[derive(Clone, Debug)]
pub(crate) struct Strike {
    pub(crate) at_ms: u64,
    pub(crate) fault: Fault,
}

/// What breaks. Processes are named by a number, whatever the division: it is taken modulo how many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// The process ends. Of what waits for its flush, so much of a thousand was flushed all the same.
    Crash { process: usize, kept: u64, down_ms: u64 },
    /// The process ends at its next flush but so many.
    FlushFails { process: usize, flushes: u64, kept: u64, down_ms: u64 },
    /// All clocks jump forward, as after the machine was asleep.
    ClocksJump { millis: u64 },
    /// The disk is slow for a while.
    SlowDisk { process: usize, flush_ms: u64, for_ms: u64 },
    /// Nothing passes between two processes for a while.
    Cut { between: (usize, usize), ways: Ways, for_ms: u64 },
    /// A process answers slowly for a while.
    SlowProcess { process: usize, delay_ms: u64, for_ms: u64 },
}

/// Which ways are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ways {
    Both,
    /// Requests pass and answers do not.
    Back,
    /// Nothing that the first sends arrives.
    There,
}
