//! Group commit: how long a writer lets writes gather before it begins the next batch.
//!
//! A commit costs the server about as much work for one write as for ten. A writer that gets one write after the other begins at once; one
//! that gets several at once begins a batch no sooner than an interval after the last one, and what comes meanwhile shares it. The interval
//! grows with the writes: at half load nobody waits for what hardly comes.

use std::time::Duration;
use tokio::time::Instant;

/// Time between the beginnings of two batches for each write that a batch has on average.
const INTERVAL_PER_WRITE: Duration = Duration::from_millis(1);
/// Greatest such time.
const INTERVAL_MAX: Duration = Duration::from_millis(4);
/// Writes for which a batch need not wait any longer: a commit for each would cost the server little more than they do.
pub(crate) const ENOUGH_WRITES: usize = 32;
/// Writes of a batch, on average, from which on a writer is busy. One that is given a write after the other, each when the last one is
/// committed, never is, however many they are.
const BUSY_WRITES: f64 = 1.25;
/// Batches over which the average is taken, each weighing less than the next one.
const AVERAGED_OVER: f64 = 16.0;

/// Pace of one writer.
#[derive(Debug, Default)]
pub(crate) struct GroupCommit {
    /// Beginning of the last batch.
    begun: Option<Instant>,
    /// Writes of a batch, on average.
    writes: f64,
}

impl GroupCommit {
    /// Time before which the next batch does not begin; none for a writer that has little to do.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        let begun = self.begun.filter(|_| self.writes >= BUSY_WRITES)?;
        Some(begun + INTERVAL_PER_WRITE.mul_f64(self.writes).min(INTERVAL_MAX))
    }

    /// Takes note of a batch of so many writes that begins now.
    pub(crate) fn begin(&mut self, writes: usize, now: Instant) {
        let writes = f64::from(u32::try_from(writes).unwrap_or(u32::MAX));
        self.writes += (writes - self.writes) / AVERAGED_OVER;
        self.begun = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(batches: impl IntoIterator<Item = usize>) -> (GroupCommit, Instant) {
        let (mut pace, mut now) = (GroupCommit::default(), Instant::now());
        for writes in batches {
            now += Duration::from_micros(700);
            pace.begin(writes, now);
        }
        (pace, now)
    }

    #[test]
    fn a_writer_that_is_given_one_write_after_the_other_begins_at_once() {
        assert_eq!(GroupCommit::default().earliest(), None);
        assert_eq!(after([1; 1_000]).0.earliest(), None);
        assert_eq!(after([1, 1, 1, 1, 1, 1, 1, 2].repeat(100)).0.earliest(), None);
    }

    #[test]
    fn a_busy_writer_waits_the_longer_the_more_writes_come() {
        let wait = |batches: Vec<usize>| {
            let (pace, now) = after(batches);
            pace.earliest().map(|earliest| earliest - now)
        };
        let (few, several) = (wait([1, 2].repeat(100)), wait([3, 3].repeat(100)));
        assert!(few > Some(Duration::from_millis(1)) && few < several, "{few:?}, {several:?}");
        assert_eq!(wait([20].repeat(100)), Some(INTERVAL_MAX));
    }

    #[test]
    fn a_writer_that_was_busy_begins_at_once_again() {
        let (mut pace, mut now) = after([20].repeat(100));
        for _ in 0..100 {
            now += INTERVAL_MAX;
            pace.begin(1, now);
        }
        assert_eq!(pace.earliest(), None);
    }
}
