//! Minimum data rate of a peer: a client that sends or reads a byte per minute must not hold a connection for ever
//! (slow loris, slow read).

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// Minimum data rate of a peer: how long it may be waited for.
///
/// The time that the peer is waited for is limited to a grace period; what it sends or reads gives time back, at the
/// minimum rate and never beyond the grace period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinimumRate {
    /// Grace period: the longest pause, and the start that a slow peer gets. Default: 10 s.
    pub grace: Duration,
    /// Minimum rate after the grace period, in bytes per second; at least 1. Default: 240.
    pub bytes_per_second_min: u32,
}

impl Default for MinimumRate {
    fn default() -> Self {
        Self { grace: Duration::from_secs(10), bytes_per_second_min: 240 }
    }
}

/// Waiting time that a peer has left under a [`MinimumRate`].
#[derive(Debug)]
pub(super) struct WaitingTime {
    rate: MinimumRate,
    left: Duration,
    /// While the peer is waited for: since when, and a timer for the end of the time that is left. A peer that is never
    /// waited for needs neither.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl WaitingTime {
    pub(super) fn new(rate: MinimumRate) -> Self {
        Self { rate, left: rate.grace, waiting: None }
    }

    /// The peer is waited for; ready once its time is used up.
    pub(super) fn poll_used_up(&mut self, task: &mut Context<'_>) -> Poll<()> {
        let left = self.left;
        let (_, timer) = self.waiting.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + left)))
        });
        timer.as_mut().poll(task)
    }

    /// The peer has sent or read this many bytes.
    pub(super) fn progressed(&mut self, bytes: usize) {
        let Some((since, _)) = self.waiting.take() else { return };
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let earned = Duration::from_secs(1) * bytes / self.rate.bytes_per_second_min.max(1);
        let left = self.left.saturating_sub(since.elapsed());
        self.left = left.saturating_add(earned).min(self.rate.grace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::time::{advance, timeout};

    const SECOND: Duration = Duration::from_secs(1);

    /// Whether the time is used up while the peer is waited for this long.
    async fn is_used_up_within(time: &mut WaitingTime, wait: Duration) -> bool {
        timeout(wait, poll_fn(|task| time.poll_used_up(task))).await.is_ok()
    }

    fn time() -> WaitingTime {
        WaitingTime::new(MinimumRate { grace: SECOND * 5, bytes_per_second_min: 100 })
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_has_the_grace_period() {
        let mut time = time();
        assert!(!is_used_up_within(&mut time, SECOND * 4).await);
        assert!(is_used_up_within(&mut time, SECOND * 2).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_at_the_minimum_rate_goes_on_and_a_slower_one_does_not() {
        for (bytes, goes_on) in
            [(100, true), (1_000_000, true), (usize::MAX, true), (90, false), (1, false)]
        {
            let mut time = time();
            let mut all = true;
            for _ in 0..60 {
                all &= !is_used_up_within(&mut time, SECOND).await;
                if !all {
                    break;
                }
                time.progressed(bytes);
            }
            assert_eq!(all, goes_on, "{bytes} bytes per second");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_waiting_counts_and_no_burst_earns_more_than_the_grace_period() {
        let mut time = time();
        assert!(!is_used_up_within(&mut time, SECOND).await);
        time.progressed(1 << 30);
        advance(SECOND * 3_600).await;
        assert!(!is_used_up_within(&mut time, SECOND * 4).await);
        assert!(is_used_up_within(&mut time, SECOND * 2).await);
    }
}
